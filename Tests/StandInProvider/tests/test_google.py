"""gcp.tf against Google's recorded schema and the rules of Compute Engine."""

import datetime
import unittest

from .support import KEY, needs_terraform
from .support_cloud import Cloud

A2 = {"machine_type": "a2-highgpu-2g"}


@needs_terraform
class Google(unittest.TestCase):
    """Each test has a cloud of its own."""

    def setUp(self):
        self.cloud = Cloud("gcp")
        self.cloud.__enter__()
        self.addCleanup(self.cloud.__exit__)

    def machine(self, **variables):
        """Applies, with nothing left to do, and gives the machine; in the end all of it goes."""
        self.run_folder = self.cloud.run_folder()
        self.addCleanup(self.destroy)
        self.run_folder.apply(**variables)
        self.assertIn("No changes", self.run_folder.run("plan", "-detailed-exitcode"))
        return self.cloud.only("google_compute_instance")

    def destroy(self):
        self.run_folder.run("destroy", "-auto-approve")
        self.assertEqual(self.cloud.living(), [])

    def test_life_of_a_run(self):
        machine = self.machine()
        self.run_folder.run("validate")
        outputs = self.run_folder.outputs()
        self.assertEqual(outputs["output_bucket_url"], "gs://train-demo-beer-output")
        self.assertEqual(outputs["code_bucket_url"], "gs://train-demo-beer-code")
        address = machine["network_interface"][0]["access_config"][0]["nat_ip"]
        self.assertEqual((outputs["public_ip"], outputs["zone"]), (address, "us-central1-a"))

    def test_default_machine(self):
        machine = self.machine()
        plan = machine["scheduling"][0]
        self.assertEqual(machine["guest_accelerator"], [])
        self.assertEqual([disk["interface"] for disk in machine["scratch_disk"]], ["NVME"])
        self.assertEqual(plan["on_host_maintenance"], "TERMINATE")
        self.assertEqual(plan["provisioning_model"], "STANDARD")
        # Absolute, so that a machine that is started again does not get the time anew
        until = datetime.datetime.fromisoformat(plan["termination_time"].replace("Z", "+00:00"))
        ahead = until - datetime.datetime.now(datetime.timezone.utc)
        self.assertAlmostEqual(ahead.total_seconds(), 86400 + 2 * 1800, delta=120)
        self.assertEqual(plan["instance_termination_action"], "STOP")
        self.assertEqual(plan["on_instance_stop_action"], [{"discard_local_ssd": True}])
        image = machine["boot_disk"][0]["initialize_params"][0]["image"]
        self.assertEqual(image, "deeplearning-platform-release/common-cu129-ubuntu-2204-nvidia-580")

    def test_metadata(self):
        metadata = self.machine()["metadata"]
        self.assertTrue(metadata["user-data"].startswith("#cloud-config\n"))
        self.assertTrue(metadata["startup-script"].startswith("#!/bin/sh\n"))
        self.assertEqual(metadata["ssh-keys"], "train:" + KEY)
        self.assertEqual(metadata["enable-oslogin"], "FALSE")
        self.assertEqual(metadata["block-project-ssh-keys"], "TRUE")

    def test_no_secret_leaves_the_bucket(self):
        folder = self.cloud.run_folder(secrets=True)
        folder.apply()
        names = {item["name"] for item in self.cloud.living("google_storage_bucket_object")}
        self.assertEqual(names, {"code.tar.gz", "train-agent", "secrets.json"})
        self.assertNotIn("geheim", str(self.cloud.only("google_compute_instance")))
        self.assertNotIn("geheim", str(folder.outputs()))
        self.assertNotIn("geheim", (folder.path / "terraform.tfstate").read_text())

    def test_the_wheel_of_pip_travels_beside_the_agent(self):
        folder = self.cloud.run_folder()
        folder.write("pip-25.0.1-py3-none-any.whl", "a wheel")
        folder.apply()
        names = {item["name"] for item in self.cloud.living("google_storage_bucket_object")}
        self.assertEqual(names, {"code.tar.gz", "train-agent", "pip-25.0.1-py3-none-any.whl"})

    def test_identity_reads_code_and_dataset_and_writes_output(self):
        machine = self.machine()
        (account,) = machine["service_account"]
        member = "serviceAccount:" + account["email"]
        grants = self.cloud.living("google_storage_bucket_iam_member")
        self.assertEqual({grant["member"] for grant in grants}, {member})
        self.assertEqual(
            {(grant["bucket"], grant["role"]) for grant in grants},
            {
                ("train-demo-beer-code", "roles/storage.objectViewer"),
                ("train-demo-beer-output", "roles/storage.objectUser"),
                ("training-dataset-beer", "roles/storage.objectViewer"),
            },
        )
        self.assertEqual(
            account["scopes"], ["https://www.googleapis.com/auth/devstorage.full_control"]
        )

    def test_a_folder_of_the_dataset_s_bucket_is_all_that_is_granted(self):
        self.machine(dataset_prefix='sets/"beer"')
        grants = {
            grant["bucket"]: grant["condition"]
            for grant in self.cloud.living("google_storage_bucket_iam_member")
        }
        (condition,) = grants.pop("training-dataset-beer")
        self.assertEqual(set(map(str, grants.values())), {"[]"})
        place = "projects/_/buckets/training-dataset-beer/objects/"
        listed = 'api.getAttribute("storage.googleapis.com/objectListPrefix", "")'
        folder = r"sets/\"beer\""
        self.assertEqual(
            set(condition["expression"].split(" || ")),
            {
                f'resource.name == "{place}{folder}"',
                f'resource.name.startsWith("{place}{folder}/")',
                f'{listed} == "{folder}"',
                f'{listed}.startsWith("{folder}/")',
            },
        )

    def test_public_dataset_is_not_granted(self):
        self.machine(grant_dataset_access=False)
        self.assertEqual(len(self.cloud.living("google_storage_bucket_iam_member")), 2)

    def test_only_ssh_from_the_laptop(self):
        self.machine()
        firewall = self.cloud.only("google_compute_firewall")
        self.assertEqual(firewall["source_ranges"], ["198.51.100.7/32"])
        self.assertEqual(firewall["allow"], [{"protocol": "tcp", "ports": ["22"]}])
        self.assertIs(self.cloud.only("google_compute_network")["auto_create_subnetworks"], False)

    def test_buckets_are_private_and_go_with_their_content(self):
        self.machine()
        buckets = self.cloud.living("google_storage_bucket")
        self.assertEqual(len(buckets), 2)
        for bucket in buckets:
            self.assertIs(bucket["uniform_bucket_level_access"], True)
            self.assertEqual(bucket["public_access_prevention"], "enforced")
            self.assertIs(bucket["force_destroy"], True)
            self.assertEqual(bucket["soft_delete_policy"][0]["retention_duration_seconds"], 0)

    def test_labels_on_everything_that_takes_them(self):
        self.machine(labels={"team": "vision"}, dataset_disk_gb=50)
        wanted = {"run": "train-demo-beer", "code": "classifier", "dataset": "beer"}
        wanted |= {"created-by": "ai-training-engine", "team": "vision"}
        labelled = [state for state in self.cloud.living() if "labels" in state]
        self.assertEqual(len(labelled), 4)
        for state in labelled:
            self.assertEqual(state["labels"], wanted)

    def test_n1_spot_with_gpus(self):
        machine = self.machine(
            machine_type="n1-standard-8", gpu_type="nvidia-tesla-t4", gpu_count=2, spot=True
        )
        plan = machine["scheduling"][0]
        self.assertEqual(machine["guest_accelerator"], [{"type": "nvidia-tesla-t4", "count": 2}])
        self.assertEqual(plan["provisioning_model"], "SPOT")
        self.assertIs(plan["automatic_restart"], False)
        self.assertEqual(plan["on_host_maintenance"], "TERMINATE")
        self.assertEqual(plan["instance_termination_action"], "STOP")

    def test_a2_with_local_ssds(self):
        self.assertEqual(len(self.machine(**A2)["scratch_disk"]), 2)

    def test_a2_with_more_local_ssds(self):
        self.assertEqual(len(self.machine(**A2, local_ssd_count=8)["scratch_disk"]), 8)

    def test_a3_brings_its_ssds(self):
        machine = self.machine(machine_type="a3-highgpu-8g")
        self.assertEqual(machine["scratch_disk"], [])
        self.assertEqual(machine["network_interface"][0]["nic_type"], "GVNIC")
        plan = machine["scheduling"][0]
        self.assertEqual(plan["on_instance_stop_action"], [{"discard_local_ssd": True}])

    def test_processor_only_gets_a_provisioned_disk(self):
        machine = self.machine(machine_type="e2-standard-4", max_duration_seconds=None)
        plan, disk = machine["scheduling"][0], self.cloud.only("google_compute_disk")
        self.assertEqual((disk["type"], disk["size"]), ("pd-ssd", 200))
        self.assertEqual(machine["attached_disk"][0]["device_name"], "train-data")
        self.assertEqual(plan["on_host_maintenance"], "MIGRATE")
        self.assertIsNone(plan["termination_time"])
        self.assertIsNone(plan["instance_termination_action"])

    def test_limit_of_the_cloud_counts_from_the_hard_limit(self):
        plan = self.machine(max_duration_seconds=3600, hard_limit_seconds=43200)["scheduling"][0]
        until = datetime.datetime.fromisoformat(plan["termination_time"].replace("Z", "+00:00"))
        ahead = until - datetime.datetime.now(datetime.timezone.utc)
        self.assertAlmostEqual(ahead.total_seconds(), 43200 + 2 * 1800, delta=120)

    def test_next_zone_moves_the_machine_alone(self):
        self.machine(dataset_disk_gb=100)
        self.cloud.changed()
        self.run_folder.apply(zone="us-central1-c")
        kinds = {kind for _, kind in self.cloud.changed()}
        self.assertEqual(kinds, {"google_compute_instance", "google_compute_disk"})

    def test_next_zone_of_another_region_keeps_the_buckets(self):
        self.machine(bucket_region="us-central1")
        self.cloud.changed()
        self.run_folder.apply(zone="europe-west4-a")
        kinds = {kind for _, kind in self.cloud.changed()}
        self.assertEqual(kinds, {"google_compute_instance", "google_compute_subnetwork"})

    def test_all_the_world_when_spelled_out(self):
        self.machine(ssh_cidr="0.0.0.0/0")
        self.assertEqual(self.cloud.only("google_compute_firewall")["source_ranges"], ["0.0.0.0/0"])

    def test_a_network_of_the_users_own(self):
        machine = self.machine(network="corp", subnet="regions/us-central1/subnetworks/gpu")
        self.assertEqual(self.cloud.living("google_compute_network"), [])
        self.assertEqual(self.cloud.living("google_compute_subnetwork"), [])
        (interface,) = machine["network_interface"]
        self.assertEqual(interface["subnetwork"], "regions/us-central1/subnetworks/gpu")
        self.assertEqual(self.cloud.only("google_compute_firewall")["network"], "corp")

    def test_no_way_in_and_no_address(self):
        machine = self.machine(network="corp", public_address=False, ssh_cidr=None)
        self.assertEqual(self.cloud.living("google_compute_firewall"), [])
        (interface,) = machine["network_interface"]
        self.assertEqual((interface["network"], interface["access_config"]), ("corp", []))
        self.assertEqual(self.run_folder.outputs()["public_ip"], "")
        # An organisation may require OS Login, and nobody logs in here
        self.assertNotIn("enable-oslogin", machine["metadata"])
        self.assertNotIn("ssh-keys", machine["metadata"])
        bills = [bill["what"] for bill in self.run_folder.outputs()["billing"]]
        self.assertNotIn("external address", bills)

    def test_an_identity_of_the_users_own(self):
        account = "trainer@acme.iam.gserviceaccount.com"
        machine = self.machine(identity=account)
        self.assertEqual(self.cloud.living("google_service_account"), [])
        self.assertEqual(machine["service_account"][0]["email"], account)
        grants = self.cloud.living("google_storage_bucket_iam_member")
        self.assertEqual({grant["member"] for grant in grants}, {"serviceAccount:" + account})
        firewall = self.cloud.only("google_compute_firewall")
        self.assertEqual(firewall["target_service_accounts"], [account])

    def test_refusals(self):
        cases = [
            ({"run_slug": "1-run"}, "run_slug must have 3 to 54 characters"),
            ({"run_slug": "a" * 55}, "run_slug must have 3 to 54 characters"),
            ({"zone": "us-central1"}, "zone must look like us-central1-a"),
            ({"ssh_cidr": "somewhere"}, "ssh_cidr must be an IPv4 range"),
            ({"ssh_cidr": "1.2.3.4/0"}, "ssh_cidr must be an IPv4 range by its first address"),
            ({"ssh_cidr": "203.0.113.7/24"}, "ssh_cidr must be an IPv4 range by its first address"),
            ({"ssh_cidr": "0.0.0.0/00"}, "ssh_cidr must be an IPv4 range by its first address"),
            ({"ssh_cidr": "::/0"}, "ssh_cidr must be an IPv4 range by its first address"),
            ({"dataset_prefix": "/beer"}, "dataset_prefix must neither begin nor end"),
            ({"dataset_prefix": "beer/"}, "dataset_prefix must neither begin nor end"),
            ({"gpu_count": 3}, "gpu_count must be 1, 2, 4 or 8"),
            ({"max_duration_seconds": 5}, "max_duration_seconds must lie between 600"),
            ({"hard_limit_seconds": 5}, "hard_limit_seconds must lie between 600"),
            ({"disk_size_gb": 10}, "disk_size_gb must be a whole number from 50"),
            ({"credentials_path": "/nowhere.json"}, "credentials_path does not name a file"),
            ({"ssh_public_key": "a\nb"}, "ssh_public_key must be one line"),
            ({"gpu_type": "nvidia-l4"}, "g2-standard-8 brings its GPU"),
            ({"machine_type": "e2-standard-4", "gpu_type": "nvidia-l4"}, "cannot take one"),
            ({**A2, "local_ssd_count": 1}, "does not take local_ssd_count = 1, but one of 2, 4, 8"),
            ({"machine_type": "a3-highgpu-8g", "local_ssd_count": 1}, "it brings its own"),
        ]
        for variables, message in cases:
            with self.subTest(message):
                self.assertIn(message, self.cloud.run_folder().refuse(**variables))
        self.assertEqual(self.cloud.living(), [])
