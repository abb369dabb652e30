"""Whether memory that is no longer needed goes back to the system. glibc alone is told."""

import ctypes
import sys

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, MMAP_MAX = -1, -2, -3, -4  # of mallopt(3)
SINGLY = 1 << 18
PAD = 1 << 28


def map_large_blocks() -> None:
    """Map blocks of `SINGLY` bytes or more each by itself, for good.

    By itself glibc learns from the first ones that are freed to take them from the heap, up to
    32 MB. There, what lives long stands between what a frame leaves behind, and the peak of a long
    video lies above that of a short one.
    """
    _tell((MMAP_THRESHOLD, SINGLY))


def keep_freed_memory() -> None:
    """Give nothing back: for training, whose every step needs what the last one needed.

    Otherwise the system clears each large block anew, and that takes longer than what is computed
    in it.
    """
    _tell((MMAP_MAX, 0), (TRIM_THRESHOLD, (1 << 31) - 1), (TOP_PAD, PAD))


def _tell(*settings: tuple[int, int]) -> None:
    if sys.platform != "linux":
        return
    try:
        for name, value in settings:
            ctypes.CDLL(None).mallopt(name, value)
    except (OSError, AttributeError):
        return
