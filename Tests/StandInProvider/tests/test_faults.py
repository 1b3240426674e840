"""What a cloud refuses, with the providers spawned by Terraform from a mirror."""

import json
import pathlib
import signal
import subprocess
import sys
import time
import unittest

from .support import PACKAGE, RunFolder, needs_terraform, temporary_folder


@needs_terraform
class Faults(unittest.TestCase):
    """Each test has a mirror of its own."""

    def setUp(self):
        self.folder = temporary_folder()
        ran = subprocess.run(
            [sys.executable, str(PACKAGE / "mirror.py"), str(self.folder)],
            check=True,
            capture_output=True,
            text=True,
        )
        self.env = json.loads(ran.stdout)
        written = json.loads((self.folder / "environment.json").read_text())
        self.assertEqual(self.env, written)

    def fail(self, *entries):
        """Writes the fault file."""
        pathlib.Path(self.env["TFSHIM_FAULTS"]).write_text(json.dumps(entries))

    def living(self):
        """The names of what lives."""
        return sorted(file.name for file in (self.folder / "cloud").glob("*.json"))

    def start(self, cloud="gcp"):
        """A run folder after init."""
        run = RunFolder(cloud, self.env)
        run.run("init")
        return run

    def apply(self, run, status=0):
        """Applies; what was printed in one line."""
        return " ".join(run.run("apply", "-auto-approve", status=status).replace("│", "").split())

    def test_stockout_then_next_zone(self):
        self.fail({"fault": "stockout", "match": {"zone": "us-central1-a"}})
        run = self.start()
        text = self.apply(run, status=1)
        self.assertIn("'projects/acme/zones/us-central1-a' does not have enough resources", text)
        self.assertIn("ZONE_RESOURCE_POOL_EXHAUSTED", text)
        before = set(self.living())
        run.set(zone="us-central1-b")
        self.assertIn("1 added, 0 changed, 0 destroyed", self.apply(run))
        self.assertTrue(before < set(self.living()))
        run.run("destroy", "-auto-approve")
        self.assertEqual(self.living(), [])

    def test_every_refusal_of_google(self):
        cases = {
            "stockout_at_once": "Error 503: The zone 'projects/acme/zones/us-central1-a'",
            "quota": "Quota 'GPUS_ALL_REGIONS' exceeded. Limit: 0.0 globally",
            "forbidden": "Error 403: Required 'compute.instances.create' permission",
            "api_disabled": "Compute Engine API has not been used in project acme before",
        }
        run = self.start()
        for fault, message in cases.items():
            with self.subTest(fault):
                self.fail({"fault": fault})
                self.assertIn(message, self.apply(run, status=1))
        run.run("destroy", "-auto-approve")
        self.assertEqual(self.living(), [])

    def test_every_refusal_of_azure(self):
        cases = {"stockout": "SkuNotAvailable", "quota": "exceeding approved"}
        run = self.start("azure")
        for fault, message in (cases | {"forbidden": "AuthorizationFailed"}).items():
            with self.subTest(fault):
                self.fail({"fault": fault})
                self.assertIn(message, self.apply(run, status=1))

    def unplaced(self, zone="eastus-1"):
        """A fault of Azure's: it began with the machine, found no place for it, and leaves it."""
        self.fail({"fault": "allocation", "leaves": True, "match": {"zone": zone[-1]}})

    def machines(self):
        """The machines that live on Azure."""
        return [name for name in self.living() if name.startswith("azurerm_linux_virtual_machine@")]

    def test_a_machine_that_azure_could_not_place_gives_way_in_the_next_zone(self):
        self.unplaced()
        run = self.start("azure")
        self.assertIn("ZonalAllocationFailed", self.apply(run, status=1))
        self.assertEqual(len(self.machines()), 1)
        run.set(zone="eastus-2")
        self.apply(run)
        self.assertEqual(len(self.machines()), 1)
        self.assertEqual(run.outputs()["zone"], "eastus-2")
        run.run("destroy", "-auto-approve")
        self.assertEqual(self.living(), [])

    def test_a_machine_that_azure_could_not_place_goes_with_the_rest(self):
        self.unplaced()
        run = self.start("azure")
        self.apply(run, status=1)
        run.run("destroy", "-auto-approve")
        self.assertEqual(self.living(), [])

    def test_the_name_of_a_store_is_taken(self):
        cases = {
            "gcp": ("google_storage_bucket", "The requested bucket name is not available"),
            "azure": ("azurerm_storage_account", "StorageAccountAlreadyTaken"),
        }
        for cloud, (kind, message) in cases.items():
            with self.subTest(cloud):
                self.fail({"fault": "bucket_taken", "type": kind})
                run = self.start(cloud)
                self.assertIn(message, self.apply(run, status=1))
                run.run("destroy", "-auto-approve")
                self.assertEqual(self.living(), [])

    def test_bucket_with_content_stops_destroy_and_destroy_goes_on(self):
        run = self.start()
        self.apply(run)
        fault = {"fault": "bucket_not_empty", "on": "delete", "type": "google_storage_bucket"}
        self.fail({**fault, "match": {"name": "train-demo-beer-output"}, "times": 1})
        text = run.run("destroy", "-auto-approve", status=1)
        self.assertIn("containing objects without", text)
        self.assertEqual(len(self.living()), 1)
        run.run("destroy", "-auto-approve")
        self.assertEqual(self.living(), [])

    def interrupted(self, on_stop):
        """A run whose apply got Ctrl-C while the machine was made; Terraform's exit status."""
        self.fail({"fault": "slow", "delay": 30, "on_stop": on_stop})
        run = self.start()
        log = pathlib.Path(self.env["TFSHIM_LOG"])
        command = ["terraform", f"-chdir={run.path}", "apply", "-auto-approve", "-no-color"]
        apply = subprocess.Popen(command, env=run.env, stdout=subprocess.DEVNULL, stderr=-3)
        wanted = '"create", "type": "google_compute_instance"'
        for _ in range(400):
            if log.exists() and wanted in log.read_text():
                break
            time.sleep(0.05)
        apply.send_signal(signal.SIGINT)
        return run, apply.wait(timeout=20)

    def test_interrupt_lets_a_creation_end(self):
        run, _ = self.interrupted("finish")
        self.assertIn("google_compute_instance.run", run.run("state", "list"))
        run.run("destroy", "-auto-approve")
        self.assertEqual(self.living(), [])

    def test_interrupt_can_orphan_a_machine(self):
        run, status = self.interrupted("orphan")
        self.assertEqual(status, 1)
        self.assertNotIn("google_compute_instance.run", run.run("state", "list"))
        self.assertIn("google_compute_instance@", str(self.living()))


if __name__ == "__main__":
    unittest.main()
