"""The dataset: reading it, splitting it, and drawing batches from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy

SEED = 1998
HELD_BACK = 0.2


class Digits(NamedTuple):
    """Images as rows of 64 numbers from 0 to 1, and the digits they show."""

    images: numpy.ndarray
    labels: numpy.ndarray


def load_digits(dataset_directory: Path) -> tuple[Digits, Digits]:
    """Read digits.csv.gz and split it, always in the same way: to train with, held back.

    Raises:
        FileNotFoundError: the dataset directory has no such file.
        ValueError: the file holds something else.
    """
    path = dataset_directory / "digits.csv.gz"
    if not path.is_file():
        raise FileNotFoundError(f"the dataset has no {path.name}: {dataset_directory}")
    rows = numpy.loadtxt(str(path), delimiter=",", ndmin=2)
    if rows.shape[1] != 65:
        raise ValueError(f"{path} must have 65 columns, not {rows.shape[1]}")
    order = numpy.random.default_rng(SEED).permutation(len(rows))
    digits = Digits(rows[order, :64] / 16, rows[order, 64].astype(int))
    cut = int(len(rows) * HELD_BACK)
    return (
        Digits(digits.images[cut:], digits.labels[cut:]),
        Digits(digits.images[:cut], digits.labels[:cut]),
    )


def batches(digits: Digits, size: int, epoch: int) -> Iterator[Digits]:
    """Give the digits in an order of this epoch, some of them moved by one pixel.

    The order depends on the epoch alone, not on what was drawn before: a training that goes on
    from a checkpoint sees what an uninterrupted one would have seen.
    """
    random = numpy.random.default_rng([SEED, epoch])
    order = random.permutation(len(digits.labels))
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        down, right = random.choice(3, size=(2, len(chosen)), p=[0.05, 0.9, 0.05])
        yield Digits(_moved(digits.images[chosen], down, right), digits.labels[chosen])


def _moved(images: numpy.ndarray, down: numpy.ndarray, right: numpy.ndarray) -> numpy.ndarray:
    """Cut 8x8 pixels out of each image with a border of one; 1 and 1 cut out the image itself."""
    bordered = numpy.pad(images.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    pixels = numpy.arange(8)
    rows = (down[:, None] + pixels)[:, :, None]
    columns = (right[:, None] + pixels)[:, None, :]
    return bordered[numpy.arange(len(images))[:, None, None], rows, columns].reshape(-1, 64)
