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

HELD = 128 << 20
"""Bytes of maps that are held in memory."""


class PatchAverages:
    """Means over the windows so far of L sentences in T frames.

    Attributes:
        relevance: [L, T], a sum. weight: [T], windows that a frame was in.
        presence: [L], of the best window.
        maps: [L, T, 2, side, side], half precision; on disk where they are large.
    """

    def __init__(self, count: int, length: int, side: int, device: torch.device) -> None:
        self.relevance, self.weight = torch.zeros(count, length), torch.zeros(length)
        self.presence = torch.full((count,), -torch.inf)
        self.maps = _zeros((count, length, 2, side, side), device)

    @property
    def seen(self) -> int:
        """Frames that were in a window."""
        return int((self.weight > 0).sum())

    def add(self, window: list[int], scores: PatchScores) -> None:
        """Take the scores of a window of frames into account."""
        maps = self.maps
        pair = torch.stack([scores.active, scores.target], 2).unflatten(3, maps.shape[3:])
        pair = pair.to(maps.device)
        seen = self.weight[window].to(pair.device).view(-1, 1, 1, 1)
        maps[:, window] = ((maps[:, window] * seen + pair) / (seen + 1)).half()
        self.relevance[:, window] += scores.relevance.float().cpu()
        self.presence = torch.maximum(self.presence, scores.presence.float().cpu())
        self.weight[window] += 1


def _zeros(shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
    """Zeros in half precision, in a temporary file where they would fill the memory."""
    count = math.prod(shape)
    if 2 * count <= HELD:
        return torch.zeros(shape, dtype=torch.float16, device=device)
    with tempfile.TemporaryFile(prefix="momentvos-") as file:
        file.truncate(2 * count)
        return torch.from_numpy(np.memmap(file, np.float16, "r+", shape=shape))


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
            for one in (made.relevance, made.weight, made.maps):
                one.zero_()
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
        part = State({"frames": frames}, {"maps": made.maps[:, frames]})
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
            made.maps[:, part.values["frames"]] = part.tensors["maps"].to(made.maps)
        self._parts = count
        return int(state.values["windows"])
