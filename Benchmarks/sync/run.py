"""Measures one sync of ours and of the tools people loop today: see README.md."""

import argparse
import concurrent.futures
import contextlib
import http.client
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CLOUD = os.path.join(ROOT, "Tests", "TestCloud")
TOOLS = ["ours", "ours-gsutil", "ours-rclone", "ours-aws", "gsutil", "gcloud", "rclone", "aws"]
# From here on the bucket is filled without the tool: its first upload takes a quarter of an hour.
FILLED = 50_000
TICK = os.sysconf("SC_CLK_TCK")


class Tree(threading.Thread):
    """Watches the descendants of a process: how many there were, their memory and time."""

    def __init__(self, root, with_root):
        super().__init__(daemon=True)
        self.root, self.with_root = root, with_root
        self.seen, self.cpu, self.peak = set(), {}, 0
        self.running = True

    def look(self):
        parents, memory = {}, {}
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b") ")[2].split()
            except OSError:
                continue
            pid = int(name)
            parents[pid] = int(fields[1])
            memory[pid] = int(fields[21]) * 4096
            self.cpu[pid] = (int(fields[11]) + int(fields[12])) / TICK
        family = {self.root}
        grown = True
        while grown:
            more = {pid for pid, parent in parents.items() if parent in family} - family
            family |= more
            grown = bool(more)
        family &= set(parents)
        counted = family if self.with_root else family - {self.root}
        self.seen |= counted
        self.peak = max(self.peak, sum(memory[pid] for pid in counted))

    def run(self):
        while self.running:
            self.look()
            time.sleep(0.02)

    def stop(self):
        self.running = False
        self.join()


def cpu_of(pid):
    """Of a process and of its children that have ended."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b") ")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICK


class Cloud:
    """One emulator, with what leads the tools to it."""

    def __init__(self, kind, scratch):
        self.kind = kind
        data = os.path.join(scratch, kind)
        os.makedirs(data)
        port_file = os.path.join(data, "ports.json")
        program = {"google": "google_storage", "amazon": "amazon/moto_server.py"}[kind]
        argv = [sys.executable, os.path.join(CLOUD, program), "--port-file", port_file]
        argv += ["--data", data, "--parent-pid", str(os.getpid())]
        if kind == "google":
            argv += ["--tls-port", "0"]
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(port_file):
            if self.process.poll() is not None:
                raise RuntimeError(f"the {kind} emulator did not start")
            time.sleep(0.05)
        with open(port_file, encoding="utf-8") as file:
            told = json.load(file)
        self.port = told["http"]
        self.environment = dict(os.environ)
        self.environment.update(told["environment"])
        for name in told["unset"]:
            self.environment.pop(name, None)

    def ask(self, path, value=None, method=None):
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}", data=data, method=method
        )
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def bucket(self):
        name = f"bucket-{random.randrange(10**12)}"
        if self.kind == "amazon":
            self.ask(name, method="PUT")
        else:
            self.ask("_emu/bucket", {"name": name})
        return name

    def put(self, bucket, root, paths):
        """Objects as if the tools had sent them: gsutil and gcloud compare sizes and whole seconds."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        for path in paths:
            with open(path, "rb") as file:
                content = file.read()
            name = "run/output/" + os.path.relpath(path, root)
            if self.kind == "amazon":
                connection.request("PUT", f"/{bucket}/{name}", content)
            else:
                told = {"goog-reserved-file-mtime": str(int(os.stat(path).st_mtime))}
                about = json.dumps({"name": name, "metadata": told}).encode()
                edge = b"--edge\r\nContent-Type: application/octet-stream\r\n\r\n"
                connection.request(
                    "POST",
                    f"/upload/storage/v1/b/{bucket}/o?uploadType=multipart",
                    edge.replace(b"octet-stream", b"json") + about + b"\r\n"
                    + edge + content + b"\r\n--edge--\r\n",
                    {"Content-Type": "multipart/related; boundary=edge"},
                )  # fmt: skip
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{name}: the emulator answered {answer.status}")
        connection.close()

    def requests(self):
        return len(json.loads(self.ask("_emu/requests?clear=1")))


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


