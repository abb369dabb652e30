"""Questions in JSON over HTTP: asked again where a server is busy, and sent nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from momentvos.http_client import client, transport_errors, words_of

ATTEMPTS = 4
WAIT = 60.0
"""Longest pause in seconds before a further attempt, whatever the server wishes."""
MOST_BYTES = 4 << 20
"""Of an answer."""
_BUSY = (408, 409, 425, 429, 500, 502, 503, 504)


class UnansweredError(Exception):
    """A question without an answer; its text says why.

    status: of HTTP, where the server refuses. words: what it says to that.
    """

    def __init__(self, problem: str, status: int = 0, words: str = "") -> None:
        super().__init__(problem)
        self.status, self.words = status, words


def post(
    address: str,
    question: Mapping[str, Any],
    headers: Mapping[str, str],
    seconds: float,
    pause: Callable[[float], None],
) -> dict[str, Any]:
    """The JSON object that a server answers with.

    seconds: longest silence. pause: waits so many seconds before a further attempt.
    Raises UnansweredError.
    """
    problem = ""
    for attempt in range(ATTEMPTS):
        wait = 2.0**attempt
        try:
            with (
                client(seconds, follow=False) as session,
                session.stream("POST", address, json=question, headers=headers) as answer,
            ):
                status = answer.status_code
                problem = f"HTTP {status}"
                if status < 300:
                    problem = "no JSON object"
                    content = json.loads(_body(answer))
                    if isinstance(content, dict):
                        return content
                elif status < 400:
                    there = answer.headers.get("location", "another address")[:200]
                    raise UnansweredError(f"HTTP {status}, it is at {there} now", status)
                elif status not in _BUSY:
                    raise UnansweredError(problem, status, _body(answer).decode("utf-8", "replace"))
                wait = _wished(answer.headers.get("retry-after"), wait)
        except transport_errors(ValueError, RecursionError) as error:
            problem = words_of(error)
        if attempt + 1 < ATTEMPTS:
            pause(min(wait, WAIT))
    raise UnansweredError(problem)


def _body(answer: Any) -> bytes:
    """What a server sends. Raises ValueError for more than `MOST_BYTES`."""
    body = b""
    for block in answer.iter_bytes():
        body += block
        if len(body) > MOST_BYTES:
            raise ValueError("the answer is too long")
    return body


def _wished(header: str | None, otherwise: float) -> float:
    """Seconds of a Retry-After header."""
    try:
        wished = float(header or otherwise)
    except ValueError:
        return otherwise
    return wished if wished >= 0 else 0.0  # "nan" is a number too
