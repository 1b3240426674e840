"""moto's server with this folder's patches, a request log and faults."""

from __future__ import annotations

import argparse
import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    create_backend_app,
)
from werkzeug.serving import WSGIRequestHandler, make_server

from ..emulator.faults import Faults
from ..emulator.reach import Reach
from ..emulator.service import wait_for_end_of, write_port_file
from ..emulator.store import Refusal
from . import patches

# rclone 1.60 refuses S3 with a certificate bundle; the others would reach for real credentials
UNSET = ["AWS_CA_BUNDLE", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE"]

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Watched:
    """moto, with the request log and the faults (status, delay) that the other emulators have."""

    def __init__(self, application: Wsgi) -> None:
        self._application = application
        self._faults = Faults()
        self._reach = Reach()

    def __call__(self, request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        query = request.get("QUERY_STRING", "")
        path = request["PATH_INFO"]
        if path.startswith("/_emu/"):
            return self._admin(path[len("/_emu/") :], query, request, start)
        line = f"{request['REQUEST_METHOD']} {path}" + (f"?{query}" if query else "")
        action = self._action(request)
        line += f" {action}" if action else ""
        entry = {"time": time.time(), "line": line, "length": request.get("CONTENT_LENGTH")}
        self._faults.record(entry)
        fault = self._faults.next_for(line)
        time.sleep(fault.get("delay", 0))
        if "status" not in fault and not action and not self._reaches(request):
            fault = {"status": 403}
        if "status" in fault:
            entry["status"] = fault["status"]
            code = fault.get("code") or ("SlowDown" if fault["status"] == 503 else "AccessDenied")
            message = fault.get("message", "injected failure")
            start(f"{fault['status']} Injected", [("Content-Type", "application/xml")])
            text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
            if action:
                text = f"<Response><Errors>{text}</Errors></Response>"
            return [text.encode()]

        def noted(status: str, *rest: Any) -> Any:
            entry["status"] = int(status.split()[0])
            return start(status, *rest)

        return self._application(request, noted)

    def _reaches(self, request: dict[str, Any]) -> bool:
        """Whether the caller's role covers a request to S3."""
        bucket, _, key = request["PATH_INFO"].lstrip("/").partition("/")
        query = parse_qs(request.get("QUERY_STRING", ""), keep_blank_values=True)
        try:
            if request["REQUEST_METHOD"] not in ("GET", "HEAD"):
                self._reach.check_write(bucket)
            elif key:
                self._reach.check_name(bucket, key)
            else:
                self._reach.check_listing(bucket, query.get("prefix", [""])[0])
        except Refusal:
            return False
        return True

    @staticmethod
    def _action(request: dict[str, Any]) -> str | None:
        """What a request to EC2 or IAM wants: their paths are all the same."""
        if not request.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            return None
        body = request["wsgi.input"].read(int(request.get("CONTENT_LENGTH") or 0))
        request["wsgi.input"] = io.BytesIO(body)
        return parse_qs(body.decode()).get("Action", [None])[0]

    def _admin(self, what: str, query: str, request: dict[str, Any], start: Any) -> list[bytes]:
        answer: Any = {}
        if what == "requests":
            answer = self._faults.requests(clear="clear" in parse_qs(query))
        elif what == "fail":
            size = int(request.get("CONTENT_LENGTH") or 0)
            self._faults.add(json.loads(request["wsgi.input"].read(size) or "{}"))
        elif what == "reset":
            self._faults.reset()
            self._reach.reset()
        elif what == "reach":
            size = int(request.get("CONTENT_LENGTH") or 0)
            self._reach.limit(**json.loads(request["wsgi.input"].read(size)))
        body = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start("200 OK", headers)
        return [body]


class Quiet(WSGIRequestHandler):
    """HTTP/1.1 without a line per request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: Any) -> None:
        pass


def environment(port: int) -> dict[str, str]:
    """For the aws command, boto3, Terraform and rclone."""
    address = f"http://127.0.0.1:{port}"
    remote = {
        "PROVIDER": "Other",
        "ENDPOINT": address,
        "REGION": "us-east-1",
        "ENV_AUTH": "true",
        "FORCE_PATH_STYLE": "true",
    }
    environment = {
        "AWS_ENDPOINT_URL": address,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_PAGER": "",
        "NO_PROXY": "127.0.0.1,localhost",
        "RCLONE_CONFIG": "/dev/null",
        "RCLONE_CONFIG_TRAINS3_TYPE": "s3",
    }
    for name, value in remote.items():
        environment[f"RCLONE_S3_{name}"] = value
        environment[f"RCLONE_CONFIG_TRAINS3_{name}"] = value
    return environment


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options.add_argument("--data", help="not used: moto keeps everything in memory")
    options.add_argument("--port-file", help="write port and client environment here as JSON")
    options.add_argument("--parent-pid", type=int, help="end when this process has ended")
    chosen = options.parse_args()
    patches.apply()
    application = Watched(DomainDispatcherApplication(create_backend_app))
    server = make_server(
        "127.0.0.1", chosen.port, application, threaded=True, request_handler=Quiet
    )
    os.environ["MOTO_PORT"] = str(server.port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told = {"http": server.port, "https": None, "cert": None}
    told |= {"environment": environment(server.port), "unset": UNSET}
    write_port_file(chosen.port_file, told)
    wait_for_end_of(chosen.parent_pid)
