#!/usr/bin/python3
"""Stands in for train-agent in the tests of the bootstrap; the job says what becomes of it.

finish: ends well. crash: dies at its first start, ends well at the second one. train: goes on until
SIGTERM, then uploads to the bucket once more and ends well. hang: takes no notice of SIGTERM.
"""

import json
import os
import signal
import sys
import time
import urllib.request

TOKEN = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
UPLOAD = "https://storage.googleapis.com/upload/storage/v1/b/run-output/o?uploadType=media&name="


def say(*words):
    # print() fails in a signal handler that came while the program was printing (RuntimeError).
    os.write(1, " ".join(["agent", *words]).encode() + b"\n")


def upload(name):
    """One object, the way the machine's clients do it."""
    asked = urllib.request.Request(TOKEN, headers={"Metadata-Flavor": "Google"})
    token = json.load(urllib.request.urlopen(asked, timeout=10))["access_token"]
    headers = {"Authorization": "Bearer " + token}
    urllib.request.urlopen(
        urllib.request.Request(UPLOAD + name, b"last words", headers), timeout=10
    ).close()


def stopped(*_):
    say("got SIGTERM")
    time.sleep(2)  # a trainer saves its checkpoint
    upload("output/last")
    say("has synced")
    sys.exit(0)


with open(sys.argv[sys.argv.index("--job") + 1]) as file:
    task = json.load(file)["task"]
if task == "hang":
    signal.signal(signal.SIGTERM, lambda *_: say("takes no notice"))
if task == "train":
    signal.signal(signal.SIGTERM, stopped)
say("starts with task", task, "in", os.getcwd())
if task == "crash" and not os.path.exists("crashed"):
    with open("crashed", "w"):
        pass
    say("crashes")
    os.kill(os.getpid(), signal.SIGKILL)
while task in ("train", "hang"):
    time.sleep(0.2)
say("is done")
