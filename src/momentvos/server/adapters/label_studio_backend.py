"""A server of ours as Label Studio knows models: tasks in, predictions out."""

from __future__ import annotations

import re
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from urllib.parse import parse_qs, urljoin, urlsplit

from momentvos import __version__
from momentvos.errors import ArgumentError
from momentvos.http_client import client as http_client
from momentvos.http_client import transport_errors, words_of
from momentvos.json_text import to_text
from momentvos.paths import inside
from momentvos.server.adapters.label_studio_task import Controls, Json, asks, results
from momentvos.server.client import BLOCK, ENDED, Client, ServerError

MOST_BYTES = 2 << 30
REMEMBERED = 256
"""Videos and jobs that are not sent again when a task is opened again."""


@dataclass
class Backend:
    """Predictions by a server of ours.

    Attributes:
        client: of the server. studio: address of Label Studio; videos come from nowhere else.
        key: of its API, to fetch them. files: folder of its local files, or None.
        model: of the server, or None. patience: seconds of a request; a longer job goes on.
    """

    client: Client
    studio: str
    key: str | None = None
    files: Path | None = None
    model: str | None = None
    patience: float = 80.0

    def __post_init__(self) -> None:
        home = urlsplit(self.studio)
        if home.scheme not in ("http", "https") or not home.netloc:
            raise ArgumentError(
                f"'{self.studio}' is no address of Label Studio; give one such as "
                "http://localhost:8080."
            )
        self._known: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    @property
    def version(self) -> str:
        """What predictions are signed with."""
        return f"momentvos-{__version__}" + (f"-{self.model}" if self.model else "")

    def predict(self, task: Json, config: str, drawn: list[Json]) -> Json:
        """The prediction of a task. Raises MomentVOSError, TimeoutError while the job goes on."""
        controls, data = Controls.parse(config), task.get("data") or {}
        address = data.get(controls.key)
        if not isinstance(address, str):
            raise ArgumentError(f"The task's data has no '{controls.key}', the video's address.")
        video = self._once(f"video {address}", lambda: self._upload(address), self.client.video)
        shown = self.client.video(video)
        asked = asks(controls, data, drawn, (shown["width"], shown["height"]))
        key = f"job {video} {to_text(list(asked.values()))}"
        job = self._once(key, lambda: self._ask(video, list(asked.values())), self.client.job)
        end = monotonic() + self.patience
        while (state := self.client.job(job))["state"] not in ENDED:
            if monotonic() > end:
                raise TimeoutError
            sleep(0.2)
        if state["state"] != "done":
            self._known.pop(key, None)
            raise ServerError(str(state["error"] or "The job was cancelled."))
        failed = [one["error"] for one in state["answers"] if one["status"] == "failed"]
        if failed:
            raise ServerError(str(failed[0]))
        answers = {label: self.client.prediction(job, k) for k, label in enumerate(asked)}
        score = max((one.presence for one in answers.values()), default=0.0)
        regions = results(controls, answers, self.client.times(video)["times"])
        return {"result": regions, "score": score, "model_version": self.version}

    def _once(self, key: str, make: Callable[[], str], look: Callable[[str], object]) -> str:
        """An id that is made once, and again where the server has it no more."""
        with self._lock:
            known = self._known.get(key)
        if known is not None:
            try:
                look(known)
                return known
            except ServerError as error:
                if error.status != 404:
                    raise
        made = make()
        with self._lock:
            self._known[key] = made
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return made

    def _ask(self, video: str, asked: list[Json]) -> str:
        return str(self.client.ask(video, asked, self.model)["id"])

    def _upload(self, address: str) -> str:
        with self._fetched(address) as path:
            return str(self.client.upload(path)["id"])

    @contextmanager
    def _fetched(self, address: str) -> Iterator[Path]:
        """The file of an address, of Label Studio or in the folder of its local files."""
        full = urlsplit(urljoin(self.studio, address))
        if self.files is not None and full.path.rstrip("/").endswith("/data/local-files"):
            path = inside(self.files, *parse_qs(full.query).get("d", [""])[0].split("/"))
            if not path.is_file():
                raise ArgumentError(f"The folder of local files has no '{path.name}'.")
            yield path
            return
        home = urlsplit(self.studio)
        if (full.scheme, full.netloc) != (home.scheme, home.netloc):
            raise ArgumentError(
                f"The video is not at {self.studio}, and is fetched from nowhere else."
            )
        headers = {} if self.key is None else {"Authorization": f"Token {self.key}"}
        name = re.sub(r"[^\w.-]", "_", Path(full.path).name)[-100:].lstrip(".") or "video"
        with tempfile.TemporaryDirectory() as folder, http_client(follow=False) as http:
            path, size = Path(folder) / name, 0
            try:
                with (
                    http.stream("GET", full.geturl(), headers=headers) as answer,
                    path.open("wb") as file,
                ):
                    if answer.status_code != 200:
                        raise ArgumentError(
                            f"Label Studio does not give the video (status {answer.status_code}); "
                            "is --key-file right?"
                        )
                    for part in answer.iter_bytes(BLOCK):
                        size += len(part)
                        if size > MOST_BYTES:
                            raise ArgumentError(f"The video is over {MOST_BYTES:,} bytes.")
                        file.write(part)
            except transport_errors() as error:
                raise ArgumentError(f"The video cannot be fetched: {words_of(error)}.") from error
            yield path
