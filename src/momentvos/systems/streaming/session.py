"""A system at work on frames as they come: what it supplies to a stream."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import ModelError
from momentvos.propagation import DecoderOptions, MemoryMaskHook, Read, Step
from momentvos.sam2 import Prompt, Pyramid
from momentvos.sam2.geometry import Mode
from momentvos.systems.streaming.recent import RecentFrames

if TYPE_CHECKING:
    from momentvos.systems.base import System


@dataclass(frozen=True)
class Due:
    """A frame whose turn has come for a sentence.

    frame: its number in the stream. relevance: of the frame, 0..1. inside: whether it belongs to
    the moment; None: if it has a mask. step: what is to be done; None: nothing says what to
    segment, so its mask is empty.
    """

    frame: int
    relevance: float
    inside: bool | None
    step: Step | None


class Follower(ABC):
    """One sentence of a stream, from the frame on at which it was added.

    Attributes:
        text: the sentence as the system reads it.
        notes: what the user should know about the sentence.
    """

    text: str
    notes: tuple[str, ...] = ()

    @property
    @abstractmethod
    def reads(self) -> Read:
        """The most that a step of it reads."""

    @property
    @abstractmethod
    def delay(self) -> int:
        """Most frames that come after a frame before its turn."""

    @property
    @abstractmethod
    def presence(self) -> float:
        """How sure it is that the target occurs, 0..1, before any object score, so far."""

    @property
    @abstractmethod
    def needs(self) -> int:
        """The first frame that it may still ask for."""

    @abstractmethod
    def push(self, frame: int) -> None:
        """Take note of the next frame."""

    @abstractmethod
    def finish(self) -> None:
        """Take note that no frame follows."""

    @abstractmethod
    def next(self) -> Due | None:
        """The next frame in order, if its turn has come; its step is done before the next call."""


class StreamSession:
    """What a system supplies about one stream; each sentence is an object of its own.

    By itself it is of a system that needs the whole video: it reads no sentence, but SAM2 can
    follow what it is given in a frame.

    Attributes:
        model: the system.
        config: its configuration, as it streams.
        frames: the last ones.
        fps: frames a second.
        method: the published method, in a few words.

    Args:
        model, config, fps: as of the attributes.
        mode: how frames lie in SAM2's square, see :func:`momentvos.sam2.geometry.fit`.
    """

    method: str = ""
    deviations: tuple[str, ...] = ()
    """What is not as in the run of a whole video, for the user."""

    def __init__(self, model: System, config: Any, fps: float, mode: Mode = "stretch") -> None:
        self.model, self.config, self.fps = model, config, fps
        self.frames = RecentFrames(model.sam, mode, config.image_resizer)

    def follow(self, obj_id: int, sentence: str, start: int) -> Follower:
        """Begin with a sentence at a frame.

        Raises SentenceError for one that cannot be read, ModelError where none can be streamed.
        """
        name = self.model.name
        raise ModelError(
            f"'{name}' cannot stream a sentence: {self.model.whole_video}. A TGL or SAMWISE model "
            f"can, such as tgl-mini; '{name}' follows what you point at: stream.add({sentence!r}, "
            "box=(left, top, right, bottom)), or mask=array."
        )

    def push(self, frame: int, rgb: NDArray[np.uint8]) -> None:
        """Take a frame, uint8 [H, W, 3]."""
        self.frames.push(frame, rgb)

    def prompts(self, steps: Sequence[Step]) -> Prompt:
        """Prompts of sentences' steps that have one of the same kind; see `propagation.run`."""
        return Prompt()

    @property
    def decoder_options(self) -> DecoderOptions:
        """How SAM2's decoder is read; by default as SAM2 itself does."""
        return DecoderOptions.of_sam2(self.config.sam_config)

    def features(self, steps: Sequence[Step]) -> Pyramid:
        """Image features of steps that want the same kind; see `propagation.run`."""
        return self.frames.plain([step.frame for step in steps])

    def memory_mask_hook(self) -> MemoryMaskHook | None:
        """What changes masks before memory stores them."""
        return None

    def counts(self, step: Step) -> bool:
        """Whether the step's object probability says that the target occurs."""
        return step.write == "conditioning"

    def end(self, obj_id: int) -> None:
        """Free what only one sentence needed; nothing, by default."""

    def forget(self, before: int) -> None:
        """Free what was computed of frames before one."""
        self.frames.forget(before)
