"""A small ChatML tokenizer for language models trained from scratch."""

from __future__ import annotations

from collections.abc import Iterable

from transformers import PreTrainedTokenizerFast

from momentvos.mllm.chat import END, PADS, START, SYSTEM, VISION_END, VISION_START

STOP = "<|endoftext|>"
SPECIAL = (STOP, START, END, VISION_START, VISION_END, *PADS.values())
FRAME = f"system\n{SYSTEM}user\nassistant\n"


def train_chat_tokenizer(texts: Iterable[str], size: int = 1024) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE with Qwen's special tokens on `texts`; it can encode any text.

    Save with ``save_pretrained(folder)``, load with ``AutoTokenizer.from_pretrained(folder)``.

    Args:
        texts: questions and answers; the words around every conversation are added.
        size: most tokens, at least 263 (all bytes, and the special ones).
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=1,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([FRAME, *texts], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=STOP,
        clean_up_tokenization_spaces=False,
    )
