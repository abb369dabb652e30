"""Limits that a process sets on itself before it touches what strangers have sent."""

from __future__ import annotations

from contextlib import suppress


def confine(memory: int, cpu_seconds: int | None, file_bytes: int) -> None:
    """Bound address space, processor time and the size of files written, for good.

    memory: bytes. cpu_seconds: None: no bound of its own; whoever waits for the process ends it.
    file_bytes: of each file that it writes; 0: it writes none. Where the system has no such limits
    (Windows) the time limit of the parent is what is left.
    """
    try:
        import resource
    except ImportError:
        return
    wanted = [("RLIMIT_AS", memory), ("RLIMIT_FSIZE", file_bytes), ("RLIMIT_CORE", 0)]
    if cpu_seconds is not None:
        wanted.append(("RLIMIT_CPU", cpu_seconds))
    for name, value in wanted:
        number = getattr(resource, name, None)
        if number is None:
            continue
        hard = resource.getrlimit(number)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with suppress(ValueError, OSError):  # macOS refuses some
            resource.setrlimit(number, (bound, bound))
