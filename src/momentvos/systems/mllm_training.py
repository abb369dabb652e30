"""Training of the systems with a multimodal language model, on conversations or clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any

from torch import Tensor

from momentvos.data.conversation import ConversationBatch
from momentvos.data.precomputed import Precomputed
from momentvos.errors import RecipeError
from momentvos.mllm.init_weights import init_vision_tower
from momentvos.selection import train as selector
from momentvos.systems.options import ModelOptions, StageTask
from momentvos.systems.patches import train as patches
from momentvos.systems.patches.answers import answer_losses, precompute_answers
from momentvos.systems.patches.objective import precompute_patches
from momentvos.systems.patches.prompting import precompute_prompts, prompt_losses
from momentvos.systems.pretrain import vision_tower
from momentvos.systems.pretrain.borrow import borrow, borrowed_config
from momentvos.systems.pretrain.vocabulary import vocabulary
from momentvos.systems.training import (
    check_selector,
    overrides_of,
    precompute_tracks,
    select,
    selector_losses,
    task_of,
)

OBJECTIVES = ("clip", *vision_tower.OBJECTIVES)
"""Objectives that may be parts of a mixture."""
PROMPT, ANSWERS = "patch_prompt", "answers"
PRECOMPUTED = (selector.MODEL, "patches", PROMPT, ANSWERS)
"""Objectives of which batches may be precomputed."""


def build_preset(
    options: ModelOptions,
    kind: Any,
    mini: Callable[..., Any],
    init_weights: Callable[[Any], None],
) -> Any:
    """Preset "mini" from scratch, or from parts of other small models (`borrow`); or "base".

    "base" is built around `weights`, whose size it has. Raises ValueError for another preset.

    Args:
        options: the recipe's `model`.
        kind: the system's class.
        mini: makes its small configuration, of a tokenizer and overrides.
        init_weights: draws the weights of a small model.
    """
    overrides = overrides_of(options, kind.config_class)
    if options.preset == "base":
        chosen = {key: one for key, one in options.overrides.items() if key == "selection"}
        return kind.from_parts(**_parts(options), **overrides, **chosen)
    if options.preset != "mini":
        raise ValueError(f"no preset {options.preset!r}: there are mini, base")
    tokenizer = vocabulary()
    config = mini(tokenizer, **(borrowed_config(options) | overrides))
    select(config, options.overrides)
    model = kind(config)
    model.use_tokenizer(tokenizer)
    init_weights(model)
    borrow(model, options)
    return model


def check(stage: StageTask, weights: type, system: str) -> None:
    """Raises RecipeError for loss weights or objectives that the system lacks.

    weights: the dataclass of the system's loss weights. system: its name in messages.
    """
    known = [one.name for one in fields(weights)]
    if unknown := sorted(stage.loss_weights.keys() - set(known)):
        raise RecipeError(
            f"The stage '{stage.name}': {system} has no loss '{unknown[0]}'; choose of "
            f"{', '.join(known)}."
        )
    _check_objectives(stage, system)
    for one in stage.mixture or (stage,):
        if one.objective in vision_tower.OBJECTIVES and one.conversation is not None:
            raise RecipeError(
                f"'{one.name}': the objective \"{one.objective}\" learns from clips; drop "
                "`conversation`, or the objective."
            )
        if one.objective == "motions" and one.clip.frames != 2:
            raise RecipeError(
                f"'{one.name}' learns motion from pairs of frames; set `clip.frames: 2`."
            )
    if stage.precompute is not None and stage.objective not in PRECOMPUTED:
        raise RecipeError(
            f"The stage '{stage.name}' has `precompute`, which is for "
            f"{' and '.join(map(_quoted, PRECOMPUTED))} alone."
        )
    check_selector(stage)
    patches.check(stage)
    if stage.objective == ANSWERS and stage.conversation is None:
        raise RecipeError(
            f"The stage '{stage.name}': \"answers\" learns from questions; add a `conversation` "
            "with `tasks: {ask: 1}`."
        )
    conversations = (stage.conversation, *(part.conversation for part in stage.mixture))
    if stage.teacher is None and any(one and one.tasks.get("say", 0) > 0 for one in conversations):
        raise RecipeError(
            f"The stage '{stage.name}': the task \"say\" needs a `teacher`, a TGL model."
        )


def precompute(model: Any, batch: Any, stage: StageTask) -> Precomputed:
    """Inputs of the part that the stage's objective trains, and the truth.

    Raises RecipeError for a model without it.
    """
    if stage.objective == "patches":
        return precompute_patches(model, batch)
    if stage.objective == PROMPT:
        return precompute_prompts(model, batch)
    if stage.objective == ANSWERS:
        return precompute_answers(model, batch)
    return precompute_tracks(model, batch)


def losses(
    model: Any,
    batch: Any,
    stage: StageTask,
    weights: Any,
    examples: Callable[[ConversationBatch], Any],
) -> dict[str, Tensor]:
    """The model's own losses of clips or conversations, or those of another objective.

    weights: the system's loss weights. examples: renders conversations in the system's templates.
    """
    for alone in (patches.losses(model, batch, stage), selector_losses(model, batch, stage)):
        if alone is not None:
            return alone
    objective = task_of(stage, batch).objective
    if objective == PROMPT:
        ready = batch if isinstance(batch, Precomputed) else precompute_prompts(model, batch)
        return prompt_losses(model, ready)
    if objective == ANSWERS:
        ready = batch if isinstance(batch, Precomputed) else precompute_answers(model, batch)
        return answer_losses(model, ready)
    if objective in vision_tower.OBJECTIVES:
        return vision_tower.losses(model, batch, objective)
    if isinstance(batch, ConversationBatch):
        batch = examples(batch)
    values: dict[str, Tensor] = model(batch, weights).losses
    return values


def init_part(model: Any, part: str, batch: object) -> None:
    """Draw the weights of the vision tower anew."""
    init_vision_tower(model.mllm.model.visual)


def _check_objectives(stage: StageTask, system: str) -> None:
    objectives = {stage.objective, *(part.objective for part in stage.mixture)}
    alone = (*selector.OBJECTIVES, *patches.OBJECTIVES, PROMPT, ANSWERS)
    allowed = {*OBJECTIVES} if stage.mixture else {*OBJECTIVES, *alone}
    if not objectives <= allowed or {*stage.init} - {"visual"}:
        first, *others = map(_quoted, OBJECTIVES)
        raise RecipeError(
            f"The stage '{stage.name}': {system} has no `objective` but {first}, "
            f"{' and '.join(others)} and, alone, {' or '.join(map(_quoted, alone))}, and no "
            '`init` but "visual".'
        )


def _quoted(name: str) -> str:
    return f'"{name}"'


def _parts(options: ModelOptions, needed: Iterable[str] = ("sam", "mllm")) -> dict[str, str]:
    """`model.weights`. Raises RecipeError unless they are those needed."""
    if sorted(options.weights) != sorted(needed):
        names = " and ".join(f"`{name}`" for name in needed)
        raise RecipeError(f"The recipe's `model.weights` needs {names}.")
    return options.weights
