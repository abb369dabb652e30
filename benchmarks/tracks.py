"""The tracks system with one role after the other played by ground truth, on MomentWorld.

python benchmarks/tracks.py --row truth existence trained --faults lies slow broken busy dies
python benchmarks/tracks.py --row sparse lossy false masks
python benchmarks/tracks.py --seed 1100 --videos 40 --workers 2 --row headline

What the pipeline itself loses: objects come from their true masks on keyframes, SAM2 of tgl-mini
tracks them, and a server on this machine answers the selector's questions from ground truth, as any
OpenAI-compatible endpoint would over HTTP. Further rows swap one role; `headline` has no ground
truth at all: what tgl-mini segments in single frames, and its trained selector. `--faults` are rows
of truth with a server that lies in 10 % of its answers, is slow, sends broken JSON in 20 %, is busy
(429) in 20 %, or dies.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from track_detectors import (
    Anything,
    FalseDetector,
    LossyDetector,
    MaskDetector,
    SceneDetector,
    TruthDetector,
    WholeSentence,
)
from truth_server import FAULTS, serving

import momentvos
from momentvos.evaluation.scenes import WorldSource
from momentvos.evaluation.score import score
from momentvos.evaluation.scores import WorldScore, join
from momentvos.mllm.endpoint import Endpoint
from momentvos.systems.tracks.config import TracksConfig
from momentvos.systems.tracks.followed import Followed
from momentvos.systems.tracks.model import TracksModel
from momentvos.systems.tracks.parts import Parts
from momentvos.systems.tracks.selectors.chat import ChatPart
from momentvos.systems.tracks.selectors.trained import TrainedPart
from momentvos.systems.tracks.session import TracksSession

WINDOW = 0.5
"""Seconds of the windows in which it is asked whether the sentence holds."""
FRAME = 0.125
"""Seconds of one frame of MomentWorld."""
SHARD = 4


@dataclass(frozen=True)
class Row:
    """What plays the roles in a row of the table.

    keyframes: seconds from one frame that the detector sees to the next; None: as the command has.
    """

    detector: Callable[[Any], SceneDetector] = lambda tgl: TruthDetector()
    trained: bool = False
    moment: str = "auto"
    keyframes: float | None = None

    def model(self, tgl: Any, detector: SceneDetector, url: str, keyframes: float) -> TracksModel:
        """The system; url: of the server that knows the truth."""
        config, by_masks = tgl.config, isinstance(detector, MaskDetector)
        chat = Endpoint(url, "truth", most_tokens=10**9, pause=_shortly)
        made = TracksConfig(
            tracker={"kind": "sam2", "single_mask": True},
            moment={"kind": self.moment},
            rate=1 / FRAME,
            guided_radius=config.guided_radius,
            plain_sentences=config.plain_sentences,
            presence_threshold=config.selection.presence_threshold if self.trained else 0.5,
            keyframe_seconds=keyframes if self.keyframes is None else self.keyframes,
            domain="MomentWorld, by ground truth",
        )
        words = WholeSentence() if by_masks else Anything()
        selector = TrainedPart(tgl) if self.trained else ChatPart(chat, WINDOW)
        return TracksModel(made, Parts(words, detector, tgl.sam, selector))


ROWS = {
    "truth": Row(),
    "existence": Row(moment="existence"),
    "trained": Row(trained=True),
    "sparse": Row(keyframes=100.0),
    "lossy": Row(lambda tgl: LossyDetector()),
    "false": Row(lambda tgl: FalseDetector()),
    "masks": Row(MaskDetector, keyframes=FRAME),
    "headline": Row(MaskDetector, trained=True, keyframes=FRAME),
}


@dataclass(frozen=True)
class Job:
    """Some scenes that one process asks about.

    asked: rows, all with the same detector and keyframes, and the fault of the server, or "".
    """

    asked: tuple[tuple[str, str], ...]
    split: str
    scenes: range
    size: int
    keyframes: float


class Shared(TracksSession):
    """A session that takes what another one of the same scene has tracked.

    Tracks do not depend on selector and moment.
    """

    tracks: tuple[list[int], list[Followed]] | None = None

    def follow(self, progress: Any = None) -> list[Followed]:
        """See `TracksSession.follow`."""
        if Shared.tracks is None:
            objects = super().follow(progress)
            Shared.tracks = self.cuts, objects
        self.cuts, objects = Shared.tracks
        return objects


def measure(job: Job) -> dict[tuple[str, str], tuple[WorldScore, int]]:
    """Scores, and how many answers came with a note that a question had no answer."""
    tgl = momentvos.load("tgl-mini", device="cpu")
    detector = ROWS[job.asked[0][0]].detector(tgl)
    made = {one: (WorldScore((), 0), 0) for one in job.asked}
    with ExitStack() as stack:
        servers = {one: stack.enter_context(serving(one[1])) for one in job.asked}
        models = {
            one: ROWS[one[0]].model(tgl, detector, servers[one].url, job.keyframes)
            for one in job.asked
        }
        source = WorldSource(job.scenes.start, job.size)
        for group in source.videos(job.split, len(job.scenes)):
            video, Shared.tracks = group[0].video(), None
            detector.show(group)
            for one, model in models.items():
                servers[one].show(group)
                model.session_class = Shared  # type: ignore[misc]
                answers = model.segment(video, [sample.sentence for sample in group])
                rows = tuple(score(*pair, extra=False) for pair in zip(group, answers, strict=True))
                noted = sum(any(_fault(note) for note in answer.notes) for answer in answers)
                part = WorldScore(rows, len(rows))
                made[one] = join((made[one][0], part)), made[one][1] + noted
    return made


def _shortly(wait: float) -> None:
    time.sleep(min(wait, 0.05))


def _fault(note: str) -> bool:
    return "language model" in note or "nobody judged" in note


def main() -> None:
    options = arguments()
    asked = [*((row, "") for row in options.row), *(("truth", one) for one in options.faults)]
    groups: dict[Any, list[tuple[str, str]]] = {}
    for one in asked:
        groups.setdefault((ROWS[one[0]].detector, ROWS[one[0]].keyframes), []).append(one)
    scenes = range(options.seed, options.seed + options.videos)
    jobs = [
        Job(tuple(group), options.split, scenes[at : at + SHARD], options.size, options.keyframes)
        for group in groups.values()
        for at in range(0, len(scenes), SHARD)
    ]
    scores = {one: (WorldScore((), 0), 0) for one in asked}
    context = get_context("spawn")
    with ProcessPoolExecutor(options.workers, context, limit_threads, (options.workers,)) as pool:
        for number, made in enumerate(pool.map(measure, jobs)):
            for one, (part, noted) in made.items():
                scores[one] = join((scores[one][0], part)), scores[one][1] + noted
            print(f"\r{number + 1} of {len(jobs)} parts", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"{'row':<12}{'server':<9} J&F   +-  tIoU   refused  missed  noted  expressions")
    for (row, fault), (made, noted) in scores.items():
        print(_line(row, fault, made, noted))
    if options.json:
        named = {
            f"{row} {fault}".strip(): one.to_json() for (row, fault), (one, _) in scores.items()
        }
        options.json.write_text(json.dumps(named))


def _line(row: str, fault: str, made: WorldScore, noted: int) -> str:
    jf, error, refused, missed = (
        100 * (value or 0.0) for value in (made.jf, made.jf_error, made.refused, made.missed)
    )
    return (
        f"{row:<12}{fault or 'truth':<9}{jf:5.1f} {error:4.1f} {made.tiou or 0:6.3f} "
        f"{refused:7.1f} {missed:7.1f} {noted:6} {made.expected:11}"
    )


def limit_threads(workers: int) -> None:
    import torch

    torch.set_num_threads(max(1, torch.get_num_threads() // workers))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", default="test")
    parser.add_argument("--videos", type=int, default=8)
    parser.add_argument("--seed", type=int, default=5000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--keyframes", type=float, default=0.5, help="seconds between them")
    parser.add_argument("--row", nargs="*", choices=ROWS, default=["truth"])
    parser.add_argument("--faults", nargs="*", choices=FAULTS, default=[])
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--json", type=Path, help="also write every expression's metrics here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
