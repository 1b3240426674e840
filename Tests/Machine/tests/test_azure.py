"""A machine of Azure's: its identity, rights that come late, and deallocation at its end."""

from __future__ import annotations

import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from machine.metadata.azure import MACHINE_ID

from .rendering import ACCOUNT
from .rented_run import AGENT, RentedRun
from .support import TOKEN, Buckets, MachineTest, needs, needs_tool
from .test_agent import MAIN

IDENTITY = "/subscriptions/s/identity"
PATIENCE = 240
# More than a step tries where no rights are awaited.
REFUSALS = 5


class Manager(BaseHTTPRequestHandler):
    """Azure Resource Manager, which machines ask to be deallocated."""

    asked: list[str]

    def do_POST(self) -> None:
        right = f"Bearer {TOKEN} for https://management.azure.com"
        status = 202 if self.headers["Authorization"] == right else 403
        self.asked.append(f"{self.path} {status}")
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


class ResourceManager:
    """A resource manager on this host's loopback."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        bound = type("BoundManager", (Manager,), {"asked": self.asked})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
        host, port = self._server.server_address
        self.route = {"management.azure.com": f"http://{host}:{port}"}
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@needs("container")
@needs_tool("terraform")
@unittest.skipUnless(AGENT, "train-agent is not built")
class Azure(MachineTest):
    """With rclone and the machine's identity; being off is not enough there."""

    def test_a_training_with_rights_that_come_late(self) -> None:
        buckets = Buckets("azure", "--account", ACCOUNT)
        self.addCleanup(buckets.stop)
        manager = ResourceManager()
        self.addCleanup(manager.stop)
        run = RentedRun("azure", buckets, MAIN, settings={"IDENTITY": IDENTITY})
        buckets.fail(
            {
                "match": "/run-output/run/status.json", "status": 403, "times": REFUSALS,
                "code": "AuthorizationPermissionMismatch",
                "message": "This request is not authorized to perform this operation.",
            }
        )  # fmt: skip
        machine = self.machine("azure", run.metadata, buckets=buckets.address, routes=manager.route)
        self.run_once(machine, PATIENCE)
        self.assertEqual(run.document("status")["outcome"]["kind"], "succeeded")
        self.assertEqual(run.output("output/model.txt"), b"0 0 learned 1,2,3\n")
        self.assertTrue(run.document("manifest")["final"])
        retries = run.output("run/events.jsonl").count(b'"kind":"retry"')
        self.assertGreaterEqual(retries, REFUSALS)
        # By the agent, and once more by the unit that every machine's end comes to.
        deallocation = f"{MACHINE_ID}/deallocate?api-version=2024-07-01 202"
        self.assertEqual(manager.asked, [deallocation] * 2)
        self.assert_before(machine, "front management.azure.com POST", "power power-off")
