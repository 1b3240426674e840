"""The machine itself: it boots, learns what its cloud tells it, and ends in every way."""

from __future__ import annotations

import base64
import gzip

from .support import MachineTest, needs

ECHO = '#!/bin/sh\nsay() { echo "$*" > /dev/console; }\n'
GOOGLE = "http://metadata.google.internal/computeMetadata/v1/instance"
AMAZON = "http://169.254.169.254/latest"
STATUS = "curl -s -o /dev/null -w '%{http_code}' --max-time 10"
ASK = f"{STATUS} -H Metadata-Flavor:Google {GOOGLE}/id"

GCE_SCRIPT = f"""{ECHO}
say plain=$({STATUS} {GOOGLE}/id)
say own=$({STATUS} -H Metadata-Flavor:Google {GOOGLE}/attributes/user-data)
say token=$(curl -s -H Metadata-Flavor:Google {GOOGLE}/service-accounts/default/token)
say outside=$({STATUS} https://example.com || true)
"""

EC2_SCRIPT = f"""{ECHO}
say plain=$({STATUS} {AMAZON}/meta-data/instance-id)
token=$(curl -s -X PUT -H X-aws-ec2-metadata-token-ttl-seconds:60 {AMAZON}/api/token)
ask() {{ curl -s -H "X-aws-ec2-metadata-token: $token" {AMAZON}/meta-data/$1; }}
say instance=$(ask instance-id)
say role=$(ask iam/security-credentials/)
say login=$(ask iam/security-credentials/run)
systemctl --no-block poweroff
"""

# It stops only after it has reached the network once more, as an agent with a last sync does.
LAST_WORDS = f"""[Unit]
Wants=network-online.target
After=network-online.target
[Service]
ExecStart=/bin/sh -c 'echo unit is up > /dev/console; exec sleep 1000'
ExecStop=/bin/sh -c 'echo last=$({ASK.replace("%", "%%")}) > /dev/console'
TimeoutStopSec=25
[Install]
WantedBy=multi-user.target
"""


def cloud_config(script: str, when: str = "runcmd") -> str:
    """User-data that runs a script."""
    body = "\n".join("  " + line for line in script.splitlines())
    return f"#cloud-config\n{when}:\n- |\n{body}\n"


@needs("container")
class Booting(MachineTest):
    """One test for each kind of machine, and one for each kind of end."""

    def test_google_with_cloud_init(self) -> None:
        script = GCE_SCRIPT + "sync; systemctl --no-block poweroff\n"
        machine = self.machine(
            "gce", {"user-data": cloud_config(script), "enable-guest-attributes": "TRUE"}
        )
        self.run_once(machine)
        self.assert_seen(machine, "plain=403")
        self.assert_seen(machine, "own=200")
        self.assert_seen(machine, r'token=\{"access_token": "the-account.s-token"')
        self.assert_seen(machine, "outside=000")
        self.assertIn("hostkeys/ssh-ed25519", machine.metadata.guest_attributes)

    def test_google_without_cloud_init(self) -> None:
        script = f"{ECHO}say startup script $(cat /var/count; echo >> /var/count)\n"
        script += "systemctl --no-block poweroff\n"
        machine = self.machine(
            "gce-guest-agent",
            {
                "startup-script": script,
                "shutdown-script": f"{ECHO}say bye=$({ASK})",
                "user-data": cloud_config(f"{ECHO}say cloud-init is here"),
            },
        )
        self.run_once(machine)
        self.run_once(machine)
        self.assertEqual(machine.log.count("console startup script"), 2)
        self.assertEqual(machine.log.count("console bye=200"), 2, self.tail(machine))
        self.assertIsNone(machine.log.find("cloud-init is here"))

    def test_amazon(self) -> None:
        packed = base64.b64encode(gzip.compress(cloud_config(EC2_SCRIPT).encode())).decode()
        machine = self.machine("ec2", {"user_data_base64": packed})
        self.run_once(machine)
        self.assert_seen(machine, "plain=401")
        self.assert_seen(machine, "instance=i-0abcdef1234567890")
        self.assert_seen(machine, "role=run")
        self.assert_seen(machine, 'login=.*"SecretAccessKey": "testing"')

    def test_the_network_outlives_a_unit_that_wants_it(self) -> None:
        machine = self.machine(
            "gce",
            {},
            files={"etc/systemd/system/last.service": (LAST_WORDS, 0o644)},
            links={"etc/systemd/system/multi-user.target.wants/last.service": "../last.service"},
        )
        machine.on("console unit is up", "powerdown")
        self.run_once(machine)
        self.assert_seen(machine, "console last=200")

    def test_a_reboot_is_no_end(self) -> None:
        script = f"{ECHO}say boot $(cat /proc/sys/kernel/random/boot_id)\n"
        script += "if [ -e /var/once ]; then systemctl --no-block poweroff; "
        script += "else touch /var/once; sync; systemctl --no-block reboot; fi\n"
        machine = self.machine("gce", {"user-data": cloud_config(script, "bootcmd")})
        self.run_once(machine)
        self.assertEqual([boot.how for boot in machine.boots], ["reboot", "power-off"])

    def test_the_power_can_be_cut(self) -> None:
        machine = self.machine("gce", {"user-data": cloud_config(f"{ECHO}say here", "bootcmd")})
        machine.on("console here", "cut")
        machine.start()
        self.assertEqual(machine.wait(60), "cut", self.tail(machine))

    def test_a_machine_that_stays_on_is_a_timeout(self) -> None:
        machine = self.machine("gce", {})
        machine.start()
        self.assertEqual(machine.wait(3), "timeout")
