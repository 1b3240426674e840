"""azure.tf against Azure's recorded schema."""

import base64
import datetime
import json
import unittest

from standin.azure import stable_uuid

from .support import KEY, needs_terraform
from .support_cloud import Cloud

MACHINE = "azurerm_linux_virtual_machine"


@needs_terraform
class Azure(unittest.TestCase):
    """Each test has a cloud of its own."""

    SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111"

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
        left = [one for one in self.cloud.living() if one.get("scope") != self.SUBSCRIPTION]
        self.assertEqual(left, [])

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
        self.assertEqual(len(grants), 5)
        self.assertIn((containers + "code", "Storage Blob Data Reader"), grants)
        self.assertIn((containers + "output", "Storage Blob Data Contributor"), grants)
        self.assertIn((machine["id"], "Desktop Virtualization Power On Off Contributor"), grants)
        self.assertTrue(any("/datasets/" in scope for scope, _ in grants))
        schedule = self.cloud.only("azurerm_dev_test_global_vm_shutdown_schedule")
        self.assertIn((schedule["id"], "Virtual Machine Contributor"), grants)
        # A role of its own could be made by owners alone, and would outlive its group
        self.assertEqual(self.cloud.living("azurerm_role_definition"), [])

    def test_a_folder_of_the_dataset_s_container_is_all_that_is_granted(self):
        self.apply(dataset_prefix="sets/beer")
        conditions = {
            grant["scope"].rsplit("/", 1)[-1]: (grant["condition"], grant["condition_version"])
            for grant in self.cloud.living("azurerm_role_assignment")
            if "/containers/" in grant["scope"]
        }
        blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
        read, listing = f"ActionMatches{{'{blobs}/read'}}", "SubOperationMatches{'Blob.List'}"
        expected = " AND ".join(
            f"(!({read} AND {operation}) OR ({name} StringEquals 'sets/beer' "
            f"OR {name} StringStartsWith 'sets/beer/'))"
            for operation, name in [
                (f"NOT {listing}", f"@Resource[{blobs}:path]"),
                (listing, f"@Request[{blobs}:prefix]"),
            ]
        )
        self.assertEqual(conditions.pop("beer"), (expected, "2.0"))
        self.assertEqual(set(conditions), {"code", "output"})
        self.assertEqual([condition for condition, _ in conditions.values()], [None, None])

    def test_the_machine_is_shut_down_from_outside(self):
        before = datetime.datetime.now(datetime.timezone.utc)
        self.apply()
        schedule = self.cloud.only("azurerm_dev_test_global_vm_shutdown_schedule")
        self.assertEqual(schedule["virtual_machine_id"], self.cloud.only(MACHINE)["id"])
        hour, minute = divmod(int(schedule["daily_recurrence_time"]), 100)
        ahead = (hour * 60 + minute) - (before.hour * 60 + before.minute)
        self.assertLess(abs(ahead % 1440 - 23 * 60), 3)
        self.assertEqual(schedule["timezone"], "UTC")

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
            {kind for _, kind in self.cloud.changed()},
            {
                MACHINE,
                "azurerm_role_assignment",
                "azurerm_dev_test_global_vm_shutdown_schedule",
            },
        )

    def test_a_contributor_starts_with_an_identity_of_an_administrators(self):
        # Whoever is Contributor alone may assign no role
        self.cloud.fail({"fault": "no_role_to_give", "type": "azurerm_role_assignment"})
        self.assertIn("roleAssignments/write", self.run_folder.refuse("apply", "-auto-approve"))
        role = {"role_definition_name": "Storage Blob Data Contributor"}
        role |= {"principal_id": stable_uuid("owner"), "scope": self.SUBSCRIPTION}
        given = self.cloud.files / "azurerm_role_assignment@administrator.json"
        given.write_text(json.dumps(role))
        identity = self.SUBSCRIPTION + "/resourceGroups/train"
        identity += "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/machine"
        self.apply(identity=identity)
        self.assertEqual(self.cloud.living("azurerm_role_assignment"), [role])
        self.assertEqual(self.cloud.living("azurerm_user_assigned_identity"), [])
        machine = self.cloud.only(MACHINE)
        self.assertEqual(machine["identity"][0]["identity_ids"], [identity])
        user_data = base64.b64decode(machine["custom_data"]).decode()
        self.assertIn(f"RCLONE_AZUREBLOB_MSI_MI_RES_ID={identity}", user_data)

    def test_a_subnet_of_the_users_own_without_address_or_way_in(self):
        subnet = "/subscriptions/s/resourceGroups/n/providers/Microsoft.Network/virtualNetworks/v"
        self.apply(subnet=subnet + "/subnets/gpu", public_address=False, ssh_cidr=None)
        for kind in ("virtual_network", "subnet", "public_ip"):
            self.assertEqual(self.cloud.living(f"azurerm_{kind}"), [])
        (place,) = self.cloud.only("azurerm_network_interface")["ip_configuration"]
        self.assertEqual(place["subnet_id"], subnet + "/subnets/gpu")
        self.assertFalse(place["public_ip_address_id"])
        self.assertEqual(self.cloud.only("azurerm_network_security_group")["security_rule"], [])
        self.assertEqual(self.run_folder.outputs()["public_ip"], "")

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
            ({"dataset_prefix": "it's"}, "dataset_prefix must have no quote"),
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
