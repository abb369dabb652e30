"""Forward pass of a language model, its loss, and greedy generation with cached states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase

from momentvos.mllm.chat import END, IGNORED
from momentvos.mllm.inputs import Inputs


@dataclass(frozen=True)
class Generation:
    """The generated answer to one chat.

    Attributes:
        text: without the end of its turn, names of special tokens included.
        ids: int64 [L], the chat and the answer.
        hidden: states [L, D] of the last layer, one for every token, the last one included; after
        the final norm, or before it.
    """

    text: str
    ids: Tensor
    hidden: Tensor


@dataclass
class CachedStates:
    """States of an earlier chat, so that a second question about the same video costs only itself.

    All chats that share one must have the same videos at the same place, and nothing else may use
    it meanwhile. Images are each chat's own.

    Attributes:
        ids: int64 [L], of the chat and its answer; None before the first.
        hidden: [L, D], the last layer's states.
        past: keys and values of every layer.
    """

    ids: Tensor | None = None
    hidden: Tensor | None = None
    past: DynamicCache | None = None

    def shared_prefix(self, ids: Tensor, video: int, image: int) -> int:
        """Number of first tokens of ids [L] with known states, all before the first image.

        video, image: the ids of their tokens. 0 unless all tokens of videos are among them. The
        last token is always computed anew, since generation starts from its state.
        """
        if self.ids is None or self.past is None:
            return 0
        most = min(len(self.ids), len(ids) - 1)
        known = _first((self.ids[:most] != ids[:most]) | (ids[:most] == image))
        return 0 if bool((ids[known:] == video).any()) else known


def _first(flags: Tensor) -> int:
    """Place of the first that is set, their number where none is."""
    places = flags.nonzero()
    return int(places[0]) if len(places) else len(flags)


def hidden_states(mllm: PreTrainedModel, inputs: Inputs) -> Tensor:
    """The last layer's states [B, L, D], after its norm."""
    out: Any = mllm.model(
        input_ids=inputs.ids,
        attention_mask=inputs.mask.long(),
        position_ids=inputs.positions,
        use_cache=False,
        **inputs.vision(),
    )
    states: Tensor = out.last_hidden_state
    return states


def word_states(mllm: PreTrainedModel, inputs: Inputs, hidden: Tensor) -> Tensor:
    """Each token's embedding and last state [B, L, 2 D], each half normalised.

    hidden: `hidden_states`, which alone hold the next token rather than this one.
    """
    return torch.cat([word_embeddings(mllm, inputs), F.layer_norm(hidden, hidden.shape[-1:])], -1)


def word_embeddings(mllm: PreTrainedModel, inputs: Inputs) -> Tensor:
    """Each token's embedding [B, L, D], normalised."""
    alone: Tensor = mllm.get_input_embeddings()(inputs.ids)
    return F.layer_norm(alone, alone.shape[-1:])


def language_loss(mllm: PreTrainedModel, hidden: Tensor, labels: Tensor) -> Tensor:
    """Mean cross entropy of the labelled tokens, each predicted from the place before it.

    Only those places go through the vocabulary, which saves most of a long conversation's memory.
    """
    target = labels[:, 1:]
    chosen = target != IGNORED
    logits: Tensor = mllm.lm_head(hidden[:, :-1][chosen])
    if not len(logits):
        return logits.sum()
    return F.cross_entropy(logits.float(), target[chosen])


