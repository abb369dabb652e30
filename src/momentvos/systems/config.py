"""What every system's configuration holds."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import fields
from typing import Annotated, Any, ClassVar, Literal, Self

from transformers import AutoConfig, PreTrainedConfig, Qwen2_5_VLConfig, Sam2VideoConfig

from momentvos.mllm import Budget, Lora
from momentvos.notice import warn
from momentvos.ranges import Range, Share, check, shown
from momentvos.sam2.resize import Resizer
from momentvos.selection.config import SelectionConfig
from momentvos.systems.renamed import RENAMED

TokenBudget = Annotated[tuple[int, int] | list[int], Range(1, 65536, count=2)]
"""(Least, most) visual tokens of a frame."""


class SystemConfig(PreTrainedConfig):  # type: ignore[misc]
    """Options that every system has.

    Args:
        sam_config: SAM2.
        selection: track selection around the system, see :mod:`momentvos.selection`; None: the
            system as published.
        domain: what the weights were trained to know, in a few words ("MomentWorld sprites").
        presence_threshold: below it the answer is "not found", 0..1.
        plain_sentences: the model reads :func:`momentvos.sentence.plain` of a sentence: for weights
            that were trained on sentences without decoration. Else what is asked, as it is.
        gate: blank frames whose object score is not positive.
        guided_radius: fit masks to the edges of the picture by a guided filter of this radius, in
            cells of the mask, see :mod:`momentvos.sam2.guided_filter`; memory holds them as they
            were before. 0: no filter, as published.
        image_resizer: how pictures are resized for the model: "pillow" as the published programs
            do, "float" as the bundled models were trained; see :mod:`momentvos.sam2.resize`.
        backbone_trainable: train everything, from scratch; else what the paper trains.
        shared_weights: file of the package, by its name, that holds the weights which the model's
            own file lacks, see :mod:`momentvos.systems.shared_weights`; None once it is loaded.

    Keys of earlier versions are read too; where old and new ones are given, the new ones count.
    """

    sub_configs = {"sam_config": Sam2VideoConfig, "selection": SelectionConfig}
    switches: ClassVar[frozenset[str]] = frozenset(
        {"selection", "domain", "plain_sentences", "presence_threshold", "gate", "guided_radius"}
        | {"image_resizer"}
    )
    """Options that shape no weight: a trained model may be run or trained on with others."""
    parts: ClassVar[frozenset[str]] = frozenset()
    """Options that add a part to a trained model or drop one; a recipe may change them."""
    published_values: ClassVar[dict[str, Any]] = {"selection": None, "guided_radius": 0}
    """The paper's values of options that trained models may deviate in; see `published`."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """Other keys of earlier configurations, and their names now."""

    sam_config: Any = None
    selection: Any = None
    domain: str | None = None
    plain_sentences: bool = False
    presence_threshold: Share = 0.5
    gate: bool = True
    guided_radius: Annotated[int, Range(0, 64)] = 0
    image_resizer: Resizer = "float"
    backbone_trainable: bool = False
    shared_weights: str | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        for old, new in self.renamed.items():
            if old in kwargs:
                _note(old, new)
                value = kwargs.pop(old)
                if getattr(self, new) == getattr(type(self), new):  # else both are given
                    setattr(self, new, value)
        earlier = {RENAMED[old]: kwargs.pop(old) for old in RENAMED if old in kwargs}
        if earlier:
            for new in earlier:
                _note(next(old for old in RENAMED if RENAMED[old] == new), f"selection.{new}")
            if self.selection is None:  # else both are given
                self.selection = earlier if earlier.get("max_tracks") else None
        for name, kind in self.sub_configs.items():
            if name != "selection" or self.selection is not None:
                setattr(self, name, _sub_config(name, getattr(self, name), kind))
        for name in self.field_names():
            if isinstance(value := getattr(self, name), tuple):
                setattr(self, name, list(value))
        self.check()
        super().__post_init__(**kwargs)

    def check(self) -> None:
        """Raise ValueError for an option of another type or out of its bounds."""
        check(self)

    @classmethod
    def field_names(cls) -> frozenset[str]:
        """Names of all options of the system's own."""
        inherited = {one.name for one in fields(PreTrainedConfig)}
        return frozenset(one.name for one in fields(cls) if one.name not in inherited)

    def published(self) -> Self:
        """A copy that runs the paper's own method.

        Options on which weights depend stay as they are (such as TGL's `motion_dim`).
        """
        made = copy(self)
        for name, value in self.published_values.items():
            setattr(made, name, value)
        return made

    @property
    def has_selector(self) -> bool:
        """Whether the weights hold a trained selector."""
        return self.selection is not None and self.selection.selector

    @property
    def pointer_offsets(self) -> bool:
        """Whether object pointers carry their temporal distance (SAM2.1)."""
        return bool(self.sam_config.enable_temporal_pos_encoding_for_object_pointers)

    @property
    def image_size(self) -> int:
        """Side of SAM2's square input in pixels."""
        size = self.sam_config.image_size
        return int(size if isinstance(size, int) else size[0])


