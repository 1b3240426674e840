"""checkov over the HCL: every finding is mended, or skipped with a reason beside it."""

import json
import os
import re
import shutil
import subprocess
import unittest

from .support import CLOUDS, TERRAFORM, RunFolder

CHECKOV = os.environ.get("TRAIN_TEST_CHECKOV") or shutil.which("checkov")


@unittest.skipUnless(CHECKOV, "checkov is not installed (TRAIN_TEST_CHECKOV names it)")
class Checkov(unittest.TestCase):
    """One scan for each cloud."""

    def test_no_finding(self):
        for cloud in CLOUDS:
            with self.subTest(cloud):
                folder = RunFolder(cloud, {}).path
                command = [CHECKOV, "--directory", str(folder), "--framework", "terraform"]
                command += ["--output", "json", "--compact", "--quiet", "--skip-download"]
                ran = subprocess.run(command, capture_output=True, text=True, check=False)
                found = json.loads(ran.stdout)
                self.assertGreater(found["summary"]["passed"], 10)
                failed = found["results"]["failed_checks"]
                self.assertEqual([(one["check_id"], one["resource"]) for one in failed], [])

    def test_every_skip_has_a_reason(self):
        for path in TERRAFORM.glob("*.tf"):
            for skip in re.findall(r"#checkov:skip=.*", path.read_text()):
                self.assertRegex(skip, r"^#checkov:skip=CKV2?_\w+:[A-Za-z].{15,}\.$")
