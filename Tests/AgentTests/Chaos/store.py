"""A store that fails: python3 store.py FAULT SEED PROGRAM file-store VERB ARGUMENTS…

Each fault is what a person has seen a cloud's tool do. The objects themselves stay atomic, as
those of every store are.
"""

import os
import random
import subprocess
import sys
import time

from sealed import files_below


def refuse(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)


def some(command, chance):
    """Moves a part of a tree, one object after another, as a tool does that dies in between."""
    verb, source, target = command[2:5]
    if verb not in ("upload", "download"):
        return
    paths = list(files_below(source))
    chance.shuffle(paths)
    for path in paths[: chance.randrange(len(paths) + 1)]:
        name = os.path.join(target, path)
        put = [command[0], "file-store", "put", os.path.join(source, path), name]
        subprocess.run(put, check=False, stderr=subprocess.DEVNULL)


def main():
    fault, seed, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    chance = random.Random(seed)
    if fault == "late":
        time.sleep(chance.random())
    elif fault == "busy":
        refuse("HTTP 429: Too Many Requests")
    elif fault == "unavailable":
        refuse("HTTP 503: Service Unavailable")
    elif fault == "half":
        some(command, chance)
        refuse("Connection reset by peer")
    elif fault == "killed":
        some(command, chance)
        os.kill(os.getpid(), 9)
    elif fault == "cut":
        # The real tool, ended somewhere on its way.
        with subprocess.Popen(command, stdin=sys.stdin, start_new_session=True) as tool:
            try:
                code = tool.wait(timeout=chance.random() * 4)
            except subprocess.TimeoutExpired:
                os.killpg(tool.pid, 9)
                refuse("Connection reset by peer")
        sys.exit(code)
    elif fault == "hang":
        some(command, chance)
        time.sleep(3600)
    elif fault == "no_answer":
        # Done, but the answer never came.
        subprocess.run(command, check=False, stdin=sys.stdin)
        refuse("Connection timed out")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
