"""A grounder in front of the tracks: it says when, the tracks say what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from momentvos.grounding import Grounder, Grounding, Spec, build
from momentvos.media import Video
from momentvos.moment import Moment
from momentvos.systems.session import Grounded, Progress
from momentvos.systems.tracks.trace import Trace


@dataclass
class FrontGrounder:
    """A grounder that is loaded with the first video, on the device that the tracks model is on.

    spec: as `--grounder` takes it, see docs/grounding.md.
    """

    spec: Spec
    _made: Grounder | None = field(default=None, repr=False)
    _device: str = ""

    def ask(
        self,
        video: Video,
        sentences: Sequence[str],
        device: torch.device,
        trace: Trace,
        progress: Progress | None = None,
    ) -> list[Grounding]:
        """When each sentence holds. Raises ModelError where the grounder cannot be had."""
        if self._made is None or self._device != str(device):
            self._made = None
            self._made = build(self.spec, str(device))
            self._device = str(device)
        report = None if progress is None else lambda done, of: progress("grounding", done, of)
        made = self._made.ground(video, sentences, report=report)
        for one in made:
            said = "" if one.answer is None else f", after the answer {one.answer}"
            trace.text(f"{self.spec}: “{one.sentence}” holds in {one.moment.to_list()}{said}")
        return made


def where_seen(front: Grounding, seen: Moment, presence: float) -> Grounded:
    """What a grounder says, in the frames in which the tracks are seen that are meant."""
    flags = seen.flags(len(front.relevance))
    curve = [value if flag else 0.0 for value, flag in zip(front.relevance, flags, strict=True)]
    return Grounded(tuple(curve), front.moment & seen, presence)
