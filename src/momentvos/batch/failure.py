"""Kinds of failure: of the question, of the moment, or of everything to come."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Literal

from momentvos.errors import OutputError, TransferError
from momentvos.results.attempts import explain

Kind = Literal["permanent", "transient", "stop"]

_TRANSIENT = {
    *(errno.EIO, errno.EAGAIN, errno.EINTR, errno.ENOMEM, errno.EMFILE, errno.ENFILE),
    *(errno.ETIMEDOUT, errno.ECONNRESET, errno.ECONNREFUSED, errno.ECONNABORTED),
    *(errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH),
    *(getattr(errno, name) for name in ("ESTALE", "EREMOTEIO") if hasattr(errno, name)),
}
"""What network file systems, servers and full tables say, and later do not say any more."""
_NO_ROOM = {errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC)}
_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")
_DEVICE = ("CUDA error", "HIP error", "MPS backend")


class TransientError(Exception):
    """Another try may do better. fresh: in a new process, since this one's device is lost."""

    def __init__(self, text: str, fresh: bool = False) -> None:
        super().__init__(text, fresh)
        self.text, self.fresh = text, fresh


class StopError(Exception):
    """The next question would fail as well: a full disk, a folder that cannot be written."""


def too_long(limit: float) -> str:
    """What is written of a video over its limit, in seconds."""
    return f"It took longer than {limit:g} s (--time-limit)."


def kind_of(error: BaseException) -> Kind:
    """Whether the question is at fault, another try may help, or none will.

    "transient": memory, a device or a connection was not there, which depends on what else runs.
    "stop": results cannot be written. Everything else is "permanent".
    """
    chain = list(_chain(error))
    systems = [one for one in chain if isinstance(one, OSError)]
    if any(one.errno in _NO_ROOM for one in systems):
        return "stop"
    if systems and any(isinstance(one, OutputError) for one in chain):
        return "stop"
    if any(map(_passes, chain)):
        return "transient"
    return "permanent"


def raised(error: BaseException) -> TransientError | StopError | None:
    """The error to raise in place of one that is not permanent."""
    kind = kind_of(error)
    if kind == "permanent":
        return None
    text = explain(error) if isinstance(error, Exception) else str(error)
    if kind == "stop":
        return StopError(text)
    return TransientError(text, fresh=any(map(_device_is_lost, _chain(error))))


def _passes(error: BaseException) -> bool:
    if isinstance(error, MemoryError | TransferError):
        return True
    if isinstance(error, OSError):
        return error.errno in _TRANSIENT
    if isinstance(error, RuntimeError) and any(word in str(error).lower() for word in _MEMORY):
        return True
    return _device_is_lost(error) or _connection_is_lost(error)


def _device_is_lost(error: BaseException) -> bool:
    return isinstance(error, RuntimeError) and any(
        word in str(error) and not _is_memory(error) for word in _DEVICE
    )


def _is_memory(error: BaseException) -> bool:
    return any(word in str(error).lower() for word in _MEMORY)


def _connection_is_lost(error: BaseException) -> bool:
    """Of the HTTP client by which models behind an endpoint are asked; see `http_client`."""
    return any(
        base.__name__ == "TransportError" and base.__module__.startswith("http")
        for base in type(error).__mro__
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending += [one.__cause__, one.__context__]
