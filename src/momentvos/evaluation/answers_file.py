"""Answers in one file: lines of JSON of anyone's program, or a file of SA-Co's layout.

    {"video": "v", "expression": "0", "moment": [[12, 30]], "masks": [null, RLE, ...]}    one a line

docs/joint-benchmark.md has all keys. A ``.json`` file holds the same as a list, or predictions of
SA-Co/VEval: [{"video_id", "category_id", "score", "segmentations": [RLE or null, ...]}, ...].
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from momentvos.data.formats import rle
from momentvos.data.formats.entry import BrokenEntry, Entry, load, load_lines
from momentvos.data.formats.saco import PhraseSample
from momentvos.data.sample import Sample
from momentvos.errors import BenchmarkError, MomentVOSError
from momentvos.evaluation.answer import Told, masklet, read_answer, union
from momentvos.evaluation.phrases import Phrase, phrase
from momentvos.evaluation.prediction_folder import Fault, NotAnswered
from momentvos.evaluation.store import Key
from momentvos.masklet import Masklet
from momentvos.moment import Moment


class AnswersFile:
    """The answers in `path`. Raises BenchmarkError where it is no such file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: dict[Key, Entry] = {}
        self._tracks: dict[tuple[int, int], list[Entry]] = defaultdict(list)
        self._faults: list[Fault] = []
        try:
            entries = list(load(path).each() if path.suffix == ".json" else load_lines(path))
            self.tracked = bool(entries) and "category_id" in entries[0].object()
            for entry in entries:
                self._add(entry)
        except BrokenEntry as error:
            raise BenchmarkError(str(error)) from None

    def _add(self, entry: Entry) -> None:
        if self.tracked:
            pair = entry["video_id"].whole(), entry["category_id"].whole()
            self._tracks[pair].append(entry)
            return
        key = entry["video"].text(), str(entry["expression"].value)
        if key in self._entries:
            self._faults.append(self._extra(entry, "the second answer to its expression"))
        self._entries.setdefault(key, entry)

    def load(self, sample: Sample) -> Told | Masklet:
        """The answer to a sample. Raises NotAnswered where there is none, or no usable one."""
        key = sample.video_id, sample.expression_id
        entry = self._entries.get(key)
        try:
            if self.tracked:
                return self._instances(sample)
            if entry is None:
                where = f"{self.path}, '{key[1]}' of '{key[0]}'"
                raise NotAnswered(Fault("missing", where, "there is no answer to it"))
            return read_answer(entry, sample)
        except BrokenEntry as error:
            raise NotAnswered(Fault("wrong", f"{error.path}, {error.key}", error.why)) from None
        except MomentVOSError as error:
            if isinstance(error, NotAnswered):
                raise
            raise NotAnswered(Fault("wrong", str(self.path), str(error).rstrip("."))) from None

    def _instances(self, sample: Sample) -> Told:
        """Every pair is answered in SA-Co's layout: without a track by "nothing"."""
        if not isinstance(sample, PhraseSample):
            raise BenchmarkError(f"{self.path} answers SA-Co/VEval, which this is not.")
        tracks = [
            (masklet(one["segmentations"], sample), one["score"].number())
            for one in self._tracks.get(sample.numbers, ())
        ]
        whole = union(sample, [one for one in tracks if one[1] >= 0.5])
        moment = Moment.from_frames(whole.frames())
        return Told(
            bool(whole),
            whole,
            moment,
            tracks=tuple(one for one, _ in tracks),
            scores=tuple(score for _, score in tracks),
        )

    def beside(self, samples: Sequence[Sample]) -> dict[Key, Phrase]:
        """Tracks of pairs that are not asked, which SA-Co's program counts as false."""
        asked = {one.numbers for one in samples if isinstance(one, PhraseSample)}
        found = {}
        for (video, category), entries in self._tracks.items():
            if (video, category) not in asked:
                rows = [_track(one["segmentations"]) for one in entries]
                scores = [one["score"].number() for one in entries]
                found[str(video), str(category)] = phrase([], rows, scores)
        return found

    def surplus(self, samples: Sequence[Sample]) -> list[Fault]:
        """Answers to what is not asked."""
        asked = {(one.video_id, one.expression_id) for one in samples}
        others = [entry for key, entry in self._entries.items() if key not in asked]
        return [*self._faults, *(self._extra(one, "no expression's") for one in others)]

    def _extra(self, entry: Entry, why: str) -> Fault:
        return Fault("extra", f"{self.path}, {entry.key}", why)


def _track(entry: Entry) -> list[dict[str, Any] | None]:
    """Masks of a video that is not at hand, checked. Raises BrokenEntry, PredictionError."""
    some = [one for one in entry.each() if one.value is not None]
    return Masklet.from_json(entry.list(), rle.size(some[0])).to_json() if some else []
