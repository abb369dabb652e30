"""What MomentSeg and VRS-HQ share in training: conversations, and losses of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from inspect import signature
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from momentvos.errors import RecipeError
from momentvos.training.options import ModelOptions, StageOptions
from momentvos.training.systems import judging, sight

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


VOCABULARY = 1600


def check(stage: StageOptions, weights: type, system: str) -> None:
    """Raises RecipeError for weights that are none, or lessons that only TGL gives."""
    known = [one.name for one in fields(weights)]
    if unknown := sorted(stage.terms.keys() - set(known)):
        raise RecipeError(
            f"The stage '{stage.name}': {system} has no term '{unknown[0]}'; choose of "
            f"{', '.join(known)}."
        )
    parts = {part.objective for part in stage.mixture}
    wanted = (
        {"clip", *sight.OBJECTIVES}
        if stage.mixture
        else {"clip", *sight.OBJECTIVES, *judging.OBJECTIVES}
    )
    if not {stage.objective, *parts} <= wanted or {*stage.start} - {"visual"}:
        raise RecipeError(
            f'The stage \'{stage.name}\': {system} has no `objective` but "clip", "names" and '
            '"motions" and, alone, "outlines" or "lanes", and no `start` but "visual".'
        )
    for one in stage.mixture or (stage,):
        if one.objective in sight.OBJECTIVES and one.talk is not None:
            raise RecipeError(
                f"'{one.name}': what pictures show is told of clips; drop `talk`, or the objective "
                f'"{one.objective}".'
            )
        if one.objective == "motions" and one.clip.frames != 2:
            raise RecipeError(
                f"'{one.name}' tells how things move in a step of two frames; set `clip.frames: 2`."
            )
    if stage.keep is not None and stage.objective != "lanes":
        raise RecipeError(f"The stage '{stage.name}' has `keep`, which is for \"lanes\" alone.")
    judging.check(stage)
    talks = (stage.talk, *(part.talk for part in stage.mixture))
    if stage.teacher is None and any(one and one.tasks.get("say", 0) > 0 for one in talks):
        raise RecipeError(
            f"The stage '{stage.name}': the task \"say\" needs a `teacher`, a TGL model."
        )


def fields_of(options: ModelOptions, config: type) -> dict[str, Any]:
    """`model.overrides`. Raises RecipeError for a field that the configuration has not."""
    known = signature(config).parameters
    if unknown := sorted(options.overrides.keys() - known.keys()):
        raise RecipeError(f"The recipe's `model.overrides` has no field '{unknown[0]}'.")
    return dict(options.overrides)


def parts_of(options: ModelOptions, needed: Iterable[str] = ("sam", "mllm")) -> dict[str, str]:
    """`model.weights`. Raises RecipeError unless they are those needed."""
    if sorted(options.weights) != sorted(needed):
        names = " and ".join(f"`{name}`" for name in needed)
        raise RecipeError(f"The recipe's `model.weights` needs {names}.")
    return options.weights


def vocabulary() -> PreTrainedTokenizerBase:
    """A tokenizer that has MomentWorld's words as one token each.

    It is the same for all systems, so that one can start from another's language model.
    """
    from momentvos.data.world import WORDS
    from momentvos.data.world.qa import TEXTS
    from momentvos.mllm import train_chat_tokenizer
    from momentvos.systems.momentseg import templates as momentseg
    from momentvos.systems.vrshq import templates as vrshq

    words = [f" {word}" for word in WORDS()]
    said = [*_wording(vars(momentseg)), *_wording(vars(vrshq))]
    return train_chat_tokenizer([*words * 4, *TEXTS, *said], VOCABULARY)


def _wording(values: Mapping[str, object]) -> list[str]:
    """The sentences among a module's constants."""
    every = [value if isinstance(value, tuple) else (value,) for value in values.values()]
    texts = [text for row in every for text in row if isinstance(text, str) and " " in text]
    return [text.replace("{}", "") for text in texts if not text.startswith("/")]


