"""What a process and those below it cost, read from /proc."""

import os
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")


class Tree(threading.Thread):
    """Watches the descendants of a process: how many there were, their memory and time."""

    def __init__(self, root, with_root):
        super().__init__(daemon=True)
        self.root, self.with_root = root, with_root
        self.seen, self.cpu, self.peak = set(), {}, 0
        self.running = True

    def look(self):
        parents, memory = {}, {}
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b") ")[2].split()
            except OSError:
                continue
            pid = int(name)
            parents[pid] = int(fields[1])
            memory[pid] = int(fields[21]) * 4096
            self.cpu[pid] = (int(fields[11]) + int(fields[12])) / TICK
        family = {self.root}
        grown = True
        while grown:
            more = {pid for pid, parent in parents.items() if parent in family} - family
            family |= more
            grown = bool(more)
        family &= set(parents)
        counted = family if self.with_root else family - {self.root}
        self.seen |= counted
        self.peak = max(self.peak, sum(memory[pid] for pid in counted))

    def run(self):
        while self.running:
            self.look()
            time.sleep(0.02)

    def stop(self):
        self.running = False
        self.join()


def cpu_of(pid):
    """Of a process and of its children that have ended."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b") ")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICK
