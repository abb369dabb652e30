"""What the versions of MomentWorld ask for: python benchmarks/worlds.py --scenes 400 --clips 1000

Per version: how long videos are, sentences by kind, targets per sentence, and of the sentences that
name a motion: which share of the video the moment covers, and each target's own; how many frames
lie between the moments of two targets, and in how many sentences and scenes over 16; in how many
others, or others of the same category (twins), act like the sentence outside its moment. Last the
share of training clips that object-level selective supervision (TGL Eq. 6) changes: clips as those
of recipes/ablations/mini.yaml, one sentence, 8 frames, half of them from its moment; one is changed
where pixels of an object are left out.
"""

import argparse
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from statistics import fmean

import numpy as np

from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.stream import WorldClips
from momentvos.data.world import Expression, Scene, scene
from momentvos.data.world.answer import Facts
from momentvos.data.world.version import VERSIONS
from momentvos.moment import Moment
from momentvos.results.text_file import save_json

KINDS = ("motion", "several", "sequence", "relation", "attribute", "none")
CLIP = ClipOptions(sampler="moment", frames=8)
FAR = 16
"""Frames between the moments of two targets (2 seconds) that act far apart."""


@dataclass
class Counts:
    """What is counted over the scenes of one version."""

    lengths: list[int] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    targets: Counter[int] = field(default_factory=Counter)
    covered: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    apart: list[int] = field(default_factory=list)
    others: list[bool] = field(default_factory=list)
    twins: list[bool] = field(default_factory=list)
    far: list[bool] = field(default_factory=list)
    scenes: list[tuple[bool, bool, bool]] = field(default_factory=list)

    def add(self, made: Scene) -> None:
        self.lengths.append(made.length)
        here = []
        for one in made.expressions:
            self.kinds[one.kind] += 1
            self.targets[len(one.targets)] += 1
            if not one.motions or not one.targets:
                continue
            self.covered.append(len(one.moment) / made.length)
            self.alone += [len(moment) / made.length for _, moment in one.targets]
            gaps = [gap(a, b) for (_, a), (_, b) in combinations(one.targets, 2)]
            self.apart += gaps
            acting = act_alike(made, one)
            twins = any(made.objects[k].category == one.category for k in acting)
            here.append((bool(acting), twins, max(gaps, default=0) > FAR))
        self.others += [other for other, _, _ in here]
        self.twins += [same for _, same, _ in here]
        self.far += [far for _, _, far in here]
        self.scenes.append(tuple(any(row) for row in zip(*here, strict=True)) or (False,) * 3)

    def table(self) -> dict[str, float]:
        asked, aimed = self.kinds.total(), sum(n for k, n in self.targets.items() if k)
        return {
            "frames of a video": fmean(self.lengths),
            **{f"sentences: {kind}": self.kinds[kind] / asked for kind in KINDS},
            **{f"targets: {n}": self.targets[n] / aimed for n in (1, 2, 3)},
            "targets: 4 or more": sum(n for k, n in self.targets.items() if k > 3) / aimed,
            "share of the video in the moment": fmean(self.covered),
            "share of the video in which one target acts": fmean(self.alone),
            "moments under a quarter": fmean(one < 0.25 for one in self.covered),
            "frames between two targets' moments": fmean(self.apart),
            "sentences: targets act far apart": fmean(self.far),
            "sentences: others act so at other times": fmean(self.others),
            "sentences: twins act so at other times": fmean(self.twins),
            "scenes: targets act far apart": fmean(row[2] for row in self.scenes),
            "scenes: others act so at other times": fmean(row[0] for row in self.scenes),
            "scenes: twins act so at other times": fmean(row[1] for row in self.scenes),
        }


def gap(one: Moment, other: Moment) -> int:
    """Frames between two moments; 0 where they meet."""
    a, b = np.array(one.frames()), np.array(other.frames())
    return int(np.abs(a[:, None] - b[None]).min())


def act_alike(made: Scene, asked: Expression) -> list[int]:
    """Objects that perform a motion of the sentence in frames outside its moment.

    Those are no targets, or targets of a sequence or a relation that do it another time too.
    """
    moment = asked.moment
    return [
        k
        for k, events in enumerate(Facts.of(made.objects).events)
        if any(event.verb in asked.motions and seen and not seen & moment for event, seen in events)
    ]


def changed(world: str, split: str, clips: int, seed: int = 0) -> float:
    """Share of clips whose masks selective supervision changes."""
    data = DataOptions(split=split, world=world, size=64, kinds={"none": 0.0})  # type: ignore[arg-type]
    kept, whole = (WorldClips(data, replace(CLIP, oss=oss), seed) for oss in (True, False))
    return fmean(
        not np.array_equal(kept.batch(n).masks, whole.batch(n).masks) for n in range(clips)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", default="train")
    parser.add_argument("--scenes", type=int, default=400)
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    columns = {}
    for world in VERSIONS:
        counts = Counts()
        for seed in range(options.scenes):
            counts.add(scene(seed, options.split, world))
        columns[world] = counts.table()
        columns[world]["clips that OSS changes"] = changed(world, options.split, options.clips)
    print(f"MomentWorld {options.split}, {options.scenes} scenes, {options.clips} clips\n")
    print("| | " + " | ".join(columns) + " |\n|---|" + "---:|" * len(columns))
    for row in next(iter(columns.values())):
        cells = [column[row] for column in columns.values()]
        print(f"| {row} | " + " | ".join(cell(one, "frames" in row) for one in cells) + " |")
    if options.json:
        save_json(options.json, {"split": options.split, **columns})


def cell(value: float, frames: bool) -> str:
    return f"{value:.1f}" if frames else f"{100 * value:.1f} %"


if __name__ == "__main__":
    main()
