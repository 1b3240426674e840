"""Prints what is wrong in a bucket as a JSON list: python3 check.py BUCKET [OUTPUT LOGS].

With the directories of a machine whose writers rest, everything in them must be in the bucket too.
"""

import glob
import json
import os
import re
import sys

from sealed import files_below, flaw, line_flaw


def read(path):
    with open(path, "rb") as file:
        return file.read()


def is_partial(path):
    return re.search(r"\.partial(\.\d+)?$", path) is not None


def objects(bucket, found):
    for path in sorted(files_below(bucket)):
        # Half-written by our own store's child: not an object.
        if os.path.basename(path).startswith(".train-partial-"):
            continue
        wrong = None
        if path.startswith("output/") and not is_partial(path):
            wrong = flaw(read(os.path.join(bucket, path)))
        elif path.startswith("logs/") and ".jsonl" in path:
            wrong = line_flaw(read(os.path.join(bucket, path)))
        if wrong:
            found.append(f"torn: {path} {wrong}")


def manifest(bucket, found):
    path = os.path.join(bucket, "run/manifest.json")
    if not os.path.exists(path):
        return
    named = {entry["path"] for entry in json.loads(read(path))["files"]}
    for name in sorted(named):
        if not os.path.isfile(os.path.join(bucket, name)):
            found.append(f"dangling: the manifest names {name}")
    for name in named:
        if re.search(r"checkpoint-.*/index\.json$", name):
            directory = os.path.dirname(name)
            content = read(os.path.join(bucket, name))
            for part in json.loads(content.partition(b"\n")[2]):
                if f"{directory}/{part}" not in named:
                    found.append(f"promised: {name} without {part}")


def freshness(bucket, root, prefix, found):
    for path in sorted(files_below(root)):
        there = os.path.join(bucket, prefix, path)
        content = read(os.path.join(root, path))
        if os.path.isfile(there) and read(there) == content:
            continue
        # A lost machine's come back as files of their own: the next then has another number.
        partials = glob.glob(glob.escape(there) + ".partial*")
        if any(is_partial(name) and read(name) == content for name in partials):
            continue
        if prefix == "logs" and os.path.isfile(there) and content.startswith(read(there)):
            whole_lines = content[: content.rfind(b"\n") + 1]
            if len(read(there)) >= len(whole_lines):
                continue
        kind = "a half-written file" if flaw(content) and prefix == "output" else "a whole file"
        found.append(f"missing: {prefix}/{path}, {kind}, is not in the bucket as it is")


def main():
    bucket = sys.argv[1]
    found = []
    objects(bucket, found)
    manifest(bucket, found)
    if len(sys.argv) > 2:
        freshness(bucket, sys.argv[2], "output", found)
        freshness(bucket, sys.argv[3], "logs", found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
