"""Recipes of grounders' training; `recipes/grounding/` holds some as YAML."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from momentvos.data.options import STRICT, World
from momentvos.errors import RecipeError
from momentvos.grounding.available import weights
from momentvos.grounding.fit_options import FitOptions
from momentvos.grounding.part import Part
from momentvos.guard import guarded
from momentvos.ranges import Range, Seed, Share, Side

if TYPE_CHECKING:
    from momentvos.data.sample import Sample
    from momentvos.grounding.fit import TrainingTask

T5 = ("q", "k", "v", "o", "wi_0", "wi_1", "wo")
"""The linear layers of T5's blocks."""

Layers = Annotated[int, Range(1, 1000)]
Width = Annotated[int, Range(1, 65536)]
Frames = Annotated[int, Range(1, 4096)]


@dataclass(frozen=True)
class GrounderData:
    """Training data: "world" (MomentWorld, drawn on demand) or a data set on disk.

    name: "world" or what `momentvos data list` knows. root, split: of a data set on disk.
    videos: so many, None for all on disk. seed, world (the version): of MomentWorld. side: pixels
    of its frames.
    """

    name: str = "world"
    root: str | None = None
    split: str = "train"
    videos: Annotated[int, Range(1, 10_000_000)] | None = 2000
    seed: Seed = 0
    world: World = "v1"
    side: Side = 64

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class DualOptions:
    """Fields of :class:`momentvos.grounding.dual.model.DualConfig`."""

    side: Side = 64
    channels: Width = 64
    blocks: Layers = 3
    dimension: Width = 96
    layers: Layers = 2
    heads: Width = 4
    window: Frames = 32

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class LoraOptions:
    """Low-rank adapters on the language model; they are merged into its weights when saved."""

    rank: Annotated[int, Range(1, 4096)] = 8
    alpha: Width = 8
    dropout: Share = 0.05
    targets: tuple[str, ...] = T5

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class SmallOptions:
    """Arguments of :func:`momentvos.grounding.chrono.small.small_chrono`."""

    side: Side = 64
    width: Width = 128
    layers: Layers = 3
    queries: Width = 8

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class ChronoOptions:
    """Options of Chrono.

    start: folder or hub id of a BLIP-2 with T5, or of a Chrono; None for a `small` one.

    unit: of the timestamps. train_frames, frames: shown while training and afterwards.
    trained: regular expressions of the parameters that train, by default all; with `lora` the
    adapters train too.
    upsample: how often a sample counts whose moment covers less than `short` of the frames.
    """

    start: str | None = None
    small: SmallOptions = field(default_factory=SmallOptions)
    unit: Literal["seconds", "frames"] = "seconds"
    train_frames: Frames = 40
    frames: Frames = 60
    trained: tuple[str, ...] = ("",)
    lora: LoraOptions | None = None
    upsample: Annotated[int, Range(1, 1000)] = 3
    short: Share = 0.9

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class GrounderRecipe:
    """The training of one grounder.

    kind: which grounder; only the options of that one are read.
    """

    kind: Literal["dual", "chrono"]
    seed: Seed = 0
    data: GrounderData = field(default_factory=GrounderData)
    dual: DualOptions = field(default_factory=DualOptions)
    chrono: ChronoOptions = field(default_factory=ChronoOptions)
    fit: FitOptions = field(default_factory=FitOptions)

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


def check(recipe: GrounderRecipe) -> None:
    """Raise RecipeError, DataError or ModelError for what cannot be had, before PyTorch."""
    data, start = recipe.data, recipe.chrono.start
    if data.name != "world":
        if data.root is None:
            raise RecipeError(
                f"Where is '{data.name}'? Give its folder: --set data.root=... on the command line."
            )
        from momentvos.data.formats import dataset

        dataset(data.name).check(Path(data.root), data.split)
    if recipe.kind == "chrono" and start is not None:
        weights(Part("chrono", start))


def samples(data: GrounderData) -> list[Sample]:
    """Samples with moments. Raises RecipeError or DataError where there are none."""
    if data.name == "world":
        from momentvos.data.world import world_samples

        videos = data.videos or 2000
        return list(world_samples(data.split, videos, data.seed, data.side, data.world))
    from momentvos.data import formats

    assert data.root is not None  # `check`
    timed = [one for one in formats.open(data.name, data.root, data.split) if one.timed]
    if not timed:
        raise RecipeError(
            f"No expression under '{data.root}' says when it holds; a grounder learns from "
            "moments, as MeViS-M and `momentvos world make` have them."
        )
    names = list(dict.fromkeys(one.video_id for one in timed))[: data.videos]
    kept = set(names)
    return [one for one in timed if one.video_id in kept]


def training_task(recipe: GrounderRecipe, device: str = "auto") -> TrainingTask:
    """Build the model and its training task.

    Raises RecipeError, DataError or ModelError that says what is missing.
    """
    from momentvos.grounding.weights import resolve_device

    check(recipe)
    target = resolve_device(device)
    with guarded(RecipeError, "The recipe's grounder cannot be built"):
        known = samples(recipe.data)
        if recipe.kind == "dual":
            from momentvos.grounding.dual.train import DualTask, new_dual

            model = new_dual(known, recipe.seed, **asdict(recipe.dual))
            return DualTask(model.to(target), known, recipe.seed)
        return _chrono(recipe, target, known)


def _chrono(recipe: GrounderRecipe, target: str, known: list[Sample]) -> TrainingTask:
    from momentvos.grounding.chrono.adapt import choose
    from momentvos.grounding.chrono.model import load
    from momentvos.grounding.chrono.small import small_chrono
    from momentvos.grounding.chrono.train import ChronoTask, upsample

    options = recipe.chrono
    if options.start is None:
        shape = asdict(options.small)
        chrono = small_chrono(known, options.unit, options.frames, seed=recipe.seed, **shape)
        chrono.blip.to(target)
    else:
        chrono = load(options.start, target, start=(options.unit, options.frames))
    if options.lora is not None:
        from momentvos.grounding.chrono.adapt import adapt
        from momentvos.mllm import Lora

        adapt(chrono, Lora(**asdict(options.lora)), options.trained)
    else:
        choose(chrono.blip, options.trained)
    many = upsample(known, options.upsample, options.short)
    return ChronoTask(chrono, many, options.train_frames, recipe.seed)
