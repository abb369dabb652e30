"""The part of a recipe that concerns a system: plain frozen dataclasses.

The optimiser, the schedule and the order of stages are options of the loop
(`momentvos.training.options`), whose stages are a `StageTask` each.
`__pydantic_config__` makes pydantic refuse unknown keys when a recipe is checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from momentvos.data.options import STRICT, ClipOptions, ConversationOptions, DataOptions
from momentvos.ranges import Range, Side, Some, Weight
from momentvos.selection.loss_options import SelectorLossOptions

Objective = Literal[
    "clip",
    "names",
    "motions",
    "tracks",
    "synthetic_tracks",
    "model_tracks",
    "relevance",
    "patches",
    "motion_names",
    "patch_prompt",
    "answers",
]
Part = Literal["adapters", "memory", "visual"]


@dataclass(frozen=True)
class ModelOptions:
    """Origin of the model: a `preset` built from scratch, or `path` (folder, name or hub id).

    system: whose preset it is, a name of `momentvos.systems.registry`; unused with a `path`.
    overrides: fields of the model's config. weights: for a preset, folders or hub ids of
    pretrained parts by name: `sam` and `text`, or `motion` (TGL), `sam` and `mllm` (the others;
    "mini" also `selector`). For a model from `path` that gets a `patch_dim`: `patches`,
    `patch_prompt` and `sam`.
    size: side of the square input in pixels, if a model from `path` goes on with another one and
    its system can do that.
    gradient_checkpointing: compute activations twice and keep few, where the model can.
    """

    system: str = "tgl"
    preset: str | None = None
    path: str | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    size: Side | None = None
    gradient_checkpointing: bool = False

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class LossOptions(SelectorLossOptions):
    """Weights of the losses of a system that learns from clips, and where masks are compared.

    dice, focal: lambda of TGL Eq. 7. object_score, relevance, cme, alignment: 0 leaves the loss
    out. balanced: M+ and M- frames weigh the same in the relevance loss. rank: weight of the
    softmax term inside the losses of relevance. size: side in pixels at which masks are compared;
    None is the size of the ground truth (as SAMWISE does).
    presence, positive_similarity, negative_similarity: of the selector's objectives.
    """

    dice: Weight = 1.0
    focal: Weight = 1.0
    object_score: Weight = 0.0
    cme: Weight = 0.0
    relevance: Weight = 0.0
    alignment: Weight = 0.0
    balanced: bool = True
    size: Side | None = None

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class PartOptions:
    """One source of a mixture, with the options that a stage has for a single one.

    repeat: so often its data count beside the others'; endless data (MomentWorld without `pool`)
    count as 1000 batches. losses: None for the stage's.
    """

    name: str
    repeat: Annotated[float, Range(0, 1e6, above=True)] = 1.0
    objective: Objective = "clip"
    data: DataOptions = field(default_factory=DataOptions)
    clip: ClipOptions = field(default_factory=ClipOptions)
    conversation: ConversationOptions | None = None
    losses: LossOptions | None = None

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class StageTask:
    """Objective of a stage, its data and its losses.

    objective: "clip" is the system's own training, on clips or, with a `conversation`, on
    conversations. The others are not in the papers; a system's `check` refuses those it lacks.
    "names" and "motions" align words and image patches where the encoders are not pretrained,
    "tracks" trains the memory to track what a mask covers, "relevance" trains TGL's
    temporal alignment module alone, "patches" what scores patches, "motion_names" what reads
    sentences for it, "patch_prompt" the prompt that a language model's system makes of it,
    "answers" the tokens from which it answers questions in words,
    "synthetic_tracks" and "model_tracks" the selector (`momentvos.selection.train`).
    precompute: of "model_tracks", "relevance", "patches", "patch_prompt" and "answers": so many
    batches come again and again; the outputs of the frozen parts are computed once and stored in
    the run's folder, in half precision.
    conversation: make conversations, for the systems with a language model
    (`data.conversations`).
    mixture: several sources in one run instead of `objective`, `data`, `clip` and `conversation`;
    of these `data.workers` alone still holds. A micro-batch comes from one of them.
    losses: of the objectives that learn from clips. loss_weights: by name, of a system that has
    losses of its own (`Weights` in its `losses.py`).
    teacher: a TGL model, by name or folder, whose text prompts are the targets of prompt
    distillation for the systems with a language model, in conversations of the task "say".
    grounder: a dual encoder (`momentvos.grounding.dual`), by folder, whose features of frames and
    sentences are the targets of [FIND]'s distillation, in conversations of the task "ground".
    init: before the first step, draw the weights of a language model's "visual" tower anew; or fit
    those of TGL's "adapters", of SAM2's "memory" or of both to the stage's first batch.
    """

    name: str
    objective: Objective = "clip"
    precompute: Some | None = None
    init: tuple[Part, ...] = ()
    data: DataOptions = field(default_factory=DataOptions)
    clip: ClipOptions = field(default_factory=ClipOptions)
    conversation: ConversationOptions | None = None
    mixture: tuple[PartOptions, ...] = ()
    losses: LossOptions = field(default_factory=LossOptions)
    loss_weights: dict[str, Weight] = field(default_factory=dict)
    teacher: str | None = None
    grounder: str | None = None

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
