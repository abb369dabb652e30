"""Files of a page that travel with the package: read once, with fixed types and an ETag."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from fastapi import Response

from momentvos.server.problem import Problem

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_NAME = re.compile(r"[a-z0-9-]{1,40}\.[a-z]{2,4}")


@dataclass(frozen=True)
class _File:
    content: bytes
    etag: str
    media_type: str


class Shipped:
    """The files of a folder by their names.

    Browsers keep them and ask each time whether they are still the same, so that a server that was
    brought up to date is never half a page.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}

    def answer(self, name: str, known: str | None = None) -> Response | None:
        """The answer for a file, None where there is none of that name.

        known: the request's If-None-Match; the file it names comes without content.
        """
        file = self._file(name)
        if file is None:
            return None
        headers = {"ETag": file.etag, "Cache-Control": "no-cache"}
        tags = [one.strip().removeprefix("W/") for one in (known or "").split(",")]
        if file.etag in tags or "*" in tags:
            return Response(None, 304, headers)
        return Response(file.content, 200, headers, file.media_type)

    def file(self, name: str, known: str | None = None) -> Response:
        """The same for a file that must be there. Raises Problem."""
        answer = self.answer(name, known)
        if answer is None:
            raise Problem(404, "The page has no file of that name.")
        return answer

    def _file(self, name: str) -> _File | None:
        if name not in self._files:
            path = self._folder / name
            if not _NAME.fullmatch(name) or path.suffix not in TYPES or not path.is_file():
                return None
            content = path.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            self._files[name] = _File(content, etag, TYPES[path.suffix])
        return self._files[name]
