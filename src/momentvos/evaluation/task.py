"""What a run asks of a model: the videos of a benchmark, who answers, how answers are scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.data.sample import Sample
from momentvos.errors import BenchmarkError
from momentvos.evaluation import manifest
from momentvos.evaluation.benchmarks import benchmark
from momentvos.evaluation.foreground import Foregrounds
from momentvos.evaluation.grounders import Ask, asks_truth, checked, finds, segmenting, timing
from momentvos.evaluation.score import score
from momentvos.evaluation.scores import ExpressionScore
from momentvos.evaluation.shard import Shard
from momentvos.results.prediction import Prediction
from momentvos.systems.execution import Execution

if TYPE_CHECKING:
    from momentvos.evaluation.scenes import WorldSource


@dataclass(frozen=True)
class Request:
    """What to run. split: None is the benchmark's usual one. videos: only the first so many.

    root: the data set's folder, or MomentWorld's scenes. grounder: what `momentvos.grounding.parse`
    reads; device: where it runs. stop: end at the first failure. selection: False asks the system
    as published, without its track selection. execution: how the model computes.
    """

    benchmark: str
    root: Path | WorldSource
    model: str
    out: Path
    split: str | None = None
    grounder: str = "model"
    device: str = "auto"
    shard: Shard = field(default_factory=Shard)
    videos: int | None = None
    stop: bool = False
    selection: bool = True
    execution: Execution = field(default_factory=Execution)


class Task:
    """The videos of a request with what is asked of each.

    Attributes:
        videos, samples: what is asked, by video and in one list, in the data set's order.
        left_out: expressions that are not asked, since their truth would answer them.
        finds: whether the answers' moments are the grounder's own, not given to it.

    Raises MomentVOSError where the data cannot be read, or the grounder is unknown.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.benchmark = benchmark(request.benchmark)
        self.spec = checked(request.grounder)
        self.finds = finds(self.spec)
        videos = self.benchmark.videos(request.root, request.split, request.videos)
        wanted = "revos" in self.benchmark.protocols
        self._foregrounds = Foregrounds(videos) if wanted else None
        self.left_out = 0
        if asks_truth(self.spec):
            if not all(one.timed for one in chain.from_iterable(videos)):
                raise BenchmarkError(
                    "The true moments of this split are not known; choose another --grounder."
                )
            every = sum(map(len, videos))
            videos = [[one for one in group if one.targets] for group in videos]
            videos = [group for group in videos if group]
            self.left_out = every - sum(map(len, videos))
        self.videos: Sequence[Sequence[Sample]] = videos
        self.samples = list(chain.from_iterable(videos))
        if not self.samples:
            raise BenchmarkError(f"'{request.root}' holds no expression that could be asked.")

    @property
    def digest(self) -> str:
        """Of all that is asked, see `manifest.questions`."""
        return manifest.questions(self.samples)

    def ask(self, load: Callable[[], Any]) -> Ask:
        """Who answers. load: gives the model. Raises ModelError, DeviceError."""
        device, selection = self.request.device, self.request.selection
        if self.benchmark.masks:
            return segmenting(self.spec, device, load(), selection)
        return timing(self.spec, device, load, selection)

    def scores(self, sample: Sample, prediction: Prediction) -> dict[str, Any] | None:
        """The metrics of an answer as plain values; None where the truth is not public."""
        return asdict(self.score(sample, prediction)) if sample.annotated else None

    def score(self, sample: Sample, prediction: Prediction) -> ExpressionScore:
        """The metrics of an answer."""
        row = score(sample, prediction, self.finds)
        if self._foregrounds is None:
            return row
        extra = self._foregrounds.score(sample, prediction.masklet)
        return replace(row, extra={**row.extra, **extra})
