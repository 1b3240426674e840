"""A machine to boot in tests: a sandbox for the scripts, and one server for all they ask."""

import http.server
import threading
import unittest
import urllib.parse

from .sandbox import Sandbox


class Server(http.server.BaseHTTPRequestHandler):
    """Metadata server, bucket and resource manager in one."""

    def log_message(self, *arguments):
        """Quiet."""

    def answer(self):
        """Notes the request; answers what the server's owner has put there for this path."""
        path = urllib.parse.urlsplit(self.path).path
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.command, self.path, headers))
        self.server.bodies.append(self.rfile.read(int(headers.get("content-length", 0))))
        answer = self.server.answers.get(path) or (404, b"")
        status, body = answer.pop(0) if isinstance(answer, list) else answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = answer


class Case(unittest.TestCase):
    """A machine and a server."""

    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        self.server.asked, self.server.answers, self.server.bodies = [], {}, []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.box = Sandbox(server=self.url)

    def asked(self, path):
        """The requests for one path."""
        return [one for one in self.server.asked if one[1].split("?")[0] == path]