class MllmSystemConfig(SystemConfig):
    """Options of a system that puts a multimodal language model in front of SAM2.

    Args:
        mllm_config: the language model.
        lora: fields of :class:`momentvos.mllm.Lora`, where adapters are in the model; else None.
        image_budget, picture_budget: (least, most) visual tokens a frame, of each frame of a video
            and of an image asked about alone.
        answer_limit: most tokens of a generated answer.
        patch_dim: width of a part that scores patches of F_SAM over `patch_span` frames, and
            prompts the mask decoder with their scores beside the system's token (not in the
            papers), see :mod:`momentvos.systems.patches`; 0: none. Presence is its, too.
        patch_motions: motions that it tells apart, in patches and in sentences; 0: none.
        motion_dim: width of the encoder of motion that it reads.
        patch_rate: frames a second of its windows; None: all.
        patch_share: its share in the relevance of frames, beside the system's own.
        answer_dim: width of a part through which the language model answers questions about videos
            from what patches show, instead of from visual tokens (not in the papers), see
            :mod:`momentvos.systems.patches.answers`; 0: none.
        answer_rank: of what is added to the language model's layers while it does so.
        answer_head: add to the layer that gives words, too: for a language model that has learned
            no answers before.
    """

    sub_configs = SystemConfig.sub_configs | {"mllm_config": AutoConfig}
    switches = SystemConfig.switches | {
        "image_budget",
        "picture_budget",
        "answer_limit",
        "patch_share",
        "patch_rate",
        "patch_span",
    }
    parts = frozenset(
        {"patch_dim", "patch_motions", "motion_dim", "answer_dim", "answer_rank", "answer_head"}
    )

    image_resizer: Resizer = "pillow"
    mllm_config: Any = None
    lora: dict[str, Any] | None = None
    image_budget: TokenBudget = (16, 256)
    picture_budget: TokenBudget = (16, 400)
    answer_limit: Annotated[int, Range(1, 65536)] = 128
    patch_dim: Annotated[int, Range(0, 4096)] = 0
    patch_motions: Annotated[int, Range(0, 4096)] = 0
    motion_dim: Annotated[int, Range(0, 4096)] = 0
    patch_span: Annotated[int, Range(1, 4096)] = 32
    patch_rate: Annotated[float, Range(0, 1000)] | None = None
    patch_share: Share = 0.5
    answer_dim: Annotated[int, Range(0, 4096)] = 0
    answer_rank: Annotated[int, Range(1, 4096)] = 8
    answer_head: bool = False

    def check(self) -> None:
        """See `SystemConfig.check`."""
        super().check()
        if self.answer_dim and not self.patch_dim:
            raise ValueError("answer_dim needs a part that scores patches, but patch_dim is 0")
        if self.lora is not None:
            Lora.from_dict(self.lora)

    def budget(self, kind: Literal["context", "image", "picture"]) -> Budget:
        """Visual tokens that a frame may take in one of its roles."""
        low, high = getattr(self, f"{kind}_budget")
        return Budget(low, high)


def _sub_config(field: str, value: Any, kind: Any) -> PreTrainedConfig:
    kind = Qwen2_5_VLConfig if kind is AutoConfig else kind
    if value is None:
        made: PreTrainedConfig = kind()
        return made
    if isinstance(value, PreTrainedConfig):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(
            f"'{field}' of the configuration is {shown(value)}, not options and values"
        )
    rest = {key: item for key, item in value.items() if key != "model_type"}
    name = value.get("model_type", kind.model_type)
    if kind is SelectionConfig:
        known = {one.name for one in fields(SelectionConfig)}
        if unknown := sorted(rest.keys() - known):
            raise ValueError(f"'{field}' of the configuration has no option '{unknown[0]}'")
    if name == kind.model_type:  # `transformers` need not know its name
        own: PreTrainedConfig = kind(**rest)
        return own
    found: PreTrainedConfig = AutoConfig.for_model(name, **rest)
    return found


def _note(old: str, new: str) -> None:
    warn(
        f"The configuration's '{old}' is '{new}' now; save the model to rewrite it.",
        FutureWarning,
        stacklevel=2,
    )
