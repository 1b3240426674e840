"""A trainer whose workers close, rename, die: python3 closers.py OUTPUT ORACLE SEED KIND…

Every file that is whole carries its seal. ORACLE gets a file per worker: `B path` before a file is
opened for writing, `D path seconds` once it was closed, or renamed, by a process that lives on a
while.
"""

import mmap
import multiprocessing
import os
import random
import signal
import sys
import time

from sealed import seal

# Of the process's own: a pool cannot be sent to its workers.
pools = []


class Closer:
    def __init__(self, kind, output, oracle, seed):
        self.kind, self.output = kind, f"{output}/{kind}"
        self.chance = random.Random(f"{kind} {seed}")
        self.oracle = os.open(f"{oracle}/{kind}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.makedirs(self.output, exist_ok=True)

    def begin(self, path):
        os.write(self.oracle, f"B {path} 0\n".encode())

    def done(self, path):
        os.write(self.oracle, f"D {path} {time.monotonic()}\n".encode())

    def content(self, size=None):
        return seal(self.chance.randbytes(size or self.chance.randrange(20_000)))

    def slowly(self, file, content, longest=0.03):
        step = len(content) // 4 + 1
        for start in range(0, len(content), step):
            file.write(content[start : start + step])
            time.sleep(self.chance.random() * longest)

    def write(self, path, mode="wb"):
        self.begin(path)
        with open(path, mode) as file:
            self.slowly(file, self.content())
            file.truncate(file.tell())
        self.done(path)

    def close(self, turn):
        self.write(f"{self.output}/{turn}.bin")

    def rewrite(self, turn):
        path = f"{self.output}/{turn % 3}.bin"
        self.write(path, "r+b" if os.path.exists(path) else "wb")
        time.sleep(self.chance.random() * 0.8)

    def rename(self, turn):
        path = f"{self.output}/{turn % 7}.bin"
        self.begin(path)
        with open(path + ".tmp", "wb") as file:
            self.slowly(file, self.content())
        os.replace(path + ".tmp", path)
        self.done(path)

    def directory(self, turn):
        temporary, final = f"{self.output}/{turn}.tmp/deep", f"{self.output}/{turn}/deep"
        os.makedirs(temporary)
        for number in range(5):
            with open(f"{temporary}/{number}", "wb") as file:
                self.slowly(file, self.content(), 0.005)
        os.rename(os.path.dirname(temporary), os.path.dirname(final))
        for number in range(5):
            self.done(f"{final}/{number}")

    def reopen(self, turn):
        path = f"{self.output}/{turn}.bin"
        self.begin(path)
        with open(path, "wb") as file:
            file.write(self.content(10))
        with open(path, "r+b") as file:
            self.slowly(file, self.content(9000))
        self.done(path)

    def mapped(self, turn):
        path, content = f"{self.output}/{turn}.bin", self.content(30_000)
        self.begin(path)
        with open(path, "w+b") as file:
            file.truncate(len(content))
            view = mmap.mmap(file.fileno(), len(content))
        for start in range(0, len(content), 4096):
            view[start : start + 4096] = content[start : start + 4096]
            time.sleep(self.chance.random() * 0.02)
        view.close()
        self.done(path)

    def dying(self, turn):
        """A worker that leaves one file whole and one torn, by a signal or by os._exit."""
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            return
        self.chance.seed(turn)
        self.write(f"{self.output}/{turn}.bin")
        # Long enough for a reader on a busy machine.
        time.sleep(0.6)
        path = f"{self.output}/{turn}.torn"
        self.begin(path)
        file = open(path, "wb")
        file.write(self.content(50_000)[: self.chance.randrange(1, 50_000)])
        if self.chance.random() < 0.5:
            file.flush()
        if self.chance.random() < 0.5:
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(self.chance.choice([0, 3]))

    def pool(self, turn):
        """A worker of multiprocessing, as data loaders and savers in the background have them."""
        if turn == 0:
            pools.append(multiprocessing.get_context("fork").Pool(1))
        self.chance.seed(turn)
        pools[0].apply(self.write, (f"{self.output}/{turn}.bin",))

    def run(self):
        turn = 0
        while True:
            getattr(self, self.kind)(turn)
            turn += 1
            time.sleep(self.chance.random() * 0.05)


if __name__ == "__main__":
    output, oracle, seed, *kinds = sys.argv[1:]
    open(f"{oracle}/ready", "w").close()
    while not os.path.exists(f"{oracle}/go"):
        time.sleep(0.005)
    for kind in kinds:
        if os.fork() == 0:
            Closer(kind, output, oracle, seed).run()
    while True:
        time.sleep(60)
