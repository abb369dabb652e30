"""Answers in words from what patches show of a question: part and objective; not in the papers.

A language model of a few layers does not learn to find what a question is about among hundreds of
visual tokens. Patches are scored for the expression that the question is about, and what they show
stands as a few tokens in front of the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from momentvos.data.conversation import Conversation, ConversationBatch
from momentvos.data.precomputed import Precomputed
from momentvos.errors import RecipeError
from momentvos.mllm import Inputs, Turn
from momentvos.mllm.forward import continue_after, prefixed_loss
from momentvos.mllm.low_rank import LowRank
from momentvos.sam2 import encode, to_pixels
from momentvos.systems.patches.evidence import PARTS, STRENGTHS, evidence
from momentvos.systems.patches.logits import (
    Frames,
    WindowFeatures,
    read_sentences,
    window_features,
)
from momentvos.systems.patches.scores import SessionPatches
from momentvos.text.question import asked_about

if TYPE_CHECKING:
    from momentvos.systems.mllm_system import MllmSystem
    from momentvos.systems.session import InferenceSession


class PatchAnswers(nn.Module):
    """How a language model of width D reads `evidence`, of E numbers.

    Args:
        mllm: the language model. rank: of what is added to its layers while it answers; head: to
            the one that gives words, too.
        query_dim, visual_dim: of the features among the numbers; motions: how many log-odds.
        hidden: width of the layer between them and D.
    """

    def __init__(
        self,
        mllm: nn.Module,
        rank: int,
        head: bool,
        query_dim: int,
        visual_dim: int,
        motions: int,
        hidden: int,
        dim: int,
    ) -> None:
        super().__init__()
        self.adapters = LowRank(mllm, rank, head=head)
        self.widths = [query_dim, visual_dim, motions, STRENGTHS]
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in (query_dim, visual_dim))
        self.layers = nn.Sequential(
            nn.Linear(sum(self.widths), hidden),
            nn.GELU(),
            nn.Linear(hidden, dim),
            nn.LayerNorm(dim),
        )
        self.part = nn.Parameter(torch.randn(PARTS, dim) / 2)

    def forward(self, shown: Tensor) -> Tensor:
        """[L, PARTS, E] to [L, PARTS, D]."""
        query, visual, motions, rest = shown.split(self.widths, -1)
        normed = [norm(one) for norm, one in zip(self.norms, (query, visual), strict=True)]
        made: Tensor = self.layers(torch.cat([*normed, motions / 4, rest / 4], -1))
        return made + self.part


def answers(session: InferenceSession, questions: Sequence[str]) -> list[str]:
    """Answers about the video of a session whose sentences are what the questions are about."""
    model: Any = session.model
    patches = SessionPatches.of(session)
    assert patches is not None
    prefixes = _tokens(model, patches.evidence()).split(1)
    mllm, words, limit = model.mllm, model.words, model.config.answer_limit
    chats = [model.inputs([model.render([Turn((one,))])]) for one in questions]
    with model.patch_answers.adapters.on(mllm):
        return [
            continue_after(mllm, words, prefix, chat, limit)
            for prefix, chat in zip(prefixes, chats, strict=True)
        ]


@torch.no_grad()
def precompute_answers(model: MllmSystem, batch: ConversationBatch) -> Precomputed:
    """Evidence for the questions about the videos of some conversations, and the chats.

    Raises RecipeError for a model without the part, and for conversations without videos.
    """
    if model.patch_answers is None:
        raise RecipeError('The objective "answers" is for a model with `answer_dim`.')
    if any(one.context is None or not one.turns for one in batch.rows):
        raise RecipeError(
            'The objective "answers" is for questions about videos: `tasks: {ask: 1}`.'
        )
    shown = torch.cat([_shown(model, one) for one in batch.rows])
    turns = [turn for one in batch.rows for turn in one.turns]
    chats = model.inputs([model.render([Turn((question,), reply)]) for question, reply in turns])
    tensors = {name: getattr(chats, name) for name in ("ids", "mask", "labels")}
    return Precomputed({"shown": shown, "positions": chats.positions, **tensors})


def answer_losses(model: MllmSystem, batch: Precomputed) -> dict[str, Tensor]:
    """Cross entropy of the words of the answers."""
    assert model.patch_answers is not None
    given = batch.tensors
    chats = Inputs(given["ids"], given["mask"], given["positions"], given["labels"])
    with model.patch_answers.adapters.on(model.mllm):
        return {"loss": prefixed_loss(model.mllm, _tokens(model, given["shown"]), chats)}


def _tokens(model: MllmSystem, shown: Tensor) -> Tensor:
    """Embeddings [L, PARTS, D] of evidence, as large as those of words."""
    assert model.patch_answers is not None
    words = model.mllm.get_input_embeddings().weight
    size = words.detach().float().square().mean(1).sqrt().mean()
    tokens: Tensor = model.patch_answers(shown.to(words)) * size.to(words)
    return tokens


def _shown(model: MllmSystem, conversation: Conversation) -> Tensor:
    """Evidence for the questions about one video, whose frames have the rate of `patch_rate`."""
    assert conversation.context is not None
    video = conversation.context.to(model.device)

    def features(frames: Sequence[int]) -> WindowFeatures:
        pixels = to_pixels(video[list(frames)].permute(0, 3, 1, 2)).to(model.dtype)
        return window_features(model, pixels, encode(model.sam, pixels))

    frames = Frames(len(video), features, model.config.patch_span, 1)
    about = [asked_about(question) for question, _ in conversation.turns]
    return evidence(model, frames, read_sentences(model, about))
