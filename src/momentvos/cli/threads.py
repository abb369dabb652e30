"""How many threads a computation has, and how they wait for each other.

PyTorch and its like read the environment when they are imported, so this is set before.
"""

from __future__ import annotations

import os
import sys
from math import ceil
from pathlib import Path

COUNTS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def wait_passively() -> None:
    """Let threads sleep while they wait, unless the environment says otherwise.

    OpenMP's threads spin by default. Where other programs want the cores too, the one that all
    wait for is then kept from running by those that wait for it.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def keep_to_quota() -> None:
    """Use no more threads than a container's share of the processor, if nobody has said how many.

    OpenMP counts the cores of the machine; where a container may use two of 64, 64 threads halt
    each other as soon as its share of a tenth of a second is used up.
    """
    share = quota()
    if share is not None and share < cores() and COUNTS[0] not in os.environ:
        limit(share)


def limit(count: int) -> None:
    """Use so many threads at most, also where PyTorch has been imported."""
    for name in COUNTS:
        os.environ[name] = str(count)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(count)


def chosen() -> tuple[int, str]:
    """How many threads a computation has where no option says so, and why."""
    given = os.environ.get(COUNTS[0], "")
    share = quota()
    if share is not None and given == str(share):
        return share, "the container's share of the processor"
    if given.isdecimal():
        return int(given), COUNTS[0]
    return cores(), "the cores that it may use"


def cores() -> int:
    """Cores that the system lets this process run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quota(root: Path = Path("/")) -> int | None:
    """Whole cores that a Linux control group (v2, v1) has the time of, rounded up; None: all."""
    shares = [share for folder in _groups(root) if (share := _share(folder)) is not None]
    return max(ceil(min(shares)), 1) if shares else None


def _groups(root: Path) -> list[Path]:
    """Folders of this process's control group and those above it."""
    folders = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, name = [*line.split(":", 2), "", ""][:3]
        if controllers == "":
            base = root / "sys/fs/cgroup"
        elif "cpu" in controllers.split(","):
            base = root / "sys/fs/cgroup/cpu"
        else:
            continue
        parts = [part for part in name.split("/") if part not in ("", "..")]
        folders += [base.joinpath(*parts[:count]) for count in range(len(parts) + 1)]
    return folders


def _share(folder: Path) -> float | None:
    now = _text(folder / "cpu.max").split()
    if len(now) != 2:
        now = [_text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    try:
        time, period = (int(one) for one in now)
    except ValueError:  # "max", or there is no such file
        return None
    return time / period if time > 0 and period > 0 else None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
