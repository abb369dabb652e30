"""Teachers for distillation: trained models whose outputs a system with a language model learns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from momentvos.errors import RecipeError
from momentvos.systems.pretrained import load_pretrained


@lru_cache(maxsize=1)
def text_prompt_teacher(source: str) -> Callable[[Sequence[str]], Tensor]:
    """A TGL model as a teacher: sentences to its first prompt tokens rho_txt [E, C], unadapted.

    Raises ModelError where there is no such model, RecipeError where it is of another kind.
    """
    teacher: Any = load_pretrained(source)
    if teacher.config.model_type != "momentvos_tgl":
        raise RecipeError(f"The recipe's `teacher`: '{source}' is not a TGL model.")

    @torch.no_grad()
    def prompts(sentences: Sequence[str]) -> Tensor:
        made: Tensor = teacher.noun_prompts(sentences)
        return made

    return prompts


@lru_cache(maxsize=1)
def dual_encoder_teacher(source: str) -> Callable[..., tuple[Tensor, Tensor]]:
    """A dual encoder as a teacher of frames and sentences. Raises ModelError where there is none.

    Gives, of a low-resolution video uint8 [T, H, W, 3], sentences, a grid (rows, columns) of tokens
    a step and the frames of a step: features of its patches at that grid [P, D] and of the
    sentences [Q, D].
    """
    from momentvos.grounding.dual.scorer import load, to_pixels
    from momentvos.grounding.dual.train import tokens

    teacher = load(source, "cpu").model.eval()

    @torch.no_grad()
    def features(
        video: Tensor, sentences: Sequence[str], grid: tuple[int, int], temporal: int
    ) -> tuple[Tensor, Tensor]:
        config = teacher.config
        cells = teacher.cells(to_pixels(video.cpu().numpy(), config.side)[None])[0]
        side = round(cells.shape[1] ** 0.5)
        maps = cells.transpose(1, 2).unflatten(2, (side, side))
        maps = torch.nn.functional.adaptive_avg_pool2d(maps, grid)
        maps = torch.cat([maps, maps[-1:].expand(-len(maps) % temporal, -1, -1, -1)])
        steps = maps.unflatten(0, (-1, temporal)).mean(1)
        plain = [" ".join(sentence.lower().split()) for sentence in sentences]
        encoded, _ = tokens(teacher.tokenizer, plain, config.positions)
        embedded = teacher.sentences(encoded["input_ids"], encoded["attention_mask"])
        patches = steps.flatten(2).transpose(1, 2).flatten(0, 1)
        return patches.to(video.device), embedded.to(video.device)

    return features
