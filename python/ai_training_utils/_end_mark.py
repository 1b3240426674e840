"""A line for each Python process that ends by itself, from which the agent knows who closed a file.

Python calls what ``atexit`` has at the end of a program, at ``sys.exit``, and after an exception
that nobody caught; it does not where a signal or ``os._exit`` ends the process. A checkpoint that
was closed a moment before such an end is whole, although its writer is gone when the agent looks.
"""

import os
import time

_NAME = "ends"
_MOST_FILES = 200
# Lower than the priorities of multiprocessing's own: what it joins and flushes comes first.
_LAST = -100


def started():
    """Return when this process started, in clock ticks: with its number that names it."""
    with open("/proc/self/stat", "rb") as file:
        # Field 22, counted behind the name, which may hold anything: see proc(5).
        return int(file.read().rpartition(b")")[2].split()[19])


def mark():
    """Append number, start and time of this process, and the inodes that it has open for writing.

    Called last, so what is open now is closed by nobody who knows whether it is whole.
    """
    try:
        inodes = sorted(_written())
        if len(inodes) > _MOST_FILES:
            return
        words = [os.getpid(), started(), time.time_ns(), *inodes]
        path = os.path.join(os.environ["AI_TRAINING_OBSERVER_DIRECTORY"], _NAME)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            os.write(descriptor, (" ".join(map(str, words)) + "\n").encode())
        finally:
            os.close(descriptor)
    except Exception:
        # Without a line the agent waits until two of its looks saw the files unchanged.
        pass


def _written():
    import fcntl
    import stat

    inodes = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            information = os.fstat(int(name))
            access = fcntl.fcntl(int(name), fcntl.F_GETFL) & os.O_ACCMODE
        except OSError:
            # That of the listing itself.
            continue
        if stat.S_ISREG(information.st_mode) and access != os.O_RDONLY:
            inodes.add(information.st_ino)
    # A mapping outlives its descriptor: "address rw-s offset device inode path".
    with open("/proc/self/maps", "rb") as maps:
        for line in maps:
            fields = line.split(None, 5)
            if fields[1][1:2] == b"w" and fields[1][3:4] == b"s" and fields[4] != b"0":
                inodes.add(int(fields[4]))
    return inodes


def install(module):
    """Mark the end of multiprocessing's workers: they leave by ``os._exit``, without ``atexit``."""
    module.register_after_fork(mark, lambda _: module.Finalize(None, mark, exitpriority=_LAST))
