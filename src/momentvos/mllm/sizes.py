"""Configurations of Qwen2.5-VL of any size, for models trained from scratch."""

from __future__ import annotations

from typing import Any

from transformers import PreTrainedTokenizerBase, Qwen2_5_VLConfig

from momentvos.mllm.chat import END, PADS, VISION_END, VISION_START


def qwen_config(
    tokenizer: PreTrainedTokenizerBase,
    *,
    hidden: int = 128,
    layers: int = 4,
    heads: int = 4,
    feed_forward: int = 384,
    vision: int = 96,
    vision_layers: int = 4,
    vision_heads: int = 4,
    patch: int = 8,
    full: tuple[int, ...] = (1, 3),
    length: int = 8192,
    spare: int = 8,
) -> Qwen2_5_VLConfig:
    """Configuration of a Qwen2.5-VL with the special tokens of a tokenizer.

    Args:
        tokenizer: with Qwen's special tokens.
        hidden, layers, heads, feed_forward: of the language model; hidden / heads must be a
            multiple of 4.
        vision, vision_layers, vision_heads, patch: of the vision tower; a token covers 2 x 2
            patches of `patch` pixels.
        full: vision layers with attention over the whole image; the others see windows.
        length: most tokens of a chat.
        spare: rows of the embeddings kept free for tokens added later.
    """
    width = hidden // heads
    share = width // 8
    numbers: dict[str, Any] = {
        "image_token_id": tokenizer.convert_tokens_to_ids(PADS["image"]),
        "video_token_id": tokenizer.convert_tokens_to_ids(PADS["video"]),
        "vision_start_token_id": tokenizer.convert_tokens_to_ids(VISION_START),
        "vision_end_token_id": tokenizer.convert_tokens_to_ids(VISION_END),
    }
    text: dict[str, Any] = {
        "vocab_size": len(tokenizer) + spare,
        "hidden_size": hidden,
        "intermediate_size": feed_forward,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "max_position_embeddings": length,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "mrope_section": [width // 2 - 2 * share, share, share],
        },
        "bos_token_id": None,
        "eos_token_id": tokenizer.convert_tokens_to_ids(END),
        "pad_token_id": tokenizer.pad_token_id,
    }
    return Qwen2_5_VLConfig(
        text_config=text,
        vision_config={
            "depth": vision_layers,
            "hidden_size": vision,
            "intermediate_size": 3 * vision,
            "num_heads": vision_heads,
            "patch_size": patch,
            "window_size": 8 * patch,
            "out_hidden_size": hidden,
            "fullatt_block_indexes": list(full),
            "tokens_per_second": 2,
        },
        tie_word_embeddings=True,
        **numbers,
    )
