"""An emulator as the benchmark's cloud."""

import http.client
import json
import os
import random
import subprocess
import sys
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EMULATORS = os.path.join(ROOT, "Tests", "Emulators")


class Cloud:
    """One emulator, with what leads the tools to it."""

    def __init__(self, kind, scratch):
        self.kind = kind
        data = os.path.join(scratch, kind)
        os.makedirs(data)
        port_file = os.path.join(data, "ports.json")
        argv = [sys.executable, os.path.join(EMULATORS, kind), "--port-file", port_file]
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
