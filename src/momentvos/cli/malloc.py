"""Settings of glibc's malloc: when freed memory returns to the system. No effect elsewhere."""

import ctypes
import os
import sys

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, MMAP_MAX = -1, -2, -3, -4  # of mallopt(3)
LARGE_BLOCK = 1 << 18
"""Bytes from which on a block is mapped by itself."""
SHORT = 100
"""Frames up to which memory does not grow enough to pay for it: zeroing blocks anew takes a tenth
of the time."""
PAD = 1 << 28
"""Bytes that the heap grows by at a time in training."""


def map_large_blocks() -> None:
    """Map each block of `LARGE_BLOCK` bytes or more by itself, so that freeing it returns it.

    By default glibc raises this threshold up to 32 MB as such blocks are freed, and takes later
    ones from the heap. There long-lived blocks fragment the space that each frame leaves, and the
    peak memory grows with the length of the video.
    """
    _mallopt((MMAP_THRESHOLD, LARGE_BLOCK))


def map_large_blocks_of_children() -> None:
    """The same in the processes that this one starts from now on, unless they are told already."""
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(LARGE_BLOCK))


def keep_freed_memory() -> None:
    """Keep freed memory in the process: for training, where every step needs the same amount.

    Otherwise the system zeroes each large block anew, which takes longer than the computation in
    it.
    """
    _mallopt((MMAP_MAX, 0), (TRIM_THRESHOLD, (1 << 31) - 1), (TOP_PAD, PAD))


def _mallopt(*settings: tuple[int, int]) -> None:
    if sys.platform != "linux":
        return
    try:
        for name, value in settings:
            ctypes.CDLL(None).mallopt(name, value)
    except (OSError, AttributeError):
        return
