"""Scores of patches over a whole video: means over windows that overlap, kept in a journal."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence

import numpy as np
import torch

from momentvos.results.journal import UNUSABLE, Journal
from momentvos.results.record import State
from momentvos.systems.patches.relevance import PatchScores

HELD = 1 << 20
"""Bytes of maps that are held in memory."""


class PatchMaps:
    """Maps of L sentences in T frames, half precision; in a temporary file where they are large."""

    def __init__(self, count: int, length: int, side: int) -> None:
        self._shape = (count, 2, side, side)
        self._length = length
        self.clear()

    def clear(self) -> None:
        """Make all maps 0."""
        size = 2 * math.prod(self._shape) * self._length
        self._file = tempfile.SpooledTemporaryFile(HELD, prefix="momentvos-")  # noqa: SIM115
        self._file.seek(size - 1)
        self._file.write(b"\0")

    def of(self, row: int, frame: int) -> torch.Tensor:
        """Maps of a sentence in a frame, [2, side, side]."""
        return self._read(frame, row, self._shape[1:])

    def read(self, frames: Sequence[int]) -> torch.Tensor:
        """Maps of all sentences in some frames, [L, N, 2, side, side]."""
        return torch.stack([self._read(frame, 0, self._shape) for frame in frames], 1)

    def write(self, frames: Sequence[int], maps: torch.Tensor) -> None:
        """Replace those of all sentences in some frames, as `read` gives them."""
        if maps.shape != (self._shape[0], len(frames), *self._shape[1:]):
            raise ValueError(f"maps of shape {tuple(maps.shape)}")
        rows = maps.half().transpose(0, 1).cpu().numpy()
        for frame, row in zip(frames, rows, strict=True):
            self._seek(frame, 0)
            self._file.write(row.tobytes())

    def _seek(self, frame: int, row: int) -> None:
        if not 0 <= frame < self._length:
            raise ValueError(f"frame {frame} of {self._length}")
        count, *one = self._shape
        self._file.seek(2 * math.prod(one) * (count * frame + row))

    def _read(self, frame: int, row: int, shape: tuple[int, ...]) -> torch.Tensor:
        self._seek(frame, row)
        content = bytearray(self._file.read(2 * math.prod(shape)))
        return torch.from_numpy(np.frombuffer(content, np.float16).reshape(shape))


class PatchAverages:
    """Means over the windows so far of L sentences in T frames.

    Attributes:
        relevance: [L, T], a sum. weight: [T], windows that a frame was in.
        presence: [L], of the best window.
        maps: of all frames.
    """

    def __init__(self, count: int, length: int, side: int) -> None:
        self.relevance, self.weight = torch.zeros(count, length), torch.zeros(length)
        self.presence = torch.full((count,), -torch.inf)
        self.maps = PatchMaps(count, length, side)

    @property
    def seen(self) -> int:
        """Frames that were in a window."""
        return int((self.weight > 0).sum())

    def add(self, window: list[int], scores: PatchScores) -> None:
        """Take the scores of a window of frames into account."""
        before = self.maps.read(window)
        pair = torch.stack([scores.active, scores.target], 2).unflatten(3, before.shape[3:]).cpu()
        seen = self.weight[window].view(-1, 1, 1, 1)
        self.maps.write(window, (before * seen + pair) / (seen + 1))
        self.relevance[:, window] += scores.relevance.float().cpu()
        self.presence = torch.maximum(self.presence, scores.presence.float().cpu())
        self.weight[window] += 1


class KeptAverages:
    """Averages in a journal; maps, which are large, in parts of what has changed."""

    def __init__(self, journal: Journal, made: PatchAverages) -> None:
        self._journal, self._made = journal, made
        self._changed: set[int] = set()
        self._parts = 0

    def restore(self) -> int:
        """Windows that are done, and what is known of them."""
        state = self._journal.get("patches") if self._journal else None
        if state is None:
            return 0
        try:
            return self._restore(state)
        except UNUSABLE:
            self._journal.damaged("patches")
            made = self._made
            made.presence.fill_(-torch.inf)
            made.relevance.zero_()
            made.weight.zero_()
            made.maps.clear()
            return 0

    def note(self, window: Sequence[int], windows: int, last: bool) -> None:
        """Keep what is known after so many windows, if it is time, or behind the last one."""
        journal, made = self._journal, self._made
        if not journal:
            return
        self._changed |= set(window)
        if not (last or journal.due):
            return
        frames = sorted(self._changed)
        self._changed.clear()
        part = State({"frames": frames}, {"maps": made.maps.read(frames)})
        journal.put(f"patches-{self._parts}", part)
        self._parts += 1
        known = {name: getattr(made, name).clone() for name in ("relevance", "weight", "presence")}
        journal.put("patches", State({"windows": windows, "parts": self._parts}, known))

    def _restore(self, state: State) -> int:
        made = self._made
        for name in ("relevance", "weight", "presence"):
            there, known = getattr(made, name), state.tensors[name]
            if there.shape != known.shape:
                raise ValueError(f"{name} of shape {tuple(known.shape)}")
            there.copy_(known)
        count = int(state.values["parts"])
        for number in range(count):
            part = self._journal.get(f"patches-{number}")
            if part is None:
                raise ValueError("a part is missing")
            made.maps.write(part.values["frames"], part.tensors["maps"])
        self._parts = count
        return int(state.values["windows"])
