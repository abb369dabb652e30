"""TGL and SAMWISE on frames as they come."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from momentvos.propagation import DecoderOptions, MemoryMaskHook, Read, Step
from momentvos.sam2 import Prompt, Pyramid
from momentvos.sentence import plain
from momentvos.systems.patches.logits import WindowFeatures
from momentvos.systems.streaming.recent import drop_before
from momentvos.systems.streaming.session import Due, Follower, StreamSession
from momentvos.systems.tgl.features import (
    Shared,
    Windows,
    encode_windows,
    patch_features,
    plain_features,
    shared_features,
)
from momentvos.systems.tgl.live_relevance import Judged, LiveRelevance
from momentvos.systems.tgl.live_windows import Block, LiveWindows, alone
from momentvos.systems.tgl.plan import path_step
from momentvos.systems.tgl.switch import MemorySwitch
from momentvos.systems.windows import stride_for

if TYPE_CHECKING:
    from momentvos.systems.tgl.config import TglConfig
    from momentvos.systems.tgl.model import TglModel

LOOKS_BACK = "frames outside the moment read only what came before them, not what comes after"
CUT_WINDOWS = "the adapters' windows of frames end where the moment does"


class TglStream(StreamSession):
    """See `StreamSession`; SAMWISE is the same without a moment."""

    model: TglModel

    def __init__(self, model: TglModel, config: TglConfig, fps: float) -> None:
        super().__init__(model, config, fps, config.image_fit)
        self.method = "TGL" if model.can_ground else "SAMWISE"
        self.stride = stride_for(fps, config.rate)
        self.frames.encoder = self._plain
        self._shared: dict[int, Shared] = {}
        self._windows: dict[tuple[int, ...], Windows] = {}
        self._patches: tuple[tuple[int, ...], WindowFeatures] | None = None
        self._followers: dict[int, TglFollower] = {}
        self._switch: MemorySwitch | None = None
        if model.can_ground and config.memory == "moment":
            self.deviations += (LOOKS_BACK,)
        if self.cuts_windows:
            self.deviations += (CUT_WINDOWS,)

    @property
    def cuts_windows(self) -> bool:
        """Whether only frames of a moment that is not known beforehand are adapted."""
        config = self.config
        scoped = config.adapter_scope == "moment" and config.moment_features
        return bool(self.model.can_ground and scoped)

    def follow(self, obj_id: int, sentence: str, start: int) -> TglFollower:
        """See `StreamSession`."""
        made = self._followers[obj_id] = TglFollower(self, obj_id, sentence, start)
        return made

    def shared(self, frames: Sequence[int]) -> Shared:
        """Sentence-independent features of ascending frames; each frame is encoded once."""
        for frame in frames:
            if frame not in self._shared:
                pixels = self.frames.pixels([frame]).to(self.model.dtype)
                self._shared[frame] = shared_features(self.model, pixels)
        return Shared.cat([self._shared[frame] for frame in frames])

    def windows(self, frames: Sequence[int]) -> Windows:
        """What all sentences share of an adapter's window; those that are in step share it."""
        key = tuple(frames)
        if key not in self._windows:
            self._windows[key] = encode_windows(self.model, self.shared(frames), 1)
            if len(self._windows) > self.stride:  # more than a block
                del self._windows[next(iter(self._windows))]
        return self._windows[key]

    def patches(self, frames: Sequence[int]) -> WindowFeatures:
        """Features of a window that patches are scored in; sentences that are in step share it."""
        if self._patches is None or self._patches[0] != tuple(frames):
            shared, plain = self.shared(frames), self.frames.plain(frames)
            self._patches = (tuple(frames), patch_features(self.model, shared, plain))
        return self._patches[1]

    def features(self, steps: Sequence[Step]) -> Pyramid:
        """F_SAM of plain steps, F_Adp of adapted ones."""
        if steps[0].features == "plain":
            return super().features(steps)
        rows = [self._followers[step.obj_id].windows.pyramid(step.frame) for step in steps]
        return Pyramid.cat(rows)

    def prompts(self, steps: Sequence[Step]) -> Prompt:
        """rho_txt of each step's window, and what patches say."""
        followers = [self._followers[step.obj_id] for step in steps]
        tokens = [
            follower.windows.prompt(step.frame)
            for follower, step in zip(followers, steps, strict=True)
        ]
        dense = None
        if self.model.patch_prompt is not None:
            maps = torch.stack([follower.maps for follower in followers])
            dense = self.model.patch_prompt(maps.to(self.model.dtype))
        return Prompt(tokens=torch.cat(tokens), dense=dense)

    @property
    def decoder_options(self) -> DecoderOptions:
        """The single mask; pointers without temporal distance, as SAMWISE has them."""
        return DecoderOptions(gate=self.config.gate, scored=self.config.object_score)

    def memory_mask_hook(self) -> MemoryMaskHook | None:
        """SAMWISE's conditional memory encoder, where there is one."""
        if self._switch is None and self.config.cme:
            self._switch = MemorySwitch(self.model, self.prompts)
        return self._switch

    def counts(self, step: Step) -> bool:
        """Only prompted frames count for presence."""
        return step.prompt is not None

    def end(self, obj_id: int) -> None:
        """See `StreamSession`."""
        self._followers.pop(obj_id, None)

    def forget(self, before: int) -> None:
        """See `StreamSession`."""
        super().forget(before)
        drop_before(self._shared, before)

    def _plain(self, frame: int) -> Pyramid:
        return plain_features(self.model, self.shared([frame]))


