"""Sa2VA's configuration: SAM2, the language model, and every choice of inference."""

from __future__ import annotations

from typing import Annotated, Literal

from momentvos.ranges import Range, Share
from momentvos.systems.config import MllmSystemConfig, TokenBudget


class Sa2VaConfig(MllmSystemConfig):
    """Everything that defines a Sa2VA model; defaults are those released on Qwen2.5-VL.

    Args:
        mllm_config: Qwen2.5-VL or Qwen3-VL.
        original_decoder: the weights hold SAM2's own mask decoder beside the fine-tuned one.
        system_prompt: chats begin with Qwen's system prompt, as in Qwen2.5-VL's template.
        final_norm: [SEG]'s state is that after the language model's final norm. Not so on Qwen3-VL,
            for which `transformers` 4.57 gave the released programs the states before it.
        sampling: of frames for the language model: "first" as released, or "uniform" (Sa2VA-i).
        frames: number of sampled frames.
        decoder: of tracking: the "finetuned" mask decoder as released, or SAM2's "original" one,
            which is given the sampled frames' masks (Sa2VA-i).
        image_budget, picture_budget: (least, most) visual tokens a frame, of each sampled frame
            and of an image asked about alone.
    """

    model_type = "momentvos_sa2va"
    switches = MllmSystemConfig.switches | {
        "system_prompt",
        "final_norm",
        "sampling",
        "frames",
        "decoder",
    }

    original_decoder: bool = False
    system_prompt: bool = True
    final_norm: bool = True
    sampling: Literal["first", "uniform"] = "first"
    frames: Annotated[int, Range(1, 4096)] = 5
    decoder: Literal["finetuned", "original"] = "finetuned"
    image_budget: TokenBudget = (512, 2048)
    picture_budget: TokenBudget = (512, 2048)
    answer_limit: Annotated[int, Range(1, 65536)] = 2048
    gate: bool = False
    presence_threshold: Share = 0.0
