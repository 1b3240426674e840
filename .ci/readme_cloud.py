"""Runs the README's "real cloud" commands as they stand there, against the stand-in Google cloud.

A folder with the example's code under the README's name, an emulated bucket with its dataset that
opens to key.json alone, Terraform with the stand-in provider, and an agent that boots from what was
sent to the cloud. Afterwards the model must be here and nothing may live in the cloud.
"""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
EMULATORS = ROOT / "Tests" / "Emulators"
STAND_INS = ROOT / "Tests" / "StandInProvider"
sys.path.insert(0, str(STAND_INS))


def missing():
    """Why this cannot run here; None if it can."""
    for tool in ("terraform", "gsutil", "ssh-keygen"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    try:
        import cryptography  # noqa: F401
        import tf  # noqa: F401
    except ImportError as error:
        return str(error)
    return None


def start_emulator(folder):
    """An emulated store; its HTTP port and what its clients need in their environment."""
    told = folder / "ports.json"
    command = [sys.executable, str(EMULATORS / "google"), "--access", "key"]
    command += ["--token", "machine", "--tls-port", "0", "--data", str(folder)]
    command += ["--port-file", str(told), "--parent-pid", str(os.getpid())]
    emulator = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not told.exists():
        if emulator.poll() is not None:
            sys.exit("the emulator did not start")
        time.sleep(0.05)
    ports = json.loads(told.read_text())
    environment = {**ports["environment"], **dict.fromkeys(ports["unset"])}
    return emulator, ports["http"], environment


def fill_bucket(port, name, folder):
    """A bucket with a folder's files."""
    base = f"http://127.0.0.1:{port}/_emu"
    post(f"{base}/bucket", json.dumps({"name": name}).encode())
    for file in folder.rglob("*"):
        if file.is_file():
            place = urllib.parse.urlencode({"bucket": name, "name": str(file.relative_to(folder))})
            post(f"{base}/object?{place}", file.read_bytes())


def post(url, body):
    """One of the tests' own requests to the emulator."""
    urllib.request.urlopen(urllib.request.Request(url, method="POST", data=body)).close()


def main():
    """Sets the stage, runs the README's block, looks at what it left."""
    import mirror

    folder = pathlib.Path(tempfile.mkdtemp(prefix="readme-cloud-"))
    emulator, port, environment = start_emulator(folder / "store")
    machine = None
    try:
        fill_bucket(port, "beer-data", ROOT / "Examples" / "digits" / "dataset")
        environment |= mirror.lay_out(folder / "cloud")
        environment |= {
            "GOOGLE_STORAGE_CUSTOM_ENDPOINT": f"http://127.0.0.1:{port}/storage/v1/",
            "TFSHIM_STORE_TOKEN": "machine",
            "XDG_STATE_HOME": str(folder / "state"),
        }
        # The launcher asks curl for this computer's public address: there may be no network here.
        curl = folder / "cloud" / "bin" / "curl"
        rights = shlex.quote(str(curl.rename(curl.with_name("curl-rights"))))
        ask = f'case "$*" in *cloudresourcemanager*) exec {rights} "$@" ;; esac\n'
        mirror.write_script(curl, f"{ask}echo 198.51.100.7\n")
        environment["PATH"] = f"{ROOT / '.build' / 'release'}:{environment['PATH']}"
        env = {k: v for k, v in {**os.environ, **environment}.items() if v is not None}
        desk = folder / "desk"
        shutil.copytree(ROOT / "Examples" / "digits" / "classifier", desk / "classifier")
        shutil.copy(folder / "store" / "key.json", desk)
        boot = [sys.executable, str(STAND_INS / "boot.py"), "gcp"]
        boot += [str(folder / "machine"), "--wait", "300"]
        machine = subprocess.Popen(boot, env=env, stdout=subprocess.DEVNULL, stderr=2)
        block = subprocess.check_output([ROOT / ".ci" / "readme-command", "cloud"], text=True)
        subprocess.run(["bash", "-eu"], input=block, text=True, cwd=desk, env=env, check=True)
        assert machine.wait(60) == 0, "the agent failed"
        (model,) = desk.glob("*_classifier_beer/output/model.npz")
        assert model.stat().st_size > 0
        left = sorted(path.name for path in (folder / "cloud" / "cloud").glob("*.json"))
        assert left == [], f"this is left in the cloud: {left}"
    finally:
        for process in filter(None, (machine, emulator)):
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    reason = missing()
    if reason:
        print(f"skipped: {reason}")
    else:
        main()
