"""Files that are whole or not there: for checkpoints, models and results."""

from __future__ import annotations

import itertools
import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Iterator

_numbers = itertools.count()
_STALE_SECONDS = 3600.0


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path to write a file to, and move it to ``path`` once it is written.

        with atomic_path(output_directory / "model.pt") as temporary:
            torch.save(model.state_dict(), temporary)

    The file is forced to disk before it is renamed: whoever reads ``path`` (a resume, the sync)
    sees the old file or the new one, never half of one. Where the block raises, ``path`` stays
    as it was. The temporary name begins with ``.tmp-`` and ends as ``path`` does, since
    ``numpy.savez`` and others look at the suffix. For files, not for directories.

    Raises:
        OSError: no file was written, or it could not be forced to disk or renamed.
    """
    target = Path(os.path.abspath(path))
    # The tail of a long name keeps its suffix and stays below the 255 bytes of file systems.
    name = target.name.encode()[-180:].decode(errors="ignore")
    temporary = target.with_name(f".tmp-{os.getpid()}-{next(_numbers)}-{name}")
    _remove_leftovers(target.parent)
    try:
        yield temporary
        _force_to_disk(temporary)
        # The sync knows a rename by the times, which move in steps of 4 ms: of a last file too.
        mtime = temporary.stat().st_mtime_ns - 10**7
        os.utime(temporary, ns=(mtime, mtime))
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    # A rename alone can be lost in a power cut; the directory holds it.
    with suppress(OSError):
        _force_to_disk(target.parent)


def _force_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(directory: Path) -> None:
    # What killed trainers left half-written would fill the disk. It must be an hour old: who
    # writes it may be alive on another machine that shares the directory.
    for path in directory.glob(".tmp-*-*-*"):
        process = path.name.split("-")[1]
        if process.isdecimal() and not _is_alive(int(process)):
            with suppress(OSError):
                if path.lstat().st_mtime < time.time() - _STALE_SECONDS:
                    path.unlink()


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True
