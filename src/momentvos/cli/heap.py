"""How memory that is no longer needed goes back to the system."""

import ctypes
import sys

MMAP_THRESHOLD = -3  # of mallopt(3)
SINGLY = 1 << 18


def settle() -> None:
    """Let glibc map blocks of `SINGLY` bytes or more each by itself, for good.

    By itself it learns from the first ones that are freed to take them from the heap, up to 32 MB.
    There, what lives long stands between what a frame leaves behind, and the peak of a long video
    lies above that of a short one. Elsewhere nothing is done.
    """
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL(None).mallopt(MMAP_THRESHOLD, SINGLY)
    except (OSError, AttributeError):
        return
