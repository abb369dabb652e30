r"""Chat data in LLaVA's JSON: text conversations about an image, a video, or neither.

    [{"id": ..., "image": "coco/train2017/1.jpg",         or "video": "clips/1.mp4", or neither
      "conversations": [{"from": "human", "value": "<image>\nWhat is this?"},
                        {"from": "gpt", "value": "A dog."}, ...]}, ...]

Paths are relative to a media folder. "<image>" and "<video>" are removed from the text, because the
image or video always precedes the first question; entries with several images are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from momentvos.data.conversation_source import SourceQuery
from momentvos.data.formats.entry import BrokenEntry, Entry, Report, load, refuse
from momentvos.data.formats.pictures import rgb

MARKS = ("<image>", "<video>")
FPS = 1.0
_ASKS, _SAYS = ("human", "user"), ("gpt", "assistant")


@dataclass(frozen=True)
class ChatSource:
    """One conversation about the image or video at `path`, or about neither (None).

    fps: sampling rate of a video's frames, in frames per second.
    """

    conversation: tuple[tuple[str, str], ...]
    path: Path | None = None
    is_video: bool = False
    fps: float = FPS
    tasks: frozenset[str] = frozenset({"ask"})

    @property
    def length(self) -> int:
        """Number of sampled frames: seconds of a video, 1 for an image, 0 without either."""
        if not self.is_video:
            return int(self.path is not None)
        return max(round(self._video().duration), 1)

    def queries(
        self, rng: np.random.Generator, frames: tuple[int, ...] | None
    ) -> list[SourceQuery]:
        """Empty list: chat has no expressions."""
        return []

    def frames(self, indices: Sequence[int]) -> np.ndarray:
        """RGB frames, uint8 [N, H, W, 3]. Raises BrokenEntry or VideoError for unreadable files."""
        assert self.path is not None
        if not self.is_video:
            return np.repeat(rgb(self.path)[None], len(indices), 0)
        video = self._video()
        times = np.asarray(video.times)
        numbers = [int(np.searchsorted(times, at / self.fps, "right")) - 1 for at in indices]
        numbers = [min(max(number, 0), len(video) - 1) for number in numbers]
        read = {frame.index: frame.rgb for frame in video.read(sorted(set(numbers)))}
        return np.stack([read[number] for number in numbers])

    def masks(self, queries: Sequence[SourceQuery], indices: Sequence[int]) -> np.ndarray:
        """Empty array: chat has no masks."""
        return np.zeros((0, len(indices), 0, 0), dtype=bool)

    def turns(self, rng: np.random.Generator, frames: tuple[int, ...]) -> Sequence[tuple[str, str]]:
        """All pairs of question and answer."""
        return self.conversation

    def _video(self):  # type: ignore[no-untyped-def]
        from momentvos.media.video import Video

        assert self.path is not None
        return Video.open(self.path)


def read(path: Path, media: Path | None = None, report: Report = refuse) -> list[ChatSource]:
    """Read every conversation of a file. Raises DataError, or passes broken entries to `report`."""
    folder = media or path.parent
    conversations = []
    for entry in load(path).each():
        try:
            conversations.append(_one(entry, folder))
        except BrokenEntry as broken:
            report(broken)
    return conversations


def _one(entry: Entry, folder: Path) -> ChatSource:
    image, video = entry.get("image"), entry.get("video")
    if image is not None and video is not None:
        raise entry.broken("shows both an image and a video, of which one is read")
    media = image or video
    if media is not None and isinstance(media.value, list):
        raise media.broken("shows several at once, which is not read; it is left out", note=True)
    words = [_words(one) for one in entry["conversations"].each()]
    turns = []
    for (asker, question), (speaker, reply) in zip(words[::2], words[1::2], strict=False):
        if asker not in _ASKS or speaker not in _SAYS:
            raise entry.broken("is no conversation in which question and answer alternate")
        turns.append((question, reply))
    if not turns:
        raise entry.broken("holds no question with an answer")
    path = None if media is None else folder / media.name()
    return ChatSource(tuple(turns), path, video is not None)


def _words(entry: Entry) -> tuple[str, str]:
    text = entry["value"].text()
    for mark in MARKS:
        text = text.replace(mark, "")
    return entry["from"].text(), text.strip()
