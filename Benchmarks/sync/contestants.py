"""What is measured: a cloud's tool that is started for each sync, and our engine."""

import concurrent.futures
import contextlib
import json
import os
import subprocess
import time

from processes import Tree, cpu_of


class Tool:
    """A tool that is started for each sync."""

    def __init__(self, name, cloud, argv):
        self.name, self.cloud, self.argv = name, cloud, argv

    def begin(self, root):
        self.root, self.bucket = root, self.cloud.bucket()

    def fill(self):
        below = f"{self.root}/output"
        paths = [entry.path for folder in os.scandir(below) for entry in os.scandir(folder)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            parts = [
                pool.submit(self.cloud.put, self.bucket, below, paths[number::4])
                for number in range(4)
            ]
            for part in parts:
                part.result()

    def sync(self):
        words = {"SOURCE": f"{self.root}/output", "BUCKET": self.bucket}
        argv = [word.format(**words) for word in self.argv]
        self.cloud.requests()
        start, before = time.monotonic(), os.times()
        process = subprocess.Popen(
            argv, env=self.cloud.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        tree = Tree(process.pid, with_root=True)
        tree.start()
        code = process.wait()
        wall, after = time.monotonic() - start, os.times()
        tree.stop()
        cpu = after[2] + after[3] - before[2] - before[3]
        if code != 0:
            raise RuntimeError(f"{self.name} ended with {code}")
        return result(wall, cpu, tree, self.cloud.requests())

    def end(self):
        pass


class Ours:
    """The engine, in a process of its own that ticks when it is told to."""

    def __init__(self, name, cloud, tool, program):
        self.name, self.cloud, self.tool, self.program = name, cloud, tool, program

    def begin(self, root):
        scheme = {"google": "gs", "amazon": "s3"}[self.cloud.kind]
        self.root, self.url = root, f"{scheme}://{self.cloud.bucket()}/run"
        self.start(self.tool)

    def fill(self):
        """By an engine over rclone; the one that is measured then goes on from its journal."""
        self.end()
        self.start("rclone")
        self.sync()
        self.end()
        self.start(self.tool)

    def start(self, tool):
        root, plan = self.root, {"url": self.url, "directory": self.root}
        if tool:
            plan["tool"] = tool
        path = os.path.join(root, "plan.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(plan, file)
        for name in ("ask", "tell"):
            with contextlib.suppress(FileExistsError):
                os.mkfifo(os.path.join(root, name))
        environment = dict(self.cloud.environment, TRAIN_SYNC_BENCHMARK=path)
        argv = [self.program, "--filter", "SyncBenchmarkTests"]
        argv += ["--testing-library", "swift-testing"]
        self.log = open(os.path.join(root, "engine.log"), "wb")
        self.process = subprocess.Popen(argv, env=environment, stdout=self.log, stderr=self.log)
        self.asking = open(os.path.join(root, "ask"), "wb", buffering=0)
        self.told = open(os.path.join(root, "tell"), "rb", buffering=0)

    def sync(self):
        self.cloud.requests()
        start, before = time.monotonic(), cpu_of(self.process.pid)
        tree = Tree(self.process.pid, with_root=False)
        tree.start()
        self.asking.write(b"t")
        if self.told.read(1) != b"t":
            raise RuntimeError(f"{self.name} ended, see {self.log.name}")
        wall, cpu = time.monotonic() - start, cpu_of(self.process.pid) - before
        tree.stop()
        with open(f"/proc/{self.process.pid}/statm", encoding="utf-8") as file:
            tree.peak += int(file.read().split()[1]) * 4096
        return result(wall, cpu, tree, self.cloud.requests())

    def end(self):
        self.asking.close()
        self.told.close()
        if self.process.wait() != 0:
            raise RuntimeError(f"{self.name} failed, see {self.log.name}")


def result(wall, cpu, tree, requests):
    return {
        "wall": round(wall, 3),
        "cpu": round(cpu, 3),
        "memory": round(tree.peak / 1e6),
        "processes": len(tree.seen),
        "requests": requests,
    }
