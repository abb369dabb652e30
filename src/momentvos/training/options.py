"""All options of a training run, as plain frozen dataclasses; a recipe is one `Recipe`.

What a system must know of a stage is `momentvos.systems.options.StageTask`; here is the rest.
A resolved recipe needs neither pydantic nor YAML.
`__pydantic_config__` makes pydantic refuse unknown keys when a recipe is checked.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from momentvos.data.options import STRICT, World
from momentvos.paths import check_plain
from momentvos.ranges import Count, Range, Seed, Share, Side, Some, Weight
from momentvos.systems.options import ModelOptions, StageTask

STEPS = 1_000_000_000
"""Most steps of a stage."""
ALMOST_ONE = 1 - 1e-9


@dataclass(frozen=True)
class GroupOptions:
    """Parameters whose name contains a match of the regular expression `pattern`.

    scale: factor on the learning rate. weight_decay: None for the optimiser's.
    """

    pattern: str
    scale: Weight = 1.0
    weight_decay: Weight | None = None

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class OptimiserOptions:
    """AdamW and its schedule, in optimiser steps.

    clip: largest norm of the gradient; None for no limit. groups: the first match counts.
    frozen: patterns of parameters that stay as they are. trained: if any, only these train.
    schedule: "constant" or "cosine"; `warmup` steps (below 1: so great a share of the stage) rise
    linearly from 0 in both; cosine ends at `floor` times the learning rate. Vectors (biases,
    norms) get no weight decay.
    """

    lr: Annotated[float, Range(0, 1000)] = 1e-4
    weight_decay: Weight = 0.0
    betas: Annotated[tuple[float, float], Range(0, ALMOST_ONE)] = (0.9, 0.999)
    clip: Annotated[float, Range(0, 1e6, above=True)] | None = 1.0
    groups: tuple[GroupOptions, ...] = ()
    frozen: tuple[str, ...] = ()
    trained: tuple[str, ...] = ()
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: Annotated[float, Range(0, STEPS)] = 0
    floor: Share = 0.0

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class StageOptions(StageTask):
    """One part of the run, with an optimiser of its own. Give `steps` or `epochs`, not both.

    steps: 0 leaves the part out.
    accumulate: micro-batches that each process sums over in an optimiser step.
    micro_batches: in place of `accumulate`, micro-batches of an optimiser step over all processes;
    the run is the same then with any number of processes that divides it.
    together: at each step all processes draw from the same part of the mixture, so that none waits
    for one with a longer part. With `micro_batches` a whole step does.
    """

    steps: Annotated[int, Range(0, STEPS)] | None = None
    epochs: Annotated[float, Range(0, 1e6, above=True)] | None = None
    accumulate: Annotated[int, Range(1, 65536)] = 1
    micro_batches: Annotated[int, Range(1, 65536)] | None = None
    together: bool = False
    optimiser: OptimiserOptions = field(default_factory=OptimiserOptions)

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        """Raise ValueError for a name that cannot be a folder of the run."""
        check_plain(self.name, "the stage's name")


@dataclass(frozen=True)
class ValidationOptions:
    """Score the model on MomentWorld every so many steps; the best by `metric` is kept.

    every: 0 for never. videos, seed, split, world: which scenes, of which version of MomentWorld.
    size: their height and width in pixels.
    oracle: also with the true moments given.
    """

    every: Count = 0
    videos: Annotated[int, Range(1, 100_000)] = 16
    seed: Seed = 0
    split: str = "val"
    world: World = "v1"
    size: Side = 128
    metric: str = "jf"
    oracle: bool = True

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class LoggingOptions:
    """every: steps a log line averages over. tensorboard: write event files too."""

    every: Some = 20
    tensorboard: bool = True

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class Recipe:
    """A whole training run.

    precision: "bf16" runs forward passes under autocast. ema: decay of the averaged weights
    that are validated and exported; 0 for none. checkpoint: steps between checkpoints.
    """

    model: ModelOptions
    stages: tuple[StageOptions, ...]
    seed: Seed = 0
    precision: Literal["fp32", "bf16"] = "fp32"
    ema: Annotated[float, Range(0, ALMOST_ONE)] = 0.0
    checkpoint: Some = 200
    validation: ValidationOptions = field(default_factory=ValidationOptions)
    logging: LoggingOptions = field(default_factory=LoggingOptions)

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        """Raise ValueError for a run of no parts."""
        if not self.stages:
            raise ValueError("'stages' is empty; a run has at least one")

    def to_json(self) -> dict[str, Any]:
        """Plain dicts and lists; `recipe.load` reads them back."""
        return asdict(self)
