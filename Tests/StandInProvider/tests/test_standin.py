"""A permissive stand-in proves nothing: what is wrong must be refused, with the right words."""

import datetime
import re
import unittest

from .support import needs_terraform, own_files
from .support_cloud import Cloud

NOW = datetime.datetime.now(datetime.timezone.utc).strftime("%FT%TZ")
# (name, what stands in the files of Google, what is put there, what Terraform must say)
WRONG = [
    ("misspelt attribute", "force_destroy               = true", "force_destory = true", "Unsupp"),
    (
        "missing attribute",
        re.compile(r"  network                 = coalesce\(.*\n"),
        "",
        "Missing required argument",
    ),
    ("missing block", re.compile(r"  boot_disk \{.*?\n  \}\n", re.S), "", "Insufficient boot_disk"),
    ("unknown block", "  soft_delete_policy {", "  soft_delete {", "Unsupported block type"),
    (
        "nested misspelt",
        "      size   = var.disk_size_gb",
        "      sise = 1",
        "Unsupported argument",
    ),
    (
        "wrong type",
        "auto_create_subnetworks = false",
        'auto_create_subnetworks = "no"',
        "a bool is",
    ),
    (
        "computed",
        "  display_name = substr",
        '  email = "x"\n  display_name = substr',
        "onfigur|Inval",
    ),
    (
        "no such resource",
        '"google_compute_network" "run"',
        '"google_network" "run"',
        "Invalid reso",
    ),
    (
        "no such attribute",
        "one(google_service_account.run[*].email)",
        "one(google_service_account.run[*].mail)",
        "Unsupported attribute",
    ),
    ("provider argument", "  region      = local.region", "  regoin = local.region", "Unsupported"),
    ("value of an enum", 'interface = "NVME"', 'interface = "IDE"', "to be one of"),
    (
        "live migration with GPU",
        'local.gpus || var.spot ? "TERMINATE"',
        'false ? "TERMINATE"',
        "do not support live migration",
    ),
    (
        "spot restarts",
        "automatic_restart           = !var.spot",
        "automatic_restart = true",
        "automatic_restart must be false",
    ),
    (
        "illegal count of SSDs",
        "for_each = range(local.ssds)",
        "for_each = range(3)",
        "takes .* local SSDs, not 3",
    ),
    (
        # A plan does not know the time that timestamp() gives: NOW stands there.
        "limit without discard",
        re.compile(r"timeadd\(timestamp\(\), (.*)&& local\.has_local_ssd \?", re.DOTALL),
        rf'timeadd("{NOW}", \1&& false ?',
        "discard_local_ssd is",
    ),
    (
        "bucket with ACLs",
        "uniform_bucket_level_access = true",
        "uniform_bucket_level_access = false",
        "uniform_bucket_level_access must be true",
    ),
    ("public bucket", '"enforced"', '"inherited"', "public_access_prevention must be enforced"),
    ("one more port", 'ports    = ["22"]', 'ports    = ["22", "6006"]', "only tcp 22"),
]


# The same for Azure.
WRONG_AZURE = [
    ("misspelt attribute", "min_tls_version ", "min_tls ", "Unsupported argument"),
    (
        "missing attribute",
        "  network_interface_ids           = [azurerm_network_interface.run.id]\n",
        "",
        "Missing required argument",
    ),
    ("missing block", re.compile(r"  os_disk \{.*?\n  \}\n", re.S), "", "Insufficient os_disk"),
    ("unknown block", "  boot_diagnostics {}", "  boot_diagnostic {}", "Unsupported block type"),
    (
        "no such feature",
        "    persist_id_on_create",
        "    persist_on_create",
        "Unsupported argument",
    ),
    ("value of an enum", '"private"', '"secret"', "to be one of"),
    (
        "wrong type",
        "vtpm_enabled                    = var.secure_boot",
        'vtpm_enabled = "no"',
        "a bool is",
    ),
    ("eviction of no spot machine", 'var.spot ? "Spot" : "Regular"', '"Regular"', "only be spec"),
    ("spot without eviction", 'var.spot ? "Deallocate" : null', "null", "must be specified when p"),
    ("no way to log in", "for_each = var.ssh_public_key[*]", "for_each = []", "one admin_ssh_key"),
    ("one more port", '"22"', '"22-6006"', "only Tcp 22 may be open"),
    ("all the world", "= security_rule.value", '= "*"', "must be said in full"),
    (
        "public blobs",
        "allow_nested_items_to_be_public  = false",
        "allow_nested_items_to_be_public = true",
        "allow_nested_items_to_be_public must be false",
    ),
    (
        "plain HTTP",
        "https_traffic_only_enabled       = true",
        "https_traffic_only_enabled = false",
        "https_traffic_only_enabled must be true",
    ),
]


@needs_terraform
class Negative(unittest.TestCase):
    """Every wrong configuration is refused."""

    def test_wrong_configurations_of_google(self):
        self.refuse_all("gcp", WRONG)

    def test_wrong_configurations_of_azure(self):
        self.refuse_all("azure", WRONG_AZURE)

    def refuse_all(self, name, wrong):
        """Plans each wrong configuration."""
        sources = {file.name: file.read_text() for file in own_files(name)}
        with Cloud(name) as cloud:
            folder = cloud.run_folder(spot=True)
            folder.run("init")
            for name, old, new, said in wrong:
                with self.subTest(name):
                    pattern = old if isinstance(old, re.Pattern) else re.compile(re.escape(old))
                    file = next(name for name, text in sources.items() if pattern.search(text))
                    put = new if isinstance(old, re.Pattern) else lambda _, new=new: new
                    folder.write(file, pattern.sub(put, sources[file], count=1))
                    printed = folder.run("plan", status=1).replace("│", " ")
                    folder.write(file, sources[file])
                    self.assertRegex(" ".join(printed.split()), said)

    def test_second_creation_is_a_conflict(self):
        with Cloud("gcp") as cloud:
            cloud.run_folder().apply()
            second = cloud.run_folder()
            second.run("init")
            self.assertIn("alreadyExists", second.run("apply", "-auto-approve", status=1))

    def test_second_creation_on_azure_is_a_conflict(self):
        with Cloud("azure") as cloud:
            cloud.run_folder().apply()
            second = cloud.run_folder()
            second.run("init")
            text = " ".join(second.run("apply", "-auto-approve", status=1).split())
            self.assertIn("needs to be imported", text)

    def test_azure_removes_no_interface_of_a_machine(self):
        with Cloud("azure") as cloud:
            folder = cloud.run_folder()
            folder.apply()
            folder.run("state", "rm", "azurerm_linux_virtual_machine.run")
            self.assertIn("NicInUse", folder.run("destroy", "-auto-approve", status=1))
