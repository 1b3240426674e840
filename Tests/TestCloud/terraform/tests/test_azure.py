"""azure.tf against Azure's recorded schema."""

import base64
import json
import unittest

from .support import KEY, needs_terraform
from .support_cloud import Cloud

MACHINE = "azurerm_linux_virtual_machine"


@needs_terraform
class Azure(unittest.TestCase):
    """Each test has a cloud of its own."""

    def setUp(self):
        self.cloud = Cloud("azure")
        self.cloud.__enter__()
        self.addCleanup(self.cloud.__exit__)
        self.run_folder = self.cloud.run_folder()

    def apply(self, **variables):
        """Applies, with nothing left to do; in the end all of it goes."""
        self.addCleanup(self.destroy)
        self.run_folder.apply(**variables)
        self.assertIn("No changes", self.run_folder.run("plan", "-detailed-exitcode"))

    def destroy(self):
        self.run_folder.run("destroy", "-auto-approve")
        self.assertEqual(self.cloud.living(), [])

    def test_life_of_a_run(self):
        self.apply()
        self.run_folder.run("validate")
        outputs = self.run_folder.outputs()
        self.assertEqual(outputs["output_bucket_url"], "az://traindemobeer/output")
        address = self.cloud.only("azurerm_public_ip")["ip_address"]
        self.assertEqual((outputs["public_ip"], outputs["zone"]), (address, "eastus-1"))

    def test_machine(self):
        self.apply()
        machine = self.cloud.only(MACHINE)
        self.assertEqual((machine["location"], machine["zone"]), ("eastus", "1"))
        self.assertEqual(machine["admin_ssh_key"], [{"username": "train", "public_key": KEY}])
        self.assertIs(machine["disable_password_authentication"], True)
        self.assertEqual(machine["source_image_reference"][0]["offer"], "ubuntu-hpc")
        user_data = base64.b64decode(machine["custom_data"]).decode()
        self.assertTrue(user_data.startswith("#cloud-config\n"))
        self.assertIn("/usr/local/sbin/train-deallocate", user_data)
        self.assertEqual(self.cloud.living("azurerm_managed_disk"), [])

    def test_spot_with_a_provisioned_disk(self):
        self.apply(spot=True, dataset_disk_gb=512)
        machine = self.cloud.only(MACHINE)
        self.assertEqual((machine["priority"], machine["eviction_policy"]), ("Spot", "Deallocate"))
        attachment = self.cloud.only("azurerm_virtual_machine_data_disk_attachment")
        self.assertEqual(attachment["lun"], 10)
        disk = self.cloud.only("azurerm_managed_disk")
        self.assertEqual((disk["disk_size_gb"], disk["network_access_policy"]), (512, "DenyAll"))

    def test_identity(self):
        self.apply()
        identity = self.cloud.only("azurerm_user_assigned_identity")
        account = self.cloud.only("azurerm_storage_account")["id"]
        containers = account + "/blobServices/default/containers/"
        grants = [
            (grant["scope"], grant["role_definition_name"])
            for grant in self.cloud.living("azurerm_role_assignment")
            if grant["principal_id"] == identity["principal_id"]
        ]
        machine = self.cloud.only(MACHINE)
        self.assertEqual(len(grants), 4)
        self.assertIn((containers + "code", "Storage Blob Data Reader"), grants)
        self.assertIn((containers + "output", "Storage Blob Data Contributor"), grants)
        self.assertIn(machine["id"], [scope for scope, _ in grants])
        self.assertTrue(any("/datasets/" in scope for scope, _ in grants))
        (permissions,) = self.cloud.only("azurerm_role_definition")["permissions"]
        self.assertEqual(
            permissions["actions"],
            [
                "Microsoft.Compute/virtualMachines/deallocate/action",
                "Microsoft.Compute/virtualMachines/read",
            ],
        )

    def test_storage_is_private(self):
        self.apply()
        account = self.cloud.only("azurerm_storage_account")
        self.assertIs(account["allow_nested_items_to_be_public"], False)
        self.assertIs(account["shared_access_key_enabled"], False)
        self.assertIs(account["https_traffic_only_enabled"], True)
        self.assertEqual(account["min_tls_version"], "TLS1_2")
        kinds = {c["container_access_type"] for c in self.cloud.living("azurerm_storage_container")}
        self.assertEqual(kinds, {"private"})

    def test_only_ssh_from_the_laptop(self):
        self.apply()
        (rule,) = self.cloud.only("azurerm_network_security_group")["security_rule"]
        self.assertEqual(rule["source_address_prefix"], "198.51.100.7/32")
        self.assertEqual((rule["destination_port_range"], rule["direction"]), ("22", "Inbound"))

    def test_tags(self):
        self.apply()
        tagged = [state for state in self.cloud.living() if "tags" in state]
        self.assertGreater(len(tagged), 6)
        for state in tagged:
            self.assertEqual(state["tags"]["created-by"], "ai-training-engine")
            self.assertEqual(state["tags"]["run"], "train-demo-beer")

    def test_next_zone_moves_the_machine_alone(self):
        self.apply()
        self.cloud.changed()
        self.apply(zone="eastus-2")
        self.assertEqual(
            {kind for _, kind in self.cloud.changed()}, {MACHINE, "azurerm_role_assignment"}
        )

    def test_service_principal(self):
        principal = {"clientId": "a", "clientSecret": "geheim", "subscriptionId": "s"}
        self.run_folder.write("login.json", json.dumps({**principal, "tenantId": "t"}))
        path = str(self.run_folder.path / "login.json")
        self.apply(credentials_path=path, project=None)
        self.assertEqual(self.run_folder.outputs()["project"], "s")
        self.assertNotIn("geheim", (self.run_folder.path / "terraform.tfstate").read_text())

    def test_refusals(self):
        cases = [
            ({"storage_account_name": "With-Dash"}, "storage_account_name must have 3 to 24"),
            ({"storage_account_name": None}, "storage_account_name is needed on Azure"),
            ({"ssh_public_key": None}, "ssh_public_key is needed on Azure"),
            ({"image": "ubuntu"}, "image must be PUBLISHER:OFFER:SKU:VERSION"),
        ]
        for variables, message in cases:
            with self.subTest(message):
                self.assertIn(message, self.cloud.run_folder().refuse(**variables))
        for bucket in ("missing/beer", "datasets"):
            with self.subTest(bucket):
                folder = self.cloud.run_folder()
                text = folder.refuse("apply", "-auto-approve", dataset_bucket=bucket)
                self.assertIn("dataset_bucket must be ACCOUNT/CONTAINER", text)