class TglFollower(Follower):
    """One sentence: judged as far as its frames are final, then segmented block by block.

    Attributes:
        windows: its adapted features and prompts.
        maps: what patches say of the frame whose turn it is, [2, h, w].
    """

    maps: torch.Tensor

    def __init__(self, session: TglStream, obj_id: int, sentence: str, start: int) -> None:
        model, config, stride = session.model, session.config, session.stride
        self.text = plain(sentence) if config.plain_sentences else sentence
        tokens = model.tokenize([self.text])
        self.notes = tokens.sentence_notes[0]
        self.windows = LiveWindows(model, session.windows, tokens, stride)
        self._session, self._config, self._obj_id = session, config, obj_id
        self._start, self._next, self._ended = start, start, False
        self._block_size: int = config.window * stride
        self._grounder: LiveRelevance | None = None
        if model.can_ground:
            self._grounder = LiveRelevance(
                model, session.windows, session.patches, tokens, start, stride
            )
        self._waiting: deque[Judged] = deque()
        self._block: Block = ()
        self._remembers = False

    @property
    def reads(self) -> Read:
        """See `Follower`."""
        config = self._config
        return Read(config.memory_frames, "previous", config.pointers, slots=config.slots)

    @property
    def delay(self) -> int:
        """See `Follower`: the grounder's, and a block of windows where one has to be whole."""
        block = self._block_size - 1
        if self._grounder is None:
            return block
        ground = self._grounder.delay
        return ground + block if self._session.cuts_windows else max(ground, block)

    @property
    def presence(self) -> float:
        """See `Follower`."""
        return 1.0 if self._grounder is None else self._grounder.presence

    @property
    def needs(self) -> int:
        """See `Follower`."""
        if self._waiting:
            first = self._waiting[0].frame
        else:
            first = self._next if self._grounder is None else self._grounder.next
        return first if self._session.cuts_windows else self._block_start(first)

    def push(self, frame: int) -> None:
        """See `Follower`."""
        self._next = frame + 1
        if self._grounder is None:
            self._waiting.append(Judged(frame, 1.0, True))
        else:
            self._waiting.extend(self._grounder.push(frame))

    def finish(self) -> None:
        """See `Follower`."""
        self._ended = True
        if self._grounder is not None:
            self._waiting.extend(self._grounder.finish())

    def next(self) -> Due | None:
        """See `Follower`."""
        if not self._waiting:
            return None
        frame, relevance, inside = self._waiting[0]
        prompted = inside or not self._config.moment_features
        if (prompted or self._counts_alone) and frame not in self._block:
            block = self._whole_block(frame)
            if block is None:
                return None
            self._block = block
        if prompted:
            self.windows.enter(self._block)
        step: Step | None = None
        if prompted or self._config.memory == "all" or self._remembers:
            step = self._step(frame, prompted, inside)
        self._waiting.popleft()
        if self._grounder is not None:
            maps = self._grounder.maps(frame)
            if maps is not None:
                self.maps = maps
        self._remembers |= step is not None and step.write is not None
        return Due(frame, relevance, inside, step)

    def _block_start(self, frame: int) -> int:
        """The first frame of the block that a frame is in, where all frames are in blocks."""
        return frame - (frame - self._start) % self._block_size

    def _whole_block(self, frame: int) -> Block | None:
        """The block that begins with a frame or holds it, once all of it is there."""
        if not self._session.cuts_windows:
            start = self._block_start(frame)
            stop = start + self._block_size
            if self._next < stop and not self._ended:
                return None
            return tuple(range(start, min(stop, self._next)))
        block: list[int] = []
        for one in self._waiting:
            if not one.inside or len(block) == self._block_size:
                return tuple(block)
            block.append(one.frame)
        return tuple(block) if self._ended or len(block) == self._block_size else None

    def _step(self, frame: int, prompted: bool, inside: bool) -> Step:
        """As :func:`momentvos.systems.tgl.plan.dual_path` has it, looking back."""
        config = self._config
        remembered = inside or config.memory == "all"
        read: Read | None = self.reads
        if not remembered:
            read = replace(self.reads, order="nearest")
        elif (config.memory == "moment" and not config.moment_reads) or (
            not config.single_reads and alone(self._block, frame, self._session.stride)
        ):
            read = None
        return path_step(frame, read, prompted, remembered, self._obj_id)

    @property
    def _counts_alone(self) -> bool:
        """Whether a frame that is not prompted has to know the window that it would be in."""
        config = self._config
        windows = not config.single_reads and not self._session.cuts_windows
        return bool(windows and config.memory == "all")
