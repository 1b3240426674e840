"""A permissive stand-in proves nothing: what is wrong must be refused, with the right words."""

import re
import unittest

from .support import TERRAFORM, needs_terraform
from .support_cloud import Cloud

# (name, what stands in gcp.tf, what is put there, what Terraform must say)
WRONG = [
    ("misspelt attribute", "force_destroy               = true", "force_destory = true", "Unsupp"),
    (
        "missing attribute",
        "  network                 = google_compute_network.run.name\n",
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
        "member   = google_service_account.run.member",
        "member = google_service_account.run.mail",
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
    ("limit without discard", "&& local.has_local_ssd ?", "&& false ?", "discard_local_ssd is"),
    (
        "bucket with ACLs",
        "uniform_bucket_level_access = true",
        "uniform_bucket_level_access = false",
        "uniform_bucket_level_access must be true",
    ),
    ("public bucket", '"enforced"', '"inherited"', "public_access_prevention must be enforced"),
    ("one more port", 'ports    = ["22"]', 'ports    = ["22", "6006"]', "only tcp 22"),
]


@needs_terraform
class Negative(unittest.TestCase):
    """Every wrong gcp.tf is refused."""

    def test_wrong_configurations(self):
        source = (TERRAFORM / "gcp.tf").read_text()
        with Cloud("gcp") as cloud:
            folder = cloud.run_folder(spot=True)
            folder.run("init")
            for name, old, new, said in WRONG:
                with self.subTest(name):
                    if isinstance(old, re.Pattern):
                        text = old.sub(new, source, count=1)
                    else:
                        text = source.replace(old, new, 1)
                    self.assertNotEqual(text, source)
                    folder.write("gcp.tf", text)
                    printed = folder.run("plan", status=1).replace("│", " ")
                    self.assertRegex(" ".join(printed.split()), said)

    def test_second_creation_is_a_conflict(self):
        with Cloud("gcp") as cloud:
            cloud.run_folder().apply()
            second = cloud.run_folder()
            second.run("init")
            self.assertIn("alreadyExists", second.run("apply", "-auto-approve", status=1))
