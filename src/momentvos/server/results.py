"""Answers as files: predictions, masks of some frames, and what is rendered of them."""

from __future__ import annotations

import hashlib
import io
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import Image

from momentvos.masklet import Masklet
from momentvos.results.prediction import Prediction
from momentvos.server.jobs import Jobs
from momentvos.server.media import Media
from momentvos.server.previews import masks_of, relevance_of
from momentvos.server.problem import Problem
from momentvos.server.rendered import Rendered
from momentvos.server.schemas import Job, Masks, Preview, Relevance
from momentvos.server.store import Store
from momentvos.server.videos import Videos

READ = 8
"""Predictions that are held in memory."""
MOST_MASKS = 2000
"""Masks of one request."""


class Results:
    """Results of jobs that have some."""

    def __init__(
        self, store: Store, videos: Videos, jobs: Jobs, media: Media, rendered: Rendered
    ) -> None:
        self._store, self._videos, self._jobs, self._media = store, videos, jobs, media
        self._read: OrderedDict[Path, Prediction] = OrderedDict()
        self._lock = Lock()
        self._rendered = rendered

    def file(self, job: str, number: int) -> Path:
        """The prediction.json of an answer. Raises Problem (404, 409 where it is not there yet)."""
        self._check(self._jobs.get(job), number)
        return self._store.prediction(job, number)

    def masks(self, job: str, number: int, start: int, stop: int | None) -> Masks:
        """Masks of frames `start` up to, without, `stop`. Raises Problem."""
        shown = self._jobs.get(job)
        preview = _preview(shown, number)
        made = None if preview else self._prediction(job, number)
        length = self._videos.get(shown.video).frames if made is None else made.video.length
        end = min(start + MOST_MASKS, length) if stop is None else stop
        if not 0 <= start < end <= length:
            raise Problem(422, f"The video has frames 0 to {length - 1}; ask for some of them.")
        if end - start > MOST_MASKS:
            raise Problem(422, f"At most {MOST_MASKS} masks come at once; ask for parts.")
        masklet = self._masklet(shown, number, range(start, end)) if made is None else made.masklet
        rles = [masklet.rle(frame) for frame in range(start, end)]
        return Masks(size=masklet.size, start=start, stop=end, masks=rles, preview=made is None)

    def mask(self, job: str, number: int, frame: int) -> bytes:
        """One mask as a PNG of 0 and 255. Raises Problem."""
        shown = self._jobs.get(job)
        preview = _preview(shown, number)
        made = None if preview else self._prediction(job, number)
        length = self._videos.get(shown.video).frames if made is None else made.video.length
        if not 0 <= frame < length:
            raise Problem(404, f"The video has frames 0 to {length - 1}.")
        if preview is not None and not any(a <= frame <= b for a, b in preview.masks):
            raise Problem(409, "This frame has no mask yet; follow the job.")
        masklet = self._masklet(shown, number, [frame]) if made is None else made.masklet
        file = io.BytesIO()
        mask = masklet.get(frame).astype(np.uint8) * 255
        Image.fromarray(mask).save(file, "PNG", compress_level=1)
        return file.getvalue()

    def relevance(self, job: str, number: int) -> Relevance:
        """What an answer says of each frame but its mask. Raises Problem."""
        shown = self._jobs.get(job)
        if _preview(shown, number) is None:
            made = self._prediction(job, number)
            scores = list(made.scores)
            return Relevance(relevance=list(made.relevance), scores=scores, domain=made.domain)
        with self._there(shown, number) as folder:
            return Relevance(relevance=relevance_of(folder), preview=True)

    def rendered(self, job: str, numbers: list[int] | None, kind: str, value: str) -> Path:
        """A file made of answers, see `rendering.render`; made once.

        numbers: of answers; None: all that are there. kind and value are checked words of the
        server's own. Raises Problem, MomentVOSError.
        """
        shown = self._jobs.get(job)
        if numbers is None:
            if shown.state != "done":
                raise Problem(409, "The job has not ended well; ask for single answers.")
            numbers = [one.number for one in shown.answers if one.status != "failed"]
        for number in numbers:
            self._check(shown, number)
        if not numbers:
            raise Problem(404, "The job has no answer that could be shown.")
        which = str(numbers[0]) if len(numbers) == 1 else "all"
        answers = [(job, number) for number in numbers]
        return self._file(shown.video, answers, f"{which}-{kind}-{value}", kind, value)

    def together(
        self, video: str, answers: Sequence[tuple[str, int]], kind: str, value: str
    ) -> Path:
        """The same of answers of several jobs about a video, such as corrected ones.

        answers: job and number of each. Raises Problem, MomentVOSError.
        """
        self._videos.get(video)
        for job, number in answers:
            shown = self._jobs.get(job)
            if shown.video != video:
                raise Problem(422, "These answers are not all about this video.")
            self._check(shown, number)
        names = " ".join(f"{job}.{number}" for job, number in answers)
        which = hashlib.sha256(names.encode()).hexdigest()[:16]
        return self._file(video, answers, f"{which}-{kind}-{value}", kind, value)

    def _file(
        self, video: str, answers: Sequence[tuple[str, int]], called: str, kind: str, value: str
    ) -> Path:
        def make(out: Path) -> Path:
            source, name = self._videos.source(video), self._videos.get(video).name
            predictions = [self._store.prediction(job, number) for job, number in answers]
            return self._media.render(kind, value, predictions, source, name, out)

        return self._rendered.file(answers[0][0], called, make)

    def _prediction(self, job: str, number: int) -> Prediction:
        path = self.file(job, number)
        with self._lock:
            made = self._read.pop(path, None)
        if made is None:
            made = Prediction.load(path)
        with self._lock:
            self._read[path] = made
            while len(self._read) > READ:
                self._read.popitem(last=False)
        return made

    def _masklet(self, job: Job, number: int, frames: Sequence[int]) -> Masklet:
        """Masks of some frames of a sentence that has no answer yet."""
        video = self._videos.get(job.video)
        with self._there(job, number) as folder:
            return masks_of(folder, (video.height, video.width), frames)

    @contextmanager
    def _there(self, job: Job, number: int) -> Iterator[Path]:
        """The folder of a preview. Raises Problem (409) where it goes meanwhile."""
        try:
            yield self._store.preview(job.id, number)
        except (OSError, ValueError, KeyError):
            raise Problem(409, "This preview has just ended; ask again.", after=1) from None

    def _check(self, job: Job, number: int) -> None:
        there = {one.number: one for one in job.answers}
        if number >= len(job.asks):
            raise Problem(404, f"The job has {len(job.asks)} sentences, counted from 0.")
        if number not in there:
            raise Problem(409, "This sentence has no answer yet; follow the job.")
        if there[number].status == "failed":
            raise Problem(409, f"This sentence has no answer: {there[number].error}")
        self._videos.use(job.video)


def _preview(job: Job, number: int) -> Preview | None:
    """What is known of a sentence without an answer, if anything is."""
    return next((one for one in job.previews if one.number == number), None)
