"""Everything a training run is told, as plain frozen dataclasses; a recipe is one `Recipe`.

Standard library only, so that a resolved recipe trains on a machine without pydantic or YAML.
`__pydantic_config__` makes pydantic refuse unknown keys when a recipe is checked.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

from momentvos.data.options import STRICT, ClipOptions, ConversationOptions, DataOptions
from momentvos.training.losses import LossOptions

Objective = Literal["clip", "names", "motions", "tracks", "outlines", "lanes", "relevance"]


@dataclass(frozen=True)
class ModelOptions:
    """Where the model comes from: a `preset` built afresh, or `path` (folder, name or hub id).

    system: whose preset it is, "tgl", "momentseg" or "vrshq"; a `path` says so itself.
    overrides: fields of the model's config. weights: for a preset, folders or hub ids of
    pretrained parts by name: `sam` and `text`, or `motion` (TGL), `sam` and `mllm` (the others;
    "mini" also `judge`).
    size: side of the square input in pixels, if a TGL from `path` goes on with another one.
    gradient_checkpointing: compute activations twice and keep few, where the model can.
    """

    system: str = "tgl"
    preset: str | None = None
    path: str | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    size: int | None = None
    gradient_checkpointing: bool = False

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class GroupOptions:
    """Parameters whose name contains a match of the regular expression `pattern`.

    scale: factor on the learning rate. weight_decay: None for the optimiser's.
    """

    pattern: str
    scale: float = 1.0
    weight_decay: float | None = None

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

    lr: float = 1e-4
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    clip: float | None = 1.0
    groups: tuple[GroupOptions, ...] = ()
    frozen: tuple[str, ...] = ()
    trained: tuple[str, ...] = ()
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: float = 0
    floor: float = 0.0

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class PartOptions:
    """One source of a mixture, with what a stage says of a single one.

    repeat: so often its data count beside the others'; endless data (MomentWorld without `pool`)
    count as 1000 batches. losses: None for the stage's.
    """

    name: str
    repeat: float = 1.0
    objective: Objective = "clip"
    data: DataOptions = field(default_factory=DataOptions)
    clip: ClipOptions = field(default_factory=ClipOptions)
    talk: ConversationOptions | None = None
    losses: LossOptions | None = None

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class StageOptions:
    """One part of the run, with an optimiser of its own. Give `steps` or `epochs`, not both.

    objective: "clip" is the model's own training (`losses.total`); "names" and "motions" teach
    untrained encoders which words mean which pixels (`losses.alignment`), or a language model's
    untrained vision tower to say what it shows (`systems.sight`); "tracks" an untrained
    memory to find again what a mask shows (`losses.total`); "outlines" teaches a
    system's judge from the outlines of things alone (`losses.judgement`), "lanes" from those of
    what the system itself follows, "relevance" trains TAM alone.
    keep: of the objectives "lanes" and "relevance": so many batches come again and again; what the
    frozen parts make of them is worked out once and kept in the run's folder, in half precision.
    talk: make conversations, for the systems that are asked and answer (`data.conversations`).
    mixture: several sources in one run instead of `objective`, `data`, `clip` and `talk`, of which
    `data.workers` alone still holds; a micro-batch comes from one of them.
    together: at each step all processes draw from the same part of the mixture, so that none waits
    for one with a longer part.
    losses: of the systems that learn from clips. terms: weights by name of a system that has
    losses of its own (`Weights` in its `losses.py`).
    teacher: a TGL model, by name or folder, whose text prompts are what the systems with a language
    model learn to tell SAM2, in conversations of the task "say".
    grounder: a dual encoder (`momentvos.grounding.dual`), by folder, whose cells and sentences are
    what [FIND] learns to see and hear, in conversations of the task "ground".
    accumulate: micro-batches an optimiser step sums over.
    start: before the first step, draw a language model's "visual" tower anew, which then learns
    from nothing; or fit the first weights of TGL's "adapters" (`momentvos.systems.tgl.start`), of
    SAM2's "memory" (`momentvos.sam2.data_init`) or of both to the stage's first batch.
    """

    name: str
    objective: Objective = "clip"
    steps: int | None = None
    epochs: float | None = None
    accumulate: int = 1
    keep: int | None = None
    start: tuple[Literal["adapters", "memory", "visual"], ...] = ()
    data: DataOptions = field(default_factory=DataOptions)
    clip: ClipOptions = field(default_factory=ClipOptions)
    talk: ConversationOptions | None = None
    mixture: tuple[PartOptions, ...] = ()
    together: bool = False
    losses: LossOptions = field(default_factory=LossOptions)
    terms: dict[str, float] = field(default_factory=dict)
    teacher: str | None = None
    grounder: str | None = None
    optimiser: OptimiserOptions = field(default_factory=OptimiserOptions)

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class ValidationOptions:
    """Score the model on MomentWorld every so many steps; the best by `metric` is kept.

    every: 0 for never. videos, seed, split, size: which scenes, at which size in pixels.
    oracle: also with the true moments given.
    """

    every: int = 0
    videos: int = 16
    seed: int = 0
    split: str = "val"
    size: int = 128
    metric: str = "jf"
    oracle: bool = True

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class LoggingOptions:
    """every: steps a log line averages over. tensorboard: write event files too."""

    every: int = 20
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
    seed: int = 0
    precision: Literal["fp32", "bf16"] = "fp32"
    ema: float = 0.0
    checkpoint: int = 200
    validation: ValidationOptions = field(default_factory=ValidationOptions)
    logging: LoggingOptions = field(default_factory=LoggingOptions)

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def to_json(self) -> dict[str, Any]:
        """Plain dicts and lists; `recipe.load` reads them back."""
        return asdict(self)
