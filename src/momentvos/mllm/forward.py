"""One pass through a language model, and greedy answers."""

from __future__ import annotations

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
    """What a model said to one conversation.

    text: without the end of its turn, names of special tokens included.
    ids: int64 [L], the question and the answer; hidden: states [L, D] of the last layer, one for
    every token, the last one included.
    """

    text: str
    ids: Tensor
    hidden: Tensor


@dataclass
class CachedStates:
    """What a model has read already, so that a second question about the same film is short.

    All conversations that share one must show the same pictures at the same place, and nothing
    else may use it meanwhile.
    """

    ids: Tensor | None = None
    hidden: Tensor | None = None
    past: DynamicCache | None = None

    def shared_prefix(self, ids: Tensor, visual: set[int]) -> int:
        """How many first tokens of ids [L] are known, 0 unless all pictures lie among them.

        The last token is always read anew, since an answer starts from its state.
        """
        if self.ids is None or self.past is None:
            return 0
        most = min(len(self.ids), len(ids) - 1)
        other = (self.ids[:most] != ids[:most]).nonzero()
        known = int(other[0]) if len(other) else most
        return 0 if visual & set(ids[known:].tolist()) else known


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
    """Each token by itself and in its place: its embedding and last state [B, L, 2 D], normalised.

    hidden: `hidden_states`, which hold what comes next rather than what was said.
    """
    alone: Tensor = mllm.get_input_embeddings()(inputs.ids)
    return torch.cat([F.layer_norm(one, one.shape[-1:]) for one in (alone, hidden)], -1)


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
) -> Generation:
    """The most likely next token, again and again, until the turn ends or `limit` is reached.

    Args:
        mllm: the language model.
        tokenizer: its tokenizer.
        inputs: one conversation whose last turn has no answer.
        limit: most new tokens.
        cache: what was read in an earlier conversation about the same pictures; kept up to date.
    """
    stops = {tokenizer.convert_tokens_to_ids(END), tokenizer.eos_token_id}
    cache = cache or CachedStates()
    visual = {mllm.config.image_token_id, mllm.config.video_token_id}
    known = cache.shared_prefix(inputs.ids[0], visual)
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
        **({} if known else inputs.vision()),
    }
    new: list[int] = []
    while True:
        out: Any = mllm.model(**feed, past_key_values=past, use_cache=True)
        hidden.append(out.last_hidden_state[0])
        token = int(mllm.lm_head(hidden[-1][-1]).argmax())
        if token in stops or len(new) == limit:
            break
        place = torch.full((3, 1, 1), free + len(new), device=inputs.ids.device)
        new.append(token)
        feed = {"input_ids": inputs.ids.new_tensor([[token]]), "position_ids": place}
    text = tokenizer.decode(new, skip_special_tokens=False).strip()
    cache.ids = torch.cat([inputs.ids[0], inputs.ids.new_tensor(new)])
    cache.hidden, cache.past = torch.cat(hidden), past
    return Generation(text, cache.ids, cache.hidden)
