"""CRC32C of one large file on one core: the agent against google-crc32c, gsutil's own choice.

python3 Benchmarks/crc32c/run.py AGENT [GIGABYTES]

Both read the same file from memory (/dev/shm), in turns, five times each; the best of each counts.
The agent starts, lists a directory with one file in it and ends, all of which is in its time.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

PEER = """
import google_crc32c, sys
assert google_crc32c.implementation == "c"
checksum = google_crc32c.Checksum()
with open(sys.argv[1], "rb", buffering=0) as file:
    while piece := file.read(1 << 20):
        checksum.update(piece)
print(int.from_bytes(checksum.digest(), "big"))
"""


def seconds(command):
    """How long it takes on the first core, and what it prints."""
    start = time.monotonic()
    ran = subprocess.run(
        ["taskset", "--cpu-list", "0", *command], stdout=subprocess.PIPE, text=True, check=True
    )
    return time.monotonic() - start, ran.stdout


def main():
    agent, size = sys.argv[1], float((sys.argv[2:] or ["1"])[0])
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        file = pathlib.Path(folder, "big")
        piece = os.urandom(1 << 20)
        with open(file, "wb") as output:
            for _ in range(round(size * 1e9) >> 20):
                output.write(piece)
        bytes_there = file.stat().st_size
        commands = {
            "train-agent": [agent, "file-store", "list", folder],
            "google-crc32c": [sys.executable, "-c", PEER, str(file)],
        }
        best, said = {}, {}
        for _ in range(5):
            for name, command in commands.items():
                time_taken, said[name] = seconds(command)
                best[name] = min(best.get(name, time_taken), time_taken)
        if said["google-crc32c"].strip() not in said["train-agent"]:
            sys.exit("the two checksums differ")
        for name, time_taken in best.items():
            print(f"{name}: {bytes_there / time_taken / 1e9:.2f} GB/s on one core")


if __name__ == "__main__":
    main()