def generate(
    mllm: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    inputs: Inputs,
    limit: int = 128,
    cache: CachedStates | None = None,
    *,
    normed: bool = True,
) -> Generation:
    """Generate the most likely tokens until the turn ends or `limit` is reached.

    Args:
        mllm: the language model.
        tokenizer: its tokenizer.
        inputs: one chat whose last turn has no answer.
        limit: most new tokens.
        cache: states of an earlier chat with the same videos, of the same kind; updated in place.
        normed: give the states after the final norm, not those before it.
    """
    cache = cache or CachedStates()
    tokens = mllm.config.video_token_id, mllm.config.image_token_id
    known = cache.shared_prefix(inputs.ids[0], *tokens)
    hidden: list[Tensor] = []
    if known and cache.past is not None and cache.hidden is not None:
        past = cache.past
        if surplus := len(cache.hidden) - known:
            past.crop(-surplus)
        hidden.append(cache.hidden[:known])
    else:
        past = DynamicCache(config=mllm.config.get_text_config())
    free = int(inputs.positions.max()) + 1
    feed: dict[str, Any] = {
        "input_ids": inputs.ids[:, known:],
        "position_ids": inputs.positions[:, :, known:],
        **(inputs.without_videos() if known else inputs).vision(),
    }

    def step(fed: dict[str, Any]) -> Tensor:
        watched: AbstractContextManager[list[Tensor]] = (
            nullcontext([]) if normed else _before_norm(mllm)
        )
        with watched as raw:
            out: Any = mllm.model(**fed, past_key_values=past, use_cache=True)
        states: Tensor = out.last_hidden_state[0]
        hidden.append(states if normed else raw[0][0])
        return states[-1]

    new = _greedy(mllm, tokenizer, step, feed, free, limit)
    text = tokenizer.decode(new, skip_special_tokens=False).strip()
    cache.ids = torch.cat([inputs.ids[0], inputs.ids.new_tensor(new)])
    cache.hidden, cache.past = torch.cat(hidden), past
    return Generation(text, cache.ids, cache.hidden)


def prefixed_loss(mllm: PreTrainedModel, prefix: Tensor, inputs: Inputs) -> Tensor:
    """`language_loss` of chats without visual inputs behind K embeddings each.

    prefix: [B, K, D].
    """
    out: Any = mllm.model(**_prefixed(mllm, prefix, inputs), use_cache=False)
    labels = F.pad(inputs.labels, (prefix.shape[1], 0), value=IGNORED)
    return language_loss(mllm, out.last_hidden_state, labels)


def continue_after(
    mllm: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prefix: Tensor,
    inputs: Inputs,
    limit: int,
) -> str:
    """The most likely answer to one chat without visual inputs behind K embeddings.

    Args:
        mllm, tokenizer: the language model and its tokenizer.
        prefix: [1, K, D].
        inputs: one chat whose last turn has no answer.
        limit: most tokens.
    """
    past = DynamicCache(config=mllm.config.get_text_config())
    feed = _prefixed(mllm, prefix, inputs)
    free = int(feed["position_ids"].max()) + 1

    def step(fed: dict[str, Any]) -> Tensor:
        out: Any = mllm.model(**fed, past_key_values=past, use_cache=True)
        last: Tensor = out.last_hidden_state[0, -1]
        return last

    new = _greedy(mllm, tokenizer, step, feed, free, limit)
    return str(tokenizer.decode(new, skip_special_tokens=False)).strip()


def _greedy(
    mllm: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    step: Callable[[dict[str, Any]], Tensor],
    feed: dict[str, Any],
    free: int,
    limit: int,
) -> list[int]:
    """The most likely tokens until the turn ends or there are `limit`.

    step: gives the last state [D] of a pass with some arguments; feed: those of the first; free:
    the position of the first new token.
    """
    stops = {tokenizer.convert_tokens_to_ids(END), tokenizer.eos_token_id}
    new: list[int] = []
    while True:
        state = step(feed)
        token = int(mllm.lm_head(state).argmax())
        if token in stops or len(new) == limit:
            return new
        place = torch.full((3, 1, 1), free + len(new), device=state.device)
        new.append(token)
        feed = {"input_ids": torch.tensor([[token]], device=state.device), "position_ids": place}


def _prefixed(mllm: PreTrainedModel, prefix: Tensor, inputs: Inputs) -> dict[str, Tensor]:
    """Arguments of the model for chats behind embeddings [B, K, D]."""
    rows, count = prefix.shape[:2]
    words = mllm.get_input_embeddings()(inputs.ids)
    first = torch.arange(count, device=prefix.device).expand(3, rows, count)
    return {
        "inputs_embeds": torch.cat([prefix.to(words.dtype), words], 1),
        "attention_mask": F.pad(inputs.mask.long(), (count, 0), value=1),
        "position_ids": torch.cat([first, inputs.positions + count], -1),
    }


@contextmanager
def _before_norm(mllm: PreTrainedModel) -> Iterator[list[Tensor]]:
    """The last layer's states [B, L, D] of each pass inside, before the final norm."""
    seen: list[Tensor] = []
    norm: Any = mllm.model.language_model.norm
    handle = norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        yield seen
    finally:
        handle.remove()
