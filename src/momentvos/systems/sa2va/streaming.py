"""Sa2VA on frames as they come: it looks at the first frames, and tracks forwards from them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from momentvos.media.arrays import ArrayVideo
from momentvos.propagation import DecoderOptions, Read, Step
from momentvos.sam2 import Prompt
from momentvos.sam2.geometry import Mode
from momentvos.systems.sa2va.session import Sa2VaSession, decoder_options
from momentvos.systems.session import InferenceSession, Request
from momentvos.systems.streaming.given import FORWARDS
from momentvos.systems.streaming.session import Due, Follower, StreamSession

if TYPE_CHECKING:
    from typing import Any

    from momentvos.systems.sa2va.model import Sa2VaModel


class Sa2VaStream(StreamSession):
    """See `StreamSession`: sentences where the model needs no more than the first frames."""

    model: Sa2VaModel
    method = "Sa2VA"

    def __init__(
        self, model: Sa2VaModel, config: Any, fps: float, mode: Mode = "momentseg"
    ) -> None:
        super().__init__(model, config, fps, mode)
        self._followers: dict[int, SegFollower] = {}

    @property
    def forwards(self) -> bool:
        """Whether the configuration needs the first frames alone, and tracks them forwards."""
        first = self.config.sampling == "first" and self.config.decoder == "finetuned"
        return bool(first and self.model.patches is None)

    def follow(self, obj_id: int, sentence: str, start: int) -> Follower:
        """See `StreamSession`."""
        if not self.forwards:
            return super().follow(obj_id, sentence, start)
        made = self._followers[obj_id] = SegFollower(self, obj_id, sentence, start)
        return made

    def push(self, frame: int, rgb: NDArray[np.uint8]) -> None:
        """Take a frame, uint8 [H, W, 3]; the language model reads the first ones as they are."""
        super().push(frame, rgb)
        for follower in self._followers.values():
            follower.see(rgb)

    def prompts(self, steps: Sequence[Step]) -> Prompt:
        """[SEG]."""
        tokens = [self._followers[step.obj_id].token for step in steps]
        return Prompt(tokens=torch.cat([token for token in tokens if token is not None]))

    @property
    def decoder_options(self) -> DecoderOptions:
        """As about a whole video."""
        return decoder_options(self.config)

    def counts(self, step: Step) -> bool:
        """See `StreamSession`."""
        return super().counts(step) and self.model.session_class.trusts_object_score

    def end(self, obj_id: int) -> None:
        """See `StreamSession`."""
        self._followers.pop(obj_id, None)


class SegFollower(Follower):
    """One sentence: the first frames wait until the language model has seen all of them.

    Attributes:
        token: [SEG] as SAM2's prompt [1, 1, C]; None before, and where nothing is named.
    """

    reads: Read = FORWARDS

    def __init__(self, session: Sa2VaStream, obj_id: int, sentence: str, start: int) -> None:
        self._session, self._obj_id, self._start = session, obj_id, start
        self._inner: Sa2VaSession | None = None
        self._sentence = self.text = sentence
        self._seen: list[NDArray[np.uint8]] = []
        self._waiting: deque[int] = deque()
        self._next, self._ended = start, False
        # One frame alone is asked about in other words, so that a second one has to come.
        self._wanted = max(session.config.frames, 2)
        self._refused = False
        self.token: Tensor | None = None

    @property
    def delay(self) -> int:
        """See `Follower`; after the first frames it is 0."""
        return int(self._wanted - 1)

    @property
    def presence(self) -> float:
        """See `Follower`: 0 where the model named nothing to segment."""
        return 0.0 if self._refused else 1.0

    @property
    def needs(self) -> int:
        """See `Follower`."""
        return self._waiting[0] if self._waiting else self._next

    def see(self, rgb: NDArray[np.uint8]) -> None:
        """Keep one of the first frames until the model has seen them."""
        if self._inner is None:
            self._seen.append(rgb.copy())

    def push(self, frame: int) -> None:
        """See `Follower`."""
        self._next = frame + 1
        self._waiting.append(frame)

    def finish(self) -> None:
        """See `Follower`."""
        self._ended = True

    def next(self) -> Due | None:
        """See `Follower`."""
        if not self._waiting:
            return None
        if self._inner is None:
            if len(self._seen) < self._wanted and not self._ended:
                return None
            self._ask()
        frame, step = self._waiting.popleft(), None
        if self.token is not None and frame - self._start < self._session.config.frames:
            step = Step(frame, "plain", "tokens", None, "conditioning", self._obj_id)
        elif self.token is not None:
            step = Step(frame, "plain", None, FORWARDS, "recent", self._obj_id)
        inside = None if self._session.model.session_class.moment_from_masks else True
        return Due(frame, 1.0, inside, step)

    def _ask(self) -> None:
        """Let the language model see the first frames as the session of a whole video does."""
        session = self._session
        video = ArrayVideo(np.stack(self._seen), session.fps)
        request = Request(video, [self._sentence], [None], session.config)
        inner = self._inner = session.model.session_class(session.model, request)
        list(inner.ground())
        refusal = inner.refusal(0)
        self.text, self._refused = inner.texts[0], refusal is not None
        if refusal is None:
            first = Step(0, "plain", "tokens", None, "conditioning", 0)
            self.token = inner.prompts([first]).tokens
        general = InferenceSession.notes(inner, 0)  # which the stream knows itself
        shrunk = [note for note in inner.notes(0) if note not in general]
        self.notes = (*shrunk, *([] if refusal is None else [refusal]))
        self._seen.clear()
