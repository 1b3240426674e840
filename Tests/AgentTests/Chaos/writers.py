"""One writer: python3 writers.py KIND OUTPUT LOGS SEED. SIGTERM ends it cleanly, SIGKILL torn."""

import errno
import io
import json
import mmap
import os
import random
import shutil
import signal
import sys
import time

from sealed import payload, seal

stopping = False


def stop(*_):
    global stopping
    stopping = True


class Patient(io.FileIO):
    """Waits while the disk is full, as a program does that must not lose a checkpoint."""

    def write(self, content):
        rest = memoryview(content)
        while rest:
            try:
                rest = rest[super().write(rest) :]
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                time.sleep(0.02)
        return len(content)


def open(path, mode):
    return Patient(path, mode)


class Writer:
    def __init__(self, kind, output, logs, seed):
        self.kind, self.output, self.logs = kind, output, logs
        self.chance = random.Random(f"{kind} {seed}")
        self.seed = seed

    def pause(self, longest=0.2):
        time.sleep(self.chance.random() * longest)

    def slowly(self, file, content, pieces=6):
        """Writes in pieces, so that there is much time to be caught half-way."""
        step = len(content) // pieces + 1
        for start in range(0, len(content), step):
            file.write(content[start : start + step])
            file.flush()
            self.pause(0.06)

    def path(self, name):
        path = os.path.join(self.output, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def content(self, most=60_000):
        return seal(payload(self.chance, most))

    def in_place(self, turn):
        with open(self.path(f"in_place/{turn % 3}.bin"), "wb") as file:
            self.slowly(file, self.content())

    def restless(self, turn):
        """Rewritten so often that no two scans ever see it the same."""
        with open(self.path("restless.bin"), "wb") as file:
            file.write(self.content(2000))
        time.sleep(0.05)

    def overwrite(self, turn):
        """The same size, over what is there."""
        path = self.path(f"overwrite/{turn % 2}.bin")
        content = seal(self.chance.randbytes(40_000))
        with open(path, "r+b" if os.path.exists(path) else "wb") as file:
            self.slowly(file, content)
            file.truncate(len(content))

    def truncate(self, turn):
        path = self.path("truncate.bin")
        content = self.content()
        with open(path, "ab") as file:
            file.truncate(0)
            self.pause()
            self.slowly(file, content)

    def rename(self, turn):
        path = self.path(f"rename/{turn % 4}.pt")
        temporary = f"{path}.{turn}.tmp"
        with open(temporary, "wb") as file:
            self.slowly(file, self.content())
        os.replace(temporary, path)

    def quick_rename(self, turn):
        """Again and again, faster than the kernel's clock ticks."""
        path = self.path("quick_rename.json")
        for _ in range(5):
            with open(path + ".tmp", "wb") as file:
                file.write(self.content(500))
            os.replace(path + ".tmp", path)

    def mixed(self, turn):
        """Renamed into place first, then written in place as the same inode."""
        path = self.path(f"mixed/{turn % 3}.bin")
        with open(path + ".tmp", "wb") as file:
            file.write(self.content())
        self.pause(0.02)
        os.replace(path + ".tmp", path)
        self.pause(0.5)
        with open(path, "r+b") as file:
            content = self.content()
            self.slowly(file, content)
            file.truncate(len(content))

    def mapped(self, turn):
        """Through a mapping whose descriptor is closed long before."""
        path = self.path("mapped.bin")
        content = seal(self.chance.randbytes(50_000))
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
        os.ftruncate(descriptor, len(content))
        view = mmap.mmap(descriptor, len(content))
        os.close(descriptor)
        step = len(content) // 8 + 1
        for start in range(0, len(content), step):
            piece = content[start : start + step]
            view[start : start + len(piece)] = piece
            self.pause(0.1)
        view.close()

    def many_small(self, turn):
        for number in range(50):
            with open(self.path(f"many/{turn % 4}/{number}"), "wb") as file:
                file.write(self.content(300))

    def directory_rename(self, turn):
        final = self.path(f"moved/{self.seed}-{turn}")
        temporary = final + ".tmp"
        os.makedirs(temporary, exist_ok=True)
        for number in range(5):
            with open(f"{temporary}/{number}.bin", "wb") as file:
                self.slowly(file, self.content(5000), pieces=2)
        os.rename(temporary, final)

    def checkpoint(self, turn):
        """Fifty shards, then an index that promises them."""
        name = f"checkpoint-{self.seed}-{turn}"
        parts = {}
        for number in range(50):
            content = self.content(2000)
            with open(self.path(f"{name}/shard-{number}"), "wb") as file:
                file.write(content)
            parts[f"shard-{number}"] = len(content)
            if number % 10 == 0:
                self.pause(0.05)
        index = self.path(f"{name}/index.json")
        with open(index + ".tmp", "wb") as file:
            file.write(seal(json.dumps(parts).encode()))
        self.pause(0.02)
        os.replace(index + ".tmp", index)

    def strange_times(self, turn):
        """A clock that jumps: whole files dated into the past and the future."""
        path = self.path(f"times/{turn % 3}")
        with open(path, "wb") as file:
            self.slowly(file, self.content(5000), pieces=2)
            moment = self.chance.choice([0, 1e9, 4e9]) + turn % 2
            os.utime(file.fileno(), (moment, moment))

    def swap(self, turn):
        """One name that is a file, then a directory, then a file again."""
        path = self.path("swap/it")
        if turn % 2:
            temporary = f"{path}.{turn}.tmp"
            os.makedirs(f"{temporary}/deep", exist_ok=True)
            for name in ("a", "deep/b"):
                with open(f"{temporary}/{name}", "wb") as file:
                    file.write(self.content(3000))
            self.clear(path)
            os.rename(temporary, path)
        else:
            with open(path + ".tmp", "wb") as file:
                file.write(self.content(3000))
            self.clear(path)
            os.replace(path + ".tmp", path)
        self.pause(0.6)

    def clear(self, path):
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.exists(path):
            os.unlink(path)

    def vanishing(self, turn):
        path = self.path(f"vanish/{turn}/deep/file")
        with open(path, "wb") as file:
            file.write(self.content(3000))
        self.pause()
        os.unlink(path)
        os.removedirs(os.path.dirname(path))

    def append(self, turn):
        """Numbered lines, each written in two halves."""
        path = os.path.join(self.logs, f"lines-{self.seed}.jsonl")
        with open(path, "ab") as file:
            for number in range(turn * 20, turn * 20 + 20):
                line = json.dumps({"n": number, "text": "x" * self.chance.randrange(200)})
                half = self.chance.randrange(len(line))
                file.write(line[:half].encode())
                self.pause(0.01)
                file.write(line[half:].encode() + b"\n")

    def hog(self, turn):
        """Takes all that is left of the disk, and gives it back."""
        path = os.path.join(os.path.dirname(self.output), "hog")
        with io.FileIO(path, "ab") as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
            self.pause(0.5)
            file.truncate(0)
        if stopping:
            os.unlink(path)

    def run(self):
        turn = 0
        while not stopping:
            getattr(self, self.kind)(turn)
            turn += 1
            if self.kind not in ("restless", "append"):
                self.pause(0.3)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    kind, output, logs, seed = sys.argv[1:]
    Writer(kind, output, logs, seed).run()
