"""How the bootstrap finds the fast disk for /mnt/train."""

import hashlib

from .machine import Case
from .support import CLOUD_INIT

AGENT = "#!/bin/sh\n"
DIGEST = hashlib.sha256(AGENT.encode()).hexdigest()


class Disks(Case):
    """The fastest disk there is; and no disk with something on it is ever formatted."""

    def mounted(self, disks=(), **env):
        """Runs the bootstrap on a machine with these disks; what was done to them."""
        for disk in disks:
            self.box.write(disk, "")
        self.box.write("/usr/local/bin/train-agent", AGENT)
        self.box.path("/usr/local/bin/train-agent").chmod(0o755)
        self.box.run_text(self.text(), "bash", **env)
        wanted = ("mount ", "mkfs", "mdadm --create")
        return [call for call in self.box.calls() if call.startswith(wanted)]

    def text(self):
        """The bootstrap, taking plain files for disks."""
        return (CLOUD_INIT / "bootstrap.sh").read_text().replace("-b $disk", "-e $disk")

    def google(self, count, **settings):
        """The names of local SSDs on Google."""
        self.box.settings(AGENT_SHA256=DIGEST, **settings)
        return [f"/dev/disk/by-id/google-local-nvme-ssd-{index}" for index in range(count)]

    def test_one_blank_disk(self):
        (disk,) = disks = self.google(1)
        done = self.mounted(disks)
        self.assertEqual(len(done), 2)
        self.assertTrue(done[0].startswith("mkfs.ext4 -q -F -m 0 -L train-data"))
        self.assertEqual(done[1], f"mount -o noatime {disk} /mnt/train")

    def test_several_are_striped(self):
        done = self.mounted(self.google(3))
        self.assertIn("--level=0 --raid-devices=3 ", done[0])
        self.assertIn("/dev/md/train-data /mnt/train", done[2])

    def test_a_used_disk_is_left_alone(self):
        disks = self.google(2)
        used = " ".join(str(self.box.path(disk)) for disk in disks)
        self.assertEqual(self.mounted(disks, USED=used), [])

    def test_a_formatted_disk_is_mounted_as_it_is(self):
        done = self.mounted(self.google(1), LABELLED="/dev/nvme0n1")
        self.assertEqual(done, ["mount -o noatime /dev/nvme0n1 /mnt/train"])

    def test_a_mounted_disk_stays(self):
        done = self.mounted(self.google(1), MOUNTED=self.box.path("/mnt/train"))
        self.assertEqual(done, [])

    def test_boot_disk_where_there_is_no_other(self):
        self.assertEqual(self.mounted(self.google(0, DATA_DISK=1)), [])

    def test_provisioned_disk_on_google(self):
        self.google(0, DATA_DISK=1)
        done = self.mounted(["/dev/disk/by-id/google-train-data"])
        self.assertIn("mount -o noatime /dev/disk/by-id/google-train-data /mnt/train", done)

    def test_instance_store_of_amazon_goes_before_elastic_disks(self):
        self.box.settings(AGENT_SHA256=DIGEST, CLOUD="aws")
        root = self.box.root
        models = f"{root}/dev/disk/a Amazon Elastic Block Store\n"
        models += f"{root}/dev/disk/b Amazon EC2 NVMe Instance Storage"
        done = self.mounted(["/dev/disk/a", "/dev/disk/b"], MODELS=models)
        self.assertEqual(done[-1], "mount -o noatime /dev/disk/b /mnt/train")

    def test_deep_learning_ami_has_mounted_it_already(self):
        self.box.settings(AGENT_SHA256=DIGEST, CLOUD="aws")
        done = self.mounted(MOUNTED=self.box.path("/opt/dlami/nvme"))
        self.assertEqual(done, ["mount --bind /opt/dlami/nvme/train /mnt/train"])
