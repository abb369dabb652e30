"""COCO RLE masks from files, validated before any C code reads them."""

from __future__ import annotations

from typing import Any

import numpy as np

from momentvos.data.formats.entry import Entry
from momentvos.masklet import MAX_PIXELS


def size(entry: Entry) -> tuple[int, int]:
    """Read an RLE's (height, width). Raises BrokenEntry."""
    stated = entry["size"].list()
    # SA-V writes whole numbers as 848.0
    good = len(stated) == 2 and all(type(one) in (int, float) and one == one // 1 for one in stated)
    if not good or min(stated) < 1 or stated[0] * stated[1] > MAX_PIXELS:
        raise entry["size"].broken(f"is {str(stated)[:60]}, which is no size of a mask")
    return int(stated[0]), int(stated[1])


def check(entry: Entry, expected: tuple[int, int]) -> np.ndarray:
    """Validate a compressed or plain RLE and return its run lengths, background first.

    Raises BrokenEntry where the RLE is malformed, or not of (height, width) `expected`.
    """
    stated = size(entry)
    if stated != expected:
        raise entry.broken(
            f"is a mask of {stated[1]} x {stated[0]} pixels in a video of "
            f"{expected[1]} x {expected[0]}"
        )
    counts = entry["counts"]
    runs = _plain(counts.value) if isinstance(counts.value, list) else _packed(counts.text())
    if runs is None or (runs < 0).any() or int(runs.sum()) != stated[0] * stated[1]:
        raise counts.broken("does not hold the runs of such a mask")
    return runs


def decode(entry: Entry, expected: tuple[int, int]) -> np.ndarray:
    """Decode a mask, bool [H, W]. Raises BrokenEntry as `check` does."""
    runs = check(entry, expected)
    flags = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flags.reshape(expected[::-1]).T


def _plain(counts: list[Any]) -> np.ndarray | None:
    if not all(type(one) is int and 0 <= one <= MAX_PIXELS for one in counts):
        return None
    return np.array(counts, dtype=np.int64)


def _packed(counts: str) -> np.ndarray | None:
    """Run lengths in a string (COCO API, ``rleFrString``), None for a malformed one.

    5 bits a character, low ones first, each + 48; 0x20: more follow; 0x10 of the last: negative.
    From the fourth run on it is the difference to the run two before.
    """
    if not counts.isascii():
        return None
    groups = np.frombuffer(counts.encode("ascii"), dtype=np.uint8).astype(np.int64) - 48
    if not len(groups) or groups.min() < 0 or groups.max() > 63 or groups[-1] & 0x20:
        return None
    last = np.flatnonzero(groups & 0x20 == 0)
    first = np.concatenate([[0], last[:-1] + 1])
    if int((last - first).max()) > 6:
        return None
    place = np.arange(len(groups)) - np.repeat(first, last - first + 1)
    values = np.add.reduceat((groups & 0x1F) << (5 * place), first)
    negative = groups[last] & 0x10 != 0
    values[negative] -= np.int64(1) << (5 * (last - first + 1)[negative])
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values
