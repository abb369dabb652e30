"""Download of one file: resumed where it stopped, verified, and under its name only when whole."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from momentvos.errors import ModelError
from momentvos.http_client import client, transport_errors, words_of

BLOCK = 1 << 20
"""Bytes that are read at once from a disk, and most of a page."""
ATTEMPTS = 5
"""Connections that may end early, one after another without any progress."""

Report = Callable[[int], None]
"""Called with the bytes of the file that are there."""


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be fetched.

    Attributes:
        name: relative, with "/" between folders.
        url: where it is.
        size: bytes, or None where the place does not say.
        sha256: hexadecimal, or None where nobody says.
        blob: git's name of the content (sha1), which hubs give for small files, or None.
        headers: of the request.
    """

    name: str
    url: str
    size: int | None = None
    sha256: str | None = None
    blob: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def download(file: RemoteFile, target: Path, report: Report | None = None) -> str:
    """Fetch a file to `target`, whose folder exists; returns its sha256.

    A part of it that an earlier attempt left beside the target is gone on with. Raises ModelError
    where the server cannot be reached, refuses, or sends something else than it should.
    """
    part = target.with_name(f"{target.name}.part")
    if not target.exists():
        _fetch(file, part, report)
        part.replace(target)
    digest = _verified(file, target)
    if report is not None:
        report(target.stat().st_size)
    return digest


def get_json(url: str, place: str, what: str) -> Any:
    """A place's answer in JSON. Raises ModelError."""
    try:
        with client() as session:
            answer = session.get(url)
            if answer.status_code >= 400:
                raise ModelError(f"{place} does not know '{what}' (HTTP {answer.status_code}).")
            return answer.json()
    except transport_errors(ValueError) as error:
        raise ModelError(f"{place} cannot be asked for '{what}': {words_of(error)}.") from error


def get_page(url: str, place: str, what: str) -> str | None:
    """The HTML page at an address, or None where there is a file. Raises ModelError."""
    try:
        with client() as session, session.stream("GET", url) as answer:
            if answer.status_code >= 400:
                raise ModelError(f"{place} does not give {what} (HTTP {answer.status_code}).")
            if "text/html" not in answer.headers.get("content-type", ""):
                return None
            text = b""
            for block in answer.iter_bytes(BLOCK):
                text += block
                if len(text) > BLOCK:
                    break
            return text.decode("utf-8", "replace")
    except transport_errors() as error:
        raise ModelError(f"{place} cannot be asked for {what}: {words_of(error)}.") from error


def _fetch(file: RemoteFile, part: Path, report: Report | None) -> None:
    """Append to `part` until the file is whole; it is there even where that is of no bytes."""
    part.touch()
    fruitless = 0
    while True:
        before = part.stat().st_size
        if file.size is not None:
            if before == file.size:
                return
            if before > file.size:
                part.write_bytes(b"")
                continue
            _check_room(file, part, file.size - before)
        try:
            if _append(file, part, before, report):
                return
            problem = "the connection ended early"
        except transport_errors() as error:
            problem = words_of(error)
        fruitless = 0 if part.stat().st_size > before else fruitless + 1
        if fruitless >= ATTEMPTS:
            raise ModelError(
                f"{_host(file)} cannot be reached for {file.name} ({problem}); what has arrived is "
                "kept, and the same command goes on from there."
            )


def _append(file: RemoteFile, part: Path, have: int, report: Report | None) -> bool:
    """Request what is missing and append it; whether the file is whole as far as one can tell."""
    headers = {**file.headers, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with client() as session, session.stream("GET", file.url, headers=headers) as answer:
        if answer.status_code == 416:  # nothing is missing, or the part is of another file
            total = _total(answer.headers.get("content-range", ""))
            if total == have:
                return True
            part.write_bytes(b"")
            return False
        if answer.status_code >= 400:
            raise _refusal(file, answer.status_code)
        resumed = answer.status_code == 206
        if resumed and _first(answer.headers.get("content-range", "")) != have:
            raise ModelError(f"{_host(file)} sent another part of {file.name} than was asked for.")
        length = answer.headers.get("content-length")
        wanted = file.size if file.size is not None else _wanted(length, have if resumed else 0)
        there = have if resumed else 0
        with part.open("ab" if resumed else "wb", buffering=0) as out:
            for block in answer.iter_raw():
                there += len(block)
                if wanted is not None and there > wanted:
                    raise ModelError(f"{_host(file)} sends more than {file.name} should hold.")
                out.write(block)
                if report is not None:
                    report(there)
    return wanted is None or there == wanted


def _verified(file: RemoteFile, path: Path) -> str:
    """The sha256 of a file that is as it should be. Raises ModelError, and removes it, if not."""
    sha256, blob = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
    size = path.stat().st_size
    blob.update(f"blob {size}\0".encode())
    with path.open("rb") as content:
        while block := content.read(BLOCK):
            sha256.update(block)
            blob.update(block)
    digest = sha256.hexdigest()
    wrong = (
        (file.size is not None and size != file.size)
        or (file.sha256 is not None and digest != file.sha256)
        or (file.blob is not None and file.sha256 is None and blob.hexdigest() != file.blob)
    )
    if wrong:
        path.unlink()
        raise ModelError(
            f"{file.name} from {_host(file)} is not what it should be (its checksum differs) and "
            "was removed; fetch it again."
        )
    return digest


def _refusal(file: RemoteFile, status: int) -> ModelError:
    if status in (401, 403):
        return ModelError(
            f"{_host(file)} does not give {file.name} to you (HTTP {status}): ask for access on "
            "its page and sign in with `hf auth login`, or set HF_TOKEN."
        )
    return ModelError(f"{_host(file)} does not give {file.name} (HTTP {status}); try again later.")


def _check_room(file: RemoteFile, part: Path, missing: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if free < missing:
        raise ModelError(
            f"{file.name} needs {missing >> 20} MiB more, and '{part.parent}' has {free >> 20} MiB "
            "left; make room, or set MOMENTVOS_HOME."
        )


def _wanted(length: str | None, have: int) -> int | None:
    return None if length is None or not length.isdecimal() else have + int(length)


def _first(content_range: str) -> int | None:
    """Of "bytes 3-9/10" the 3."""
    start = content_range.removeprefix("bytes ").partition("-")[0]
    return int(start) if start.isdecimal() else None


def _total(content_range: str) -> int | None:
    """Of "bytes */10" the 10."""
    total = content_range.rpartition("/")[2]
    return int(total) if total.isdecimal() else None


def _host(file: RemoteFile) -> str:
    return urlsplit(file.url).hostname or file.url
