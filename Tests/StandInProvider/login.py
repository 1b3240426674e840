"""Boots a machine (boot.py) that one can log in to: `python3 login.py CLOUD DIR ADDRESS`.

A real sshd listens on port 22 of that loopback address, with the user data's key for the user
`train` and a host key made for this machine, which stands in /etc/ssh as on a real one: so the
agent tells it through the bucket. All of it lives in mount and process namespaces of its own and
ends with the agent. DIR/sshd_config may be changed; SIGHUP to the sshd makes it count.

`systemctl kill` of the agent and `sudo` are scripts: there is no systemd here (see Tests/Machine).
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import boot

INSIDE = "TRAIN_TEST_INSIDE"
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin")

CONFIGURATION = """ListenAddress {address}
Port 22
HostKey {etc}/ssh_host_ed25519_key
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
AuthorizedKeysFile {root}/authorized_keys
SetEnv PATH={root}/bin:/usr/bin:/bin
"""
SYSTEMCTL = """#!/bin/sh
[ "$*" = "kill --kill-who=main --signal=TERM train-agent" ] || { echo "systemctl $*" >&2; exit 1; }
exec kill -TERM "$(cat ROOT/agent.pid)"
"""


def missing():
    """Why this cannot run here; None if it can."""
    if SSHD is None:
        return "sshd is not installed (openssh-server)"
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return "a machine to log in to needs root and unshare"
    made = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], check=False)
    return "namespaces are not allowed here" if made.returncode else None


def write(path, text, mode=0o644):
    """One file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def furnish(root, key, address):
    """The machine's /etc/ssh, /etc/passwd, tools and sshd_config."""
    etc = root / "etc-ssh"
    etc.mkdir(parents=True)
    for name in ("ssh_host_ed25519_key", "impostor_key"):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", etc / name]
        subprocess.run(make, check=True)
    write(root / "authorized_keys", key + "\n", 0o600)
    # The machine's owner here, since who runs the agent must be able to stop it
    accounts = pathlib.Path("/etc/passwd").read_text()
    accounts = re.sub(r"^train:.*\n", "", accounts, flags=re.MULTILINE)
    write(root / "passwd", accounts + f"train:x:0:0:Training:{root}:/bin/sh\n")
    write(root / "bin" / "sudo", '#!/bin/sh\nexec "$@"\n', 0o755)
    write(root / "bin" / "systemctl", SYSTEMCTL.replace("ROOT", str(root)), 0o755)
    write(root / "sshd_config", CONFIGURATION.format(address=address, etc=etc, root=root))
    for mine, theirs in ((etc, "/etc/ssh"), (root / "passwd", "/etc/passwd")):
        subprocess.run(["mount", "--bind", mine, theirs], check=True)
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)


def main():
    """The command line."""
    reason = missing()
    if reason:
        sys.exit(f"login.py: {reason}")
    if sys.argv[1:] == ["--check"]:
        return
    cloud, directory, address = sys.argv[1:]
    if INSIDE not in os.environ:
        alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        environment = {**os.environ, INSIDE: "1"}
        os.execvpe("unshare", [*alone, sys.executable, *sys.argv], environment)
    root = pathlib.Path(directory).resolve()
    key = json.loads(
        re.search(r"ssh_authorized_keys: (\[.*\])", boot.user_data(cloud, 60)).group(1)
    )[0]
    furnish(root, key, address)
    with open(root / "sshd.log", "w") as log:
        subprocess.Popen([SSHD, "-D", "-e", "-f", root / "sshd_config"], stderr=log)
    machine = [sys.executable, boot.__file__, cloud, directory]
    sys.exit(subprocess.run(machine, check=False).returncode)


if __name__ == "__main__":
    main()
