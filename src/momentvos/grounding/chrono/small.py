"""A Chrono small enough to train from scratch on MomentWorld."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from momentvos.data.sample import Sample
from momentvos.grounding.chrono.model import Chrono
from momentvos.grounding.chrono.timestamps import Unit


def small_chrono(
    samples: Sequence[Sample],
    unit: Unit = "frames",
    frames: int = 32,
    side: int = 64,
    width: int = 128,
    layers: int = 3,
    queries: int = 8,
    seed: int = 0,
) -> Chrono:
    """Random weights of the published backbone's classes, and a tokenizer of the samples' words.

    side: pixels of the square input, patches of 16. width: of all three parts. layers: of the
    vision tower and of the language model's two halves. queries: vectors a frame.
    """
    from transformers import Blip2Config, Blip2ForConditionalGeneration, T5Config
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    from momentvos.text import train_tokenizer

    torch.manual_seed(seed)
    heads = max(width // 32, 1)
    texts = sorted({sample.sentence for sample in samples})
    counts = [f"{number}" for number in range(max(sample.length for sample in samples) + 1)]
    words = {word for text in texts for word in text.split()}
    tokenizer = train_tokenizer(
        [*texts, *counts], 512 + 8 * sum(map(len, words)) + len(counts), 256
    )
    shape = {
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
    }
    text = T5Config(
        vocab_size=len(tokenizer),
        d_model=width,
        d_kv=width // heads,
        d_ff=2 * width,
        num_layers=layers,
        num_heads=heads,
        feed_forward_proj="gated-gelu",
        dropout_rate=0.0,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    config = Blip2Config(
        vision_config=shape | {"image_size": side, "patch_size": 16},
        qformer_config=shape
        | {
            "num_hidden_layers": 2,
            "encoder_hidden_size": width,
            "vocab_size": len(tokenizer),
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
        },
        text_config=text.to_dict(),
        num_query_tokens=queries,
        chrono={"unit": unit, "frames": frames},
    )
    blip = Blip2ForConditionalGeneration(config)
    torch.nn.init.normal_(blip.query_tokens, std=0.5)
    images = BlipImageProcessorPil(size={"height": side, "width": side})
    return Chrono(blip, images, tokenizer)
