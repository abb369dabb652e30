"""HTTP clients of the library that huggingface_hub brings, whose name differs by version."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from huggingface_hub import get_session

SECONDS = 30.0
"""Longest silence of a server."""


def client(seconds: float = SECONDS, follow: bool = True) -> Any:
    """A client (of httpx's interface) to be used as a context manager.

    follow: go where a redirect leads.
    """
    return type(get_session())(timeout=seconds, follow_redirects=follow)


def transport_errors(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """Errors of connections, to catch; and `more`."""
    module: Any = import_module(type(get_session()).__module__.partition(".")[0])
    return (module.TransportError, module.TooManyRedirects, module.InvalidURL, *more)


def words_of(error: Exception) -> str:
    """First line of an error, or its name."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
