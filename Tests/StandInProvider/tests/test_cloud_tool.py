"""The stand-in gcloud and az: a wrong question must find nothing, or be refused."""

import json
import os
import subprocess
import sys
import unittest

from .support import PACKAGE, temporary_folder

OURS = "created-by=ai-training-engine"
SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
FORMAT = "--format=json(name,zone,labels)"
QUERY = "[].{name:name,kind:type,zone:location,tags:tags}"


class CloudToolTest(unittest.TestCase):
    """One machine of ours and one of somebody else's in each cloud."""

    def setUp(self):
        self.cloud = temporary_folder()
        labels = {"created-by": "ai-training-engine", "run": "train-a"}
        for name, marks in (("ours", labels), ("other", {"created-by": "somebody"})):
            machine = {"name": name, "project": "acme", "zone": "us-central1-a", "labels": marks}
            self.write(f"google_compute_instance@{name}@1.json", machine)
            group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g"
            path = f"{group}/providers/Microsoft.Compute/virtualMachines/{name}"
            machine = {"name": name, "id": path, "location": "eastus", "tags": marks}
            self.write(f"azurerm_linux_virtual_machine@{name}@1.json", machine)

    def write(self, name, state):
        (self.cloud / name).write_text(json.dumps(state))

    def ask(self, *words):
        return subprocess.run(
            [sys.executable, PACKAGE / "cloud_tool.py", *words],
            env={**os.environ, "TFSHIM_CLOUD": str(self.cloud)},
            capture_output=True,
            text=True,
            check=False,
        )

    def names(self, *words):
        answer = self.ask(*words)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return [row["name"] for row in json.loads(answer.stdout)]

    def google(self, label, project):
        words = ["gcloud", "compute", "instances", "list", f"--filter=labels.{label}", FORMAT]
        return self.names(*words, f"--project={project}")

    def test_gcloud_lists_by_label_and_project(self):
        self.assertEqual(self.google(OURS, "acme"), ["ours"])
        self.assertEqual(self.google("created-by=nobody", "acme"), [])
        self.assertEqual(self.google("made-by=ai-training-engine", "acme"), [])
        self.assertEqual(self.google(OURS, "other-project"), [])

    def test_gcloud_refuses_a_list_without_filter_or_project(self):
        words = ["gcloud", "compute", "instances", "list", FORMAT]
        for more in (
            ["--project=acme"],
            [f"--filter=labels.{OURS}"],
            ["--filter=x", "--project=p"],
        ):
            self.assertNotEqual(self.ask(*words, *more).returncode, 0, more)

    def test_gcloud_describes_by_zone_and_project(self):
        words = ["gcloud", "compute", "instances", "describe", "ours"]
        right = ["--zone=us-central1-a", "--project=acme"]
        self.assertEqual(self.ask(*words, *right).stdout, "RUNNING\n")
        wrong = self.ask(*words, "--zone=us-central1-b", "--project=acme")
        self.assertIn("instances/ours' was not found", wrong.stderr)

    def test_az_lists_by_tag_and_subscription(self):
        words = ["az", "resource", "list", "--query", QUERY]
        right = ["--tag", OURS, "--subscription", SUBSCRIPTION]
        self.assertEqual(self.names(*words, *right), ["ours"])
        self.assertEqual(self.names(*words, "--tag", "a=b", "--subscription", SUBSCRIPTION), [])
        self.assertEqual(self.names(*words, "--tag", OURS, "--subscription", "other"), [])
        self.assertNotEqual(self.ask(*words, "--tag", OURS).returncode, 0)


if __name__ == "__main__":
    unittest.main()
