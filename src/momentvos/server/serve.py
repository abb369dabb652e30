"""The server in a process: a socket, the application, and uvicorn between them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.errors import ArgumentError, ExtraError
from momentvos.regular_file import read_text
from momentvos.server.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from uvicorn import Config

REQUIRED = ("argon2", "fastapi", "uvicorn", "sqlalchemy", "alembic", "prometheus_client")
_LEAVE = 5
"""Seconds that requests have left when the server ends."""
_MOST_TOKEN = 4096
_MOST_HEADERS = 1 << 16
"""Bytes of a request before its content."""
_MOST_AT_ONCE = 1024
"""Connections; more are refused before they are read."""


def serve(
    settings: Settings,
    announce: Callable[[str], None] = print,
    rooms: Sequence[Callable[[FastAPI], None]] = (),
) -> None:
    """Serve until Ctrl-C or SIGTERM. announce: called with the address, once it listens.
    rooms: add what lies above the server, such as the studio.

    Raises ExtraError where the extra `web` lacks, ArgumentError where the address is taken.
    """
    check_installed()
    import uvicorn

    from momentvos.server.app import create_app

    with listen(settings.host, settings.port) as listener:
        app = create_app(settings)
        for add in rooms:
            add(app)
        port = listener.getsockname()[1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        announce(f"http://{host}:{port}")
        uvicorn.Server(configured(app)).run(sockets=[listener])


def configured(app: FastAPI) -> Config:
    """How uvicorn serves an application: strictly, and within limits of its own."""
    from uvicorn import Config

    return Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,  # what a client says of its own address is never believed
        ws="none",
        http="h11",  # also where others are installed: it bounds the headers of a request
        h11_max_incomplete_event_size=_MOST_HEADERS,
        timeout_graceful_shutdown=_LEAVE,
        limit_concurrency=_MOST_AT_ONCE,
    )


def check_installed() -> None:
    """Raise ExtraError where a package of the extra `web` lacks."""
    for name in REQUIRED:
        if find_spec(name) is None:
            raise ExtraError(
                f"The server needs the package {name}, which is not installed: "
                "pip install 'momentvos[web]'"
            )


def read_token(path: Path) -> str:
    """The token in a file. Raises ArgumentError for what cannot be read."""
    try:
        return read_text(path, _MOST_TOKEN).strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ArgumentError(f"The token file '{path}' cannot be read: {reason}.") from None


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises ArgumentError where that is not possible."""
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=512)
    except OSError as error:
        raise ArgumentError(
            f"The server cannot listen at {host}, port {port}: {error.strerror or error}; choose "
            "another one with --port."
        ) from None
