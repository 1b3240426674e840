"""Lays out what Terraform needs to run against the stand-in clouds: `python3 mirror.py DIR`.

    DIR/mirror/…            providers google and azurerm (this stand-in), aws where installed
    DIR/terraform.rc        makes Terraform take providers from there and from nowhere else
    DIR/bin/                gcloud and az that know the toy cloud; rclone that knows its accounts;
                            curl that knows what one may do there; terraform that swaps the lock
                            file of the real provider for the stand-in's before init
    DIR/locks/              those lock files
    DIR/cloud/              the toy cloud: one JSON file per resource that lives
    DIR/environment.json    {NAME: VALUE} to set for terraform; null means unset

Prints the same JSON. `terraform init` then needs no network. A .terraform.lock.hcl from elsewhere
does not fit these providers, so DIR/bin/terraform puts theirs in its place. AWS is the real
provider: AWS_ENDPOINT_URL points it to an emulator.
"""

import base64
import hashlib
import json
import os
import pathlib
import platform
import shlex
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
# The versions that gcp.tf and azure.tf ask for; azurerm's schema here was recorded at 4.76.0.
VERSIONS = {"google": "6.50.0", "azurerm": "4.81.0"}
SOURCE = "registry.terraform.io/hashicorp"
# Where a provider may have been put, besides the places Terraform itself looks at.
PROVIDER_FOLDERS = ["~/.terraform.d/plugins", "~/.terraform.d/plugin-cache", "/usr/share/terraform"]
PROVIDER_FOLDERS += ["/usr/local/share/terraform/plugins", "/opt"]


def this_platform():
    """linux_amd64 and the like."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{sys.platform}_{machine}"


def write_stand_in(mirror, name):
    """A provider's executable that is this package in the Python that runs now."""
    folder = mirror / SOURCE / name / VERSIONS[name] / this_platform()
    folder.mkdir(parents=True, exist_ok=True)
    wrapper = folder / f"terraform-provider-{name}_v{VERSIONS[name]}"
    command = shlex.join(["env", f"PYTHONPATH={HERE}", sys.executable, "-m", "standin", name])
    write_script(wrapper, f"exec {command}\n")


def find_aws():
    """The folder of the newest real AWS provider 5.x on this machine, None where there is none."""
    found = []
    asked = os.environ.get("TF_PLUGIN_CACHE_DIR"), os.environ.get("TRAIN_TEST_AWS_PROVIDER")
    for place in [*filter(None, asked), *PROVIDER_FOLDERS]:
        for root, folders, files in os.walk(os.path.expanduser(place)):
            if root.count("/") > 10:
                folders.clear()
            if any(file.startswith("terraform-provider-aws_v5.") for file in files):
                found.append(pathlib.Path(root))
    return max(found, key=lambda path: [int(x) for x in path.parent.name.split(".")], default=None)


def link_aws(mirror):
    """The real AWS provider in the mirror; whether there is one."""
    real = find_aws()
    if real is None:
        return False
    folder = mirror / SOURCE / "aws" / real.parent.name / real.name
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        folder.symlink_to(real)
    return True


def write_tools(folder):
    """The clouds' own command line tools, as far as the launcher asks them (cloud_tool.py)."""
    folder.mkdir(exist_ok=True)
    for name in ("gcloud", "az"):
        command = shlex.join([sys.executable, str(HERE / "cloud_tool.py"), name])
        write_script(folder / name, f'exec {command} "$@"\n')
    curl = shutil.which("curl")
    if curl:
        command = shlex.join([sys.executable, str(HERE / "cloud_tool.py"), "curl"])
        mine = f'case "$*" in *cloudresourcemanager.googleapis.com*) exec {command} "$@" ;; esac\n'
        write_script(folder / "curl", f'{mine}exec {shlex.quote(curl)} "$@"\n')
    rclone = shutil.which("rclone")
    if rclone:
        # For an emulator rclone takes the endpoint as it stands, whichever account it is told.
        account = "RCLONE_CONFIG_TRAINAZ_ACCOUNT"
        endpoint = f'RCLONE_CONFIG_TRAINAZ_ENDPOINT="$TFSHIM_AZURE_BLOB/${account}"'
        choose = f'if [ "$TFSHIM_AZURE_BLOB" ] && [ "${account}" ]; then export {endpoint}; fi\n'
        write_script(folder / "rclone", f'{choose}exec {shlex.quote(rclone)} "$@"\n')


