"""How the bootstrap finds the fast disk for /mnt/train."""

import hashlib

from .machine import Case
from .sandbox import Sandbox
from .support import CLOUD_INIT

AGENT = "#!/bin/sh\n"
DIGEST = hashlib.sha256(AGENT.encode()).hexdigest()


class Disks(Case):
    """The fastest disk there is; and no disk with something on it is ever formatted."""

    def mounted(self, disks=(), wanted=("mount ", "mkfs", "mdadm --create"), **env):
        """Runs the bootstrap on a machine with these disks; what was done to them."""
        for disk in disks:
            self.box.write(disk, "")
        self.box.write("/usr/local/bin/train-agent", AGENT)
        self.box.path("/usr/local/bin/train-agent").chmod(0o755)
        self.printed = self.box.run_text(self.text(), "bash", **env)
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

    def test_several_are_striped_by_lvm_where_there_is_no_mdadm(self):
        self.box = Sandbox({"vgcreate": "", "lvcreate": ""})
        (self.box.bin / "mdadm").unlink()
        disks = self.google(3)
        done = self.mounted(disks, wanted=("vgcreate", "lvcreate", "mount "))
        self.assertEqual(done[0], "vgcreate --quiet train " + " ".join(disks))
        self.assertIn("--stripes 3 --extents 100%FREE", done[1])
        self.assertIn("/dev/train/train-data /mnt/train", done[2])

    def test_one_of_several_where_there_is_neither(self):
        (self.box.bin / "mdadm").unlink()
        disks = self.google(2)
        self.assertEqual(self.mounted(disks)[-1], f"mount -o noatime {disks[0]} /mnt/train")
        self.assertIn("neither mdadm nor LVM in this image: of 2 disks only", self.printed)

    def test_a_disk_that_azure_attaches_late(self):
        late = 'root=${0%/bin/*}; echo >> "$root/slept"\n'
        late += (
            'if [ "$(wc -l < "$root/slept")" = 60 ]; then mkdir -p "$root/dev/disk/azure/scsi1"\n'
        )
        late += ': > "$root/dev/disk/azure/scsi1/lun10"; fi'
        self.box = Sandbox({"sleep": late})
        self.box.settings(AGENT_SHA256=DIGEST, CLOUD="azure", DATA_DISK=1)
        done = self.mounted()
        self.assertEqual(done[-1], "mount -o noatime /dev/disk/azure/scsi1/lun10 /mnt/train")

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
