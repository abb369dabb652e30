"""Which part of a benchmark this process answers."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from momentvos.data.sample import Sample
from momentvos.errors import BenchmarkError

LARGEST = 100_000
LAUNCHERS = (
    ("RANK", "WORLD_SIZE", "LOCAL_RANK"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
    ("PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"),
)
"""How torchrun (and with it `accelerate launch`), Open MPI and MPICH number their processes."""


@dataclass(frozen=True)
class Shard:
    """Part `number` of `count`, counted from 1.

    launched: whether a launcher (`accelerate launch`, `torchrun`, `mpirun`) started this process
    among others; place: which of the machine's devices is its own, from 0.
    """

    number: int = 1
    count: int = 1
    launched: bool = False
    place: int = 0

    @classmethod
    def parse(cls, text: str) -> Shard:
        """From "i/n". Raises BenchmarkError."""
        match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip())
        number, count = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 1 <= number <= count <= LARGEST:
            raise BenchmarkError(f"'{text}' is no shard; write 1/4, 2/4 and so on up to 4/4.")
        return cls(number, count)

    @classmethod
    def here(cls, environment: Mapping[str, str] = os.environ) -> Shard:
        """The part of this process as its launcher has set it, else the whole."""
        for rank, world, place in LAUNCHERS:
            try:
                number, count = int(environment[rank]) + 1, int(environment[world])
                own = int(environment.get(place, "0"))
            except (KeyError, ValueError):
                continue
            if 1 <= number <= count and count > 1:
                return cls(number, count, True, own)
        return cls()

    @property
    def name(self) -> str:
        return f"{self.number}-of-{self.count}"

    def device(self, wanted: str) -> str:
        """`wanted`, or where that is "auto" this process's own GPU among those there are."""
        if wanted != "auto" or not self.launched:
            return wanted
        import torch

        devices = torch.cuda.device_count()
        return f"cuda:{self.place % devices}" if devices else wanted

    def share(self, videos: Sequence[Sequence[Sample]]) -> list[Sequence[Sample]]:
        """The videos of this part, in their order; parts are disjoint and about equally long.

        Videos go, the longest work first, to the part that has least (frames x expressions).
        """
        loads = [0] * self.count
        mine = set()
        work = [group[0].length * len(group) for group in videos]
        for row in sorted(range(len(videos)), key=lambda row: (-work[row], row)):
            part = loads.index(min(loads))
            loads[part] += work[row]
            if part == self.number - 1:
                mine.add(row)
        return [group for row, group in enumerate(videos) if row in mine]
