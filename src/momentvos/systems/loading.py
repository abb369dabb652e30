"""What the systems share when a model is loaded and asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import nn
from transformers import AutoTokenizer, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from momentvos.errors import ModelError, MomentError, SentenceError
from momentvos.guard import guarded, without_panics
from momentvos.moment import Moment
from momentvos.ranges import shown
from momentvos.sentence import check
from momentvos.weights import check_finite, check_safe, check_words

if TYPE_CHECKING:
    from momentvos.media import Video

T = TypeVar("T")


def part(kind: type[PreTrainedModel], name: str | Path, **kwargs: Any) -> PreTrainedModel:
    """Published weights of one encoder. Raises ModelError unless all of them are there."""
    check_safe(name)
    kwargs |= {"output_loading_info": True, "use_safetensors": True}
    with guarded(ModelError, f"'{name}' cannot be loaded as {kind.__name__}"):
        model, info = kind.from_pretrained(name, **kwargs)
    complete(name, info)
    check_finite(name, model)
    return model


def tokenizer_beside(name: str | Path, config: PreTrainedConfig) -> PreTrainedTokenizerBase:
    """The tokenizer beside the weights.

    Raises ModelError where there is none (``transformers`` may then make one that knows no words),
    and where it cannot be read.
    """
    with guarded(ModelError, f"The tokenizer beside the weights of '{name}' cannot be read"):
        try:
            with without_panics():
                tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
                    name, config=config, trust_remote_code=False
                )
                check_words(tokenizer)
        except OSError as error:
            raise ModelError(f"'{name}' has no tokenizer beside its weights.") from error
        if len(tokenizer) <= len(tokenizer.all_special_tokens):
            raise ModelError(f"'{name}' has no tokenizer beside its weights.")
    return tokenizer


def complete(name: str | Path, info: dict[str, Any]) -> None:
    """Raises ModelError where loading left weights as they were drawn."""
    faults = [*sorted(info["missing_keys"]), *sorted(map(str, info["mismatched_keys"]))]
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise ModelError(f"The weights of '{name}' lack {', '.join(faults[:3])}{more}.")


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients, and back to what it was."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, training in modes:  # of each, for a frozen part may evaluate while others train
            module.training = training


def one_by_one(model: nn.Module, answers: Iterator[T]) -> Iterator[T]:
    """Each answer as soon as it is there; only while it is worked out is `evaluating` in force."""
    while True:
        with evaluating(model):
            try:
                answer = next(answers)
            except StopIteration:
                return
        yield answer


def sentences_of(sentence: str | Sequence[str]) -> list[str]:
    """The sentences of a call, checked. Raises SentenceError, also where there is none."""
    if isinstance(sentence, str):
        return [check(sentence)]
    if not isinstance(sentence, Iterable) or isinstance(sentence, Mapping | bytes):
        raise SentenceError(
            f'{shown(sentence)} is no sentence; give a text like "the dog that jumps", or a list '
            "of them."
        )
    sentences = [check(one) for one in sentence]
    if not sentences:
        raise SentenceError('There is no sentence: say what to find, like "the dog that jumps".')
    return sentences


def moments_of(
    moment: Moment | str | Sequence[Moment | str | None] | None, video: Video, sentences: int
) -> list[Moment | None]:
    """One moment (or None) per sentence, from what a caller may give; text is read by the clock.

    Frames behind the video's last one are left out. Raises MomentError for text or a value that is
    none, and for another number of them.
    """
    if moment is None or isinstance(moment, str | Moment):
        moment = [moment] * sentences
    if not isinstance(moment, list | tuple):
        raise _no_moment(moment)
    made = [_moment(one, moment, video) for one in moment]
    if len(made) != sentences:
        raise MomentError(
            f"There are {len(made)} moments for {sentences} sentences; give one for all, or as "
            "many as sentences."
        )
    return made


def _moment(one: Any, given: Any, video: Video) -> Moment | None:
    if isinstance(one, str):
        return Moment.parse(one, video.times, video.fps)
    if one is not None and not isinstance(one, Moment):
        raise _no_moment(given)
    return one if one is None else one.clip(len(video))


def _no_moment(given: Any) -> MomentError:
    """Numbers alone could be frames or seconds, a span or two moments, so they are refused."""
    pair = given if _is_pair(given) else next(filter(_is_pair, _items(given)), (3, 5))
    a, b = pair
    return MomentError(
        f'{shown(given)} is not a moment; write Moment([({a}, {b})]) or "{a}:{b}" for frames, '
        f'"{a}s-{b}s" for seconds, or None.'
    )


def _is_pair(value: Any) -> bool:
    plain = isinstance(value, list | tuple) and len(value) == 2
    return plain and all(type(one) in (int, float) and 0 <= one < 1e9 for one in value)


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
