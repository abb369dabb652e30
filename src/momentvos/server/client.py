"""A server of ours from Python, in a few calls; what stands in its answers is in ``/openapi.json``.

from momentvos.server.client import Client

with Client("http://127.0.0.1:8600") as client:
    video = client.upload("clip.mp4")
    job = client.ask(video["id"], "the dog that jumps")
    for state in client.follow(job["id"]):
        print(state["state"], state["progress"])
    prediction = client.prediction(job["id"])
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote

from momentvos.errors import MomentVOSError
from momentvos.http_client import client as http_client
from momentvos.http_client import transport_errors, words_of
from momentvos.json_text import from_text
from momentvos.regular_file import open_regular
from momentvos.results.prediction import Prediction

BLOCK = 1 << 20
ENDED = ("done", "failed", "cancelled")
_TRIES = 5
"""Times that a lost stream of events is opened again before it counts as an error."""

Ask = str | Mapping[str, Any]
"""A sentence, or a mapping with "sentence" and, where known, "moment" or "clicks"."""


class ServerError(MomentVOSError):
    """The server refuses, or cannot be reached. status: of HTTP, 0 where there is no answer."""

    def __init__(self, text: str, status: int = 0, after: float | None = None) -> None:
        super().__init__(text)
        self.status, self.after = status, after


class Client:
    """Calls of one server. Every method raises ServerError; `after` says when to try again.

    Args:
        url: of the server.
        token: what it wants to hear, or None.
        seconds: longest silence of the server; renderings take a while.
    """

    def __init__(
        self, url: str = "http://127.0.0.1:8600", token: str | None = None, seconds: float = 600.0
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = http_client(seconds, follow=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def login(self, name: str, password: str) -> dict[str, Any]:
        """Log in with an account, in place of the token; who one is then."""
        self._content("POST", "/api/login", json={"name": name, "password": password})
        return self._json("GET", "/api/me")

    def info(self) -> dict[str, Any]:
        """Models, formats and limits of the server."""
        return self._json("GET", "/api/info")

    def upload(self, path: str | Path) -> dict[str, Any]:
        """Send a video file; one that the server has already is not kept twice."""
        path = Path(path)
        try:
            file = open_regular(path)
        except OSError as error:
            raise ServerError(f"'{path}' cannot be read: {error.strerror}.") from None
        with file:
            parts = iter(lambda: file.read(BLOCK), b"")
            place = f"/api/videos?name={quote(path.name, safe='')}"
            kind = {"Content-Type": "application/octet-stream"}
            return self._json("POST", place, content=parts, headers=kind)

    def video(self, video: str) -> dict[str, Any]:
        """A video that the server has."""
        return self._json("GET", f"/api/videos/{video}")

    def times(self, video: str) -> dict[str, Any]:
        """Start and duration of each frame of a video in seconds."""
        return self._json("GET", f"/api/videos/{video}/times")

    def ask(
        self, video: str, asks: Ask | Sequence[Ask], model: str | None = None
    ) -> dict[str, Any]:
        """Begin a job about a video: one sentence or several; see `Ask`."""
        every = [asks] if isinstance(asks, str | Mapping) else list(asks)
        asked = [{"sentence": one} if isinstance(one, str) else dict(one) for one in every]
        wanted = {"video": video, "asks": asked, "model": model}
        return self._json("POST", "/api/jobs", json=wanted)

    def job(self, job: str) -> dict[str, Any]:
        """A job with the answers that are there."""
        return self._json("GET", f"/api/jobs/{job}")

    def follow(self, job: str) -> Iterator[dict[str, Any]]:
        """The job whenever it changes, until it has ended; a lost connection is opened again."""
        lost = 0
        while True:
            try:
                for state in self._events(job):
                    lost = 0
                    yield state
                    if state["state"] in ENDED:
                        return
            except ServerError as error:
                if error.status not in (0, 429, 503) or lost >= _TRIES:
                    raise
            lost += 1
            if lost > _TRIES:
                raise ServerError("The server ended the events of a job that has not ended.")
            sleep(min(2.0**lost / 4, 5.0))

    def wait(self, job: str) -> dict[str, Any]:
        """The job once it has ended. Raises ServerError where it failed."""
        state: dict[str, Any] = {}
        for state in self.follow(job):  # noqa: B007
            pass
        if state["state"] == "failed":
            raise ServerError(str(state["error"]))
        return state

    def cancel(self, job: str) -> dict[str, Any]:
        """End a job."""
        return self._json("POST", f"/api/jobs/{job}/cancel")

    def remove(self, video: str) -> None:
        """Remove a video with its answers from the server."""
        self._content("DELETE", f"/api/videos/{video}")

    def prediction(self, job: str, number: int = 0) -> Prediction:
        """The answer to a sentence of a job, by its place, as `momentvos.load` models give it."""
        return Prediction.from_json(
            self._json("GET", f"/api/jobs/{job}/answers/{number}/prediction")
        )

    def masks(
        self, job: str, number: int = 0, start: int = 0, stop: int | None = None
    ) -> dict[str, Any]:
        """Run-length encoded masks of the frames `start` up to, without, `stop`."""
        end = "" if stop is None else f"&stop={stop}"
        return self._json("GET", f"/api/jobs/{job}/answers/{number}/masks?start={start}{end}")

    def frame(
        self,
        video: str,
        number: int,
        format: Literal["webp", "jpeg", "png"] = "png",
        width: int | None = None,
    ) -> bytes:
        """A frame of a video as the content of a picture file."""
        small = "" if width is None else f"&width={width}"
        return self._content("GET", f"/api/videos/{video}/frames/{number}?format={format}{small}")

    def overlay(
        self, job: str, path: str | Path, number: int | None = 0, style: str = "highlight"
    ) -> Path:
        """Write the overlay of an answer, or (number None) of all of a job, to a file."""
        return self._file(f"{_answers(job, number)}/overlay?style={quote(style, safe='')}", path)

    def timeline(self, job: str, path: str | Path, number: int = 0) -> Path:
        """Write the timeline of an answer, a PNG, to a file."""
        return self._file(f"{_answers(job, number)}/timeline", path)

    def export(self, job: str, format: str, path: str | Path, number: int | None = None) -> Path:
        """Write an answer, or (number None) all of a job, in a format of `momentvos export`."""
        return self._file(f"{_answers(job, number)}/exports/{quote(format, safe='')}", path)

    def _events(self, job: str) -> Iterator[dict[str, Any]]:
        place = f"{self._url}/api/jobs/{job}/events"
        try:
            with self._http.stream("GET", place, headers=self._headers) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise _refused(answer)
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        yield from_text(line.removeprefix("data: "))
        except transport_errors() as error:
            raise ServerError(f"The connection was lost: {words_of(error)}.") from error

    def _file(self, place: str, path: str | Path) -> Path:
        """Write an answer's content to a file, whole or not at all."""
        path = Path(path)
        part = path.with_name(f".{path.name}.part")
        try:
            with (
                self._http.stream("GET", self._url + place, headers=self._headers) as answer,
                part.open("wb") as file,
            ):
                if answer.status_code >= 400:
                    answer.read()
                    raise _refused(answer)
                for content in answer.iter_bytes(BLOCK):
                    file.write(content)
            part.replace(path)
        except transport_errors() as error:
            raise ServerError(f"The connection was lost: {words_of(error)}.") from error
        except OSError as error:
            raise ServerError(f"'{path}' cannot be written: {error.strerror}.") from error
        finally:
            part.unlink(missing_ok=True)
        return path

    def _json(self, method: str, place: str, **how: Any) -> dict[str, Any]:
        try:
            made: dict[str, Any] = from_text(self._content(method, place, **how))
        except ValueError as error:
            raise ServerError(f"What answers at {self._url} is no server of MomentVOS.") from error
        return made

    def _content(
        self, method: str, place: str, headers: Mapping[str, str] | None = None, **how: Any
    ) -> bytes:
        sent = self._headers | dict(headers or {})
        try:
            answer = self._http.request(method, self._url + place, headers=sent, **how)
        except transport_errors() as error:
            raise ServerError(
                f"The server at {self._url} cannot be reached: {words_of(error)}."
            ) from error
        if answer.status_code >= 300:
            raise _refused(answer)
        content: bytes = answer.content
        return content


def _answers(job: str, number: int | None) -> str:
    return f"/api/jobs/{job}" + ("" if number is None else f"/answers/{number}")


def _refused(answer: Any) -> ServerError:
    """The problem that the server states."""
    try:
        text = str(from_text(answer.content)["detail"])
    except (ValueError, KeyError, TypeError):
        text = f"The server answers with status {answer.status_code}."
    after = answer.headers.get("Retry-After", "")
    return ServerError(text, answer.status_code, float(after) if after.isdecimal() else None)