def unpacked_hash(folder):
    """Terraform's h1 of a provider's folder (golang.org/x/mod/sumdb/dirhash, Hash1)."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    digest = hashlib.sha256("".join(lines).encode()).digest()
    return "h1:" + base64.b64encode(digest).decode()


def write_locks(directory, mirror):
    """A lock file for each stand-in, and a terraform that uses it for init."""
    locks = directory / "locks"
    locks.mkdir(exist_ok=True)
    swaps = ""
    for name, version in VERSIONS.items():
        source = f"{SOURCE}/{name}"
        found = unpacked_hash(mirror / source / version / this_platform())
        lock = locks / f"{name}.hcl"
        lock.write_text(
            f'provider "{source}" {{\n  version     = "{version}"\n'
            f'  constraints = "{version}"\n  hashes = [\n    "{found}",\n  ]\n}}\n'
        )
        swap = shlex.join(["cp", str(lock), ".terraform.lock.hcl"])
        swaps += f"  if grep -q {source} .terraform.lock.hcl; then {swap}; fi\n"
    terraform = shlex.quote(shutil.which("terraform"))
    swaps = f'if [ "$1" = init ] && [ -f .terraform.lock.hcl ]; then\n{swaps}fi\n'
    write_script(directory / "bin" / "terraform", f'{swaps}exec {terraform} "$@"\n')


def write_script(path, text):
    """An executable of sh."""
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def lay_out(directory):
    """Everything below one directory; what to set for terraform."""
    directory = pathlib.Path(directory).resolve()
    mirror = directory / "mirror"
    (directory / "cloud").mkdir(parents=True, exist_ok=True)
    for name in VERSIONS:
        write_stand_in(mirror, name)
    has_aws = link_aws(mirror)
    write_tools(directory / "bin")
    write_locks(directory, mirror)
    settings = directory / "terraform.rc"
    place = json.dumps(str(mirror))
    settings.write_text(
        "disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n"
        f'    path    = {place}\n    include = ["{SOURCE}/*"]\n  }}\n}}\n'
    )
    environment = {
        "PATH": f"{directory / 'bin'}:{os.environ.get('PATH', os.defpath)}",
        "TF_CLI_CONFIG_FILE": str(settings),
        "CHECKPOINT_DISABLE": "1",
        "TF_INPUT": "0",
        "TF_IN_AUTOMATION": "1",
        "TF_PLUGIN_CACHE_DIR": None,
        "TF_REATTACH_PROVIDERS": None,
        "TFSHIM_CLOUD": str(directory / "cloud"),
        "TFSHIM_LOG": str(directory / "operations.jsonl"),
        "TFSHIM_FAULTS": str(directory / "faults.json"),
        "TRAIN_TEST_HAS_AWS": "1" if has_aws else None,
    }
    (directory / "environment.json").write_text(json.dumps(environment, indent=2) + "\n")
    return environment


def main():
    """The command line."""
    if len(sys.argv) != 2:
        sys.exit("usage: mirror.py DIR")
    try:
        import cryptography  # noqa: F401
        import tf  # noqa: F401
    except ImportError as error:
        sys.exit(f"mirror.py: {error}: pip install -r {HERE / 'requirements.txt'}")
    if not shutil.which("terraform"):
        sys.exit("mirror.py: terraform is not installed")
    print(json.dumps(lay_out(sys.argv[1]), indent=2))


if __name__ == "__main__":
    main()
