"""What goes wrong with a request: a status and one plain sentence (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A request that is refused. after: seconds after which another try may do better."""

    def __init__(self, status: int, detail: str, after: int | None = None) -> None:
        super().__init__(status, detail)
        self.status, self.detail, self.after = status, detail, after

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer beside its content."""
        return {} if self.after is None else {"Retry-After": str(self.after)}

    def to_json(self) -> dict[str, Any]:
        """Content of the answer."""
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