def write(root, numbers, size, content):
    """Renamed into place, as careful programs do, a moment after it was written."""
    paths = [f"{root}/output/{number % 100:02}/file-{number:06}" for number in numbers]
    for path in paths:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".tmp", "wb") as file:
            file.write(content(size))
    time.sleep(0.05)
    for path in paths:
        os.rename(path + ".tmp", path)


def fresh(scratch):
    root = tempfile.mkdtemp(dir=scratch)
    for name in ("output", "logs", "run", "state"):
        os.makedirs(os.path.join(root, name))
    return root


def measure(tool, scratch, scenario):
    """All results of one tool in one scenario, by the names of the rows."""
    chance = random.Random(7)
    root = fresh(scratch)
    rows = {}
    tool.begin(root)
    try:
        if scenario == "large":
            with open(f"{root}/large.tmp", "wb") as file:
                for _ in range(500):
                    file.write(chance.randbytes(10**6))
            time.sleep(0.05)
            os.rename(f"{root}/large.tmp", f"{root}/output/large")
            rows["first upload, 1 x 500 MB"] = tool.sync()
        else:
            count = int(scenario)
            write(root, range(count), 4096, chance.randbytes)
            if count < FILLED:
                rows[f"first upload, {count} x 4 KB"] = tool.sync()
            else:
                tool.fill()
            tool.sync()
            rows[f"quiet, {count} files"] = tool.sync()
            write(root, chance.sample(range(count), 10), 4096, chance.randbytes)
            rows[f"10 changed of {count}"] = tool.sync()
    finally:
        with contextlib.suppress(RuntimeError):
            tool.end()
        shutil.rmtree(root, ignore_errors=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", required=True, help="the release build of the test bundle")
    parser.add_argument("--counts", default="10,1000,5000,10000,large")
    parser.add_argument("--tools", default=",".join(TOOLS))
    parser.add_argument("--skip", default="", help="TOOL:COUNT,… that take too long here")
    parser.add_argument("--results", default=os.path.join(HERE, "results.json"))
    options = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="sync-benchmark-")
    google, amazon = Cloud("google", scratch), Cloud("amazon", scratch)
    tools = {
        "ours": Ours("train-agent over gsutil", google, None, options.engine),
        "ours-gsutil": Ours("train-agent over gsutil alone", google, "gsutil", options.engine),
        "ours-rclone": Ours("train-agent over rclone", google, "rclone", options.engine),
        "ours-aws": Ours("train-agent over aws", amazon, None, options.engine),
        "gsutil": Tool(
            "gsutil -m rsync -r",
            google,
            ["gsutil", "-m", "-q", "rsync", "-r", "{SOURCE}", "gs://{BUCKET}/run/output"],
        ),
        "gcloud": Tool(
            "gcloud storage rsync",
            google,
            ["gcloud", "storage", "rsync", "-r", "{SOURCE}", "gs://{BUCKET}/run/output"],
        ),
        "rclone": Tool(
            "rclone sync", google, ["rclone", "sync", "{SOURCE}", "TRAINGS:{BUCKET}/run/output"]
        ),
        "aws": Tool(
            "aws s3 sync",
            amazon,
            ["aws", "s3", "sync", "--only-show-errors", "{SOURCE}", "s3://{BUCKET}/run/output"],
        ),
    }
    results = {"machine": "", "rows": {}}
    # What is not measured anew stays, so that the slow rows can be taken in runs of their own.
    with contextlib.suppress(FileNotFoundError), open(options.results, encoding="utf-8") as file:
        results = json.load(file)
    kernel = ".".join(platform.release().split(".")[:2])
    results["machine"] = f"{os.cpu_count()} cores, Linux {kernel}"
    skipped = set(options.skip.split(","))
    for scenario in options.counts.split(","):
        for name in options.tools.split(","):
            tool = tools[name]
            if f"{name}:{scenario}" in skipped:
                continue
            try:
                rows = measure(tool, scratch, scenario)
            except (RuntimeError, OSError) as error:
                print(f"{tool.name}, {scenario}: {error}", file=sys.stderr)
                continue
            for row, figures in rows.items():
                results["rows"].setdefault(row, {})[tool.name] = figures
                print(f"{row}: {tool.name}: {figures}", flush=True)
            with open(options.results, "w", encoding="utf-8") as file:
                json.dump(results, file, indent=1)
    for cloud in (google, amazon):
        cloud.process.kill()
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
