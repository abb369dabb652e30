"""What a server is started with, and the limits on everything that a client decides."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from momentvos.errors import ArgumentError
from momentvos.ranges import Range
from momentvos.systems.execution import Execution

PORT = 8600
LEAST_TOKEN = 16
"""Characters of a token; `python -c "import secrets; print(secrets.token_urlsafe(32))"` has 43."""
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

Seconds = Annotated[float, Range(0.05, 10_000_000)]
Bytes = Annotated[int, Range(1024, 1 << 50)]
Some = Annotated[int, Range(1, 1_000_000)]


@dataclass(frozen=True)
class Limits:
    """Bounds on what clients may ask for and on what processes may take.

    Attributes:
        video_bytes: of one video. store_bytes: of all videos. rendered_bytes: of the overlays and
            exports that are kept; what was asked for the longest ago goes first.
        spare_bytes: of the disk that stay free; without them no video and job is taken in, and
            nothing rendered.
        pixels, frames, video_seconds: of one video, checked before a frame is decoded.
        body_bytes: of every other request.
        uploads: received at once. upload_silence: seconds without a byte, then one is given up.
        sentences: of a job. clicks: of a sentence.
        queue: jobs that wait. followers: clients that follow jobs at once.
        job_seconds: of one job on a device. tries: how often a job is tried whose process dies.
        start_seconds: in which a process must have its models loaded.
        worker_bytes: memory of a process that computes, resident.
        media_bytes: memory of a process that decodes, as address space. probe_seconds,
            frame_seconds, render_seconds: in which it must have looked at an upload, given a frame,
            or written an overlay or an export.
        readers: processes that give frames. renders: overlays and exports written at once.
        ttl: seconds after which a video that nobody used is removed, with its answers.
        session_seconds: after which one has to log in again.
    """

    video_bytes: Bytes = 2 << 30
    store_bytes: Bytes = 50 << 30
    rendered_bytes: Bytes = 8 << 30
    spare_bytes: Bytes = 1 << 30
    pixels: Annotated[int, Range(1, 1 << 26)] = 4096 * 2304
    frames: Some = 36_000
    video_seconds: Seconds = 1800.0
    body_bytes: Bytes = 1 << 20
    uploads: Some = 8
    upload_silence: Seconds = 30.0
    sentences: Some = 64
    clicks: Some = 64
    queue: Some = 64
    followers: Some = 256
    job_seconds: Seconds = 3600.0
    tries: Some = 3
    start_seconds: Seconds = 900.0
    worker_bytes: Bytes = 32 << 30
    media_bytes: Bytes = 8 << 30
    probe_seconds: Seconds = 120.0
    frame_seconds: Seconds = 60.0
    render_seconds: Seconds = 1800.0
    readers: Some = 2
    renders: Some = 2
    ttl: Seconds = 86_400.0
    session_seconds: Seconds = 7 * 86_400.0

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True)
class Settings:
    """What a server is started with.

    Attributes:
        data: folder for videos, answers and the database.
        models: names as of `momentvos.load`; the first one answers where a job names none.
        devices: one process computes on each.
        host, port: where it listens. Beyond this machine a token or an account is needed, as
            `Service` checks.
        token: what programs must say, or None.
        secure_cookie: whether browsers send the cookie of a login over HTTPS alone.
        hosts: further names by which clients may call it, such as that of a proxy.
        database: URL of SQLAlchemy; None: SQLite in `data`.
        library: folder whose videos may be registered by their path in it, or None.
        grounder: as of `--grounder`; None: models find moments themselves.
        selection: False runs systems as published.
        execution: how models compute.
        threads: of a processor that compute in one process; None: as PyTorch has it.
    """

    data: Path
    models: tuple[str, ...] = ("tgl-mini",)
    devices: tuple[str, ...] = ("auto",)
    host: str = "127.0.0.1"
    port: Annotated[int, Range(0, 65535)] = PORT
    token: str | None = field(default=None, repr=False)
    hosts: tuple[str, ...] = ()
    database: str | None = field(default=None, repr=False)
    library: Path | None = None
    grounder: str | None = None
    selection: bool = True
    execution: Execution = field(default_factory=Execution)
    threads: int | None = None
    limits: Limits = field(default_factory=Limits)
    secure_cookie: bool = False

    def __post_init__(self) -> None:
        _check(self)
        if not self.models or not self.devices:
            raise ArgumentError("A server needs at least one model and one device.")
        if self.library is not None and not self.library.is_dir():
            raise ArgumentError(f"There is no folder '{self.library}' that could be the library.")
        if self.token is not None and (
            len(self.token) < LEAST_TOKEN
            or not self.token.isascii()
            or not self.token.isprintable()
        ):
            raise ArgumentError(
                f"A token is a line of at least {LEAST_TOKEN} letters, figures and signs; make one "
                'with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
            )

    @property
    def url(self) -> str:
        """Address of the database."""
        return self.database or f"sqlite:///{self.data.absolute() / 'server.sqlite3'}"

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Names, in small letters and without a port, that a request's Host may have."""
        names = {self.host, *self.hosts}
        if is_loopback(self.host) or is_everywhere(self.host):
            names.update(_LOOPBACK_NAMES)
        return frozenset(name.lower().strip("[]") for name in names if not is_everywhere(name))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_everywhere(host: str) -> bool:
    """Whether it stands for all addresses of the machine, and so is no name of it."""
    return host.strip("[]") in ("", "0.0.0.0", "::")  # noqa: S104


def _check(settings: Any) -> None:
    """Raise ArgumentError for a number out of its declared bounds."""
    hints = get_type_hints(type(settings), include_extras=True)
    for one in fields(settings):
        for bounds in getattr(hints[one.name], "__metadata__", ()):
            fault = bounds.fault(getattr(settings, one.name))
            if fault:
                raise ArgumentError(f"The server's '{one.name}' {fault}.")