@lru_cache(maxsize=1)
def watched(source: str) -> Callable[..., tuple[torch.Tensor, torch.Tensor]]:
    """A dual encoder as a teacher of what is seen and heard. Raises ModelError where there is none.

    Gives, of a film uint8 [T, H, W, 3], sentences, a grid (rows, columns) of tokens a step and the
    frames of a step, its cells at that grid [P, D] and its sentences [Q, D].
    """
    from momentvos.grounding.dual.scorer import load, small
    from momentvos.grounding.dual.train import tokens

    teacher = load(source, "cpu").model.eval()

    @torch.no_grad()
    def told(
        film: torch.Tensor, sentences: Sequence[str], grid: tuple[int, int], temporal: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        config = teacher.config
        cells = teacher.cells(small(film.cpu().numpy(), config.side)[None])[0]
        side = round(cells.shape[1] ** 0.5)
        maps = cells.transpose(1, 2).unflatten(2, (side, side))
        maps = torch.nn.functional.adaptive_avg_pool2d(maps, grid)
        maps = torch.cat([maps, maps[-1:].expand(-len(maps) % temporal, -1, -1, -1)])
        steps = maps.unflatten(0, (-1, temporal)).mean(1)
        plain = [" ".join(sentence.lower().split()) for sentence in sentences]
        encoded, _ = tokens(teacher.tokenizer, plain, config.positions)
        heard = teacher.sentences(encoded["input_ids"], encoded["attention_mask"])
        return steps.flatten(2).transpose(1, 2).flatten(0, 1).to(film.device), heard.to(film.device)

    return told


def lent(options: ModelOptions) -> dict[str, Any]:
    """The `sam_config` of the SAM2 that `model.weights` names, as a field to override; or nothing.

    So its pictures may have any size.
    """
    if "sam" not in options.weights:
        return {}
    from momentvos.hub import load

    lender: Any = load(options.weights["sam"], device="cpu")
    known = getattr(lender.config, "sam_config", None)
    return {} if known is None else {"sam_config": known}


def start(model: Any, options: ModelOptions) -> None:
    """Take over what `model.weights` names: another small model's `sam`, `mllm` or `judge`.

    Raises ModelError where there is no such model, RecipeError for another part or size.
    """
    if unknown := sorted(options.weights.keys() - {"sam", "mllm", "judge"}):
        raise RecipeError(f"The recipe's `model.weights` has no part '{unknown[0]}' for a mini.")
    if "sam" in options.weights:
        lend_sam(model, options.weights["sam"])
    if "mllm" in options.weights:
        lend_mllm(model, options.weights["mllm"])
    if "judge" in options.weights:
        lend_judge(model, options.weights["judge"])


@lru_cache(maxsize=1)
def taught(source: str) -> Callable[[Sequence[str]], torch.Tensor]:
    """A TGL model as a teacher: sentences to its first prompt tokens rho_txt [E, C], unadapted.

    Raises ModelError where there is no such model, RecipeError where it is of another kind.
    """
    from momentvos.hub import load

    teacher: Any = load(source, device="cpu")
    if teacher.config.model_type != "momentvos_tgl":
        raise RecipeError(f"The recipe's `teacher`: '{source}' is not a TGL model.")
    teacher.eval()

    @torch.no_grad()
    def prompts(sentences: Sequence[str]) -> torch.Tensor:
        made: torch.Tensor = teacher.directions(sentences)
        return made

    return prompts


def lend_sam(model: Any, source: str) -> None:
    """Start from the SAM2 of another model of this package, such as tgl-mini.

    Raises ModelError where there is no such model, RecipeError where its SAM2 is of another size.
    """
    from momentvos.hub import load

    lender: nn.Module = load(source, device="cpu")
    try:
        model.sam.load_state_dict(lender.get_submodule("sam").state_dict())
    except (AttributeError, RuntimeError):
        raise RecipeError(
            f"The recipe's `model.weights.sam`: '{source}' has no SAM2 of this size."
        ) from None


def lend_mllm(model: Any, source: str) -> None:
    """Start from the language model of another small model, such as momentseg-mini.

    Tokens take over the embedding of the token of their name; a system's own that the other has
    not, such as [TAK], start from its [SEG]. Raises as `lend_sam`.
    """
    from momentvos.hub import load

    lender: Any = load(source, device="cpu")
    name = "model.language_model.embed_tokens.weight"
    try:
        theirs = lender.get_submodule("mllm").state_dict()
        known, rows = lender.words.get_vocab(), theirs[name].clone()
        for token, place in model.words.get_vocab().items():
            rows[place] = theirs[name][known.get(token, known["[SEG]"])]
        tied = {key: rows for key in theirs if key in (name, "lm_head.weight")}
        model.mllm.load_state_dict(theirs | tied)
        _lend_perceptron(model, lender)
    except (AttributeError, KeyError, RuntimeError):
        raise RecipeError(
            f"The recipe's `model.weights.mllm`: '{source}' has no language model of this size."
        ) from None


def lend_judge(model: Any, source: str) -> None:
    """Start from what the judge of another model, such as tgl-mini, knows of outlines.

    How it takes in words starts anew: the other reads with another text encoder. Raises as
    `lend_sam`, and RecipeError where either has no judge.
    """
    from momentvos.hub import load

    lender: nn.Module = load(source, device="cpu")
    try:
        theirs = lender.get_submodule("judge").state_dict()
        own = model.judge.text.state_dict(prefix="text.")
        model.judge.load_state_dict(theirs | own)
    except (AttributeError, RuntimeError):
        raise RecipeError(
            f"The recipe's `model.weights.judge`: '{source}' or the model has no such judge."
        ) from None


def _lend_perceptron(model: Any, lender: Any) -> None:
    """MomentSeg's of [SEG] for VRS-HQ, which adds the prompts of two tokens."""
    if not (hasattr(model, "text_mlp") and hasattr(lender, "seg_mlp")):
        return
    model.text_mlp.load_state_dict(lender.seg_mlp.state_dict())
    with torch.no_grad():
        for parameter in model.text_mlp[-1].parameters():
            parameter /= 1 + model.config.focus
