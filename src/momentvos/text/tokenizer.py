"""Tokenizers for models trained from scratch."""

from __future__ import annotations

from collections.abc import Iterable

from transformers import PreTrainedTokenizerFast

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
"""In the order of RoBERTa's ids: 0, 1, 2, 3, and the mask."""


def train_tokenizer(
    texts: Iterable[str], vocab_size: int = 1024, length: int = 64
) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE in which every word of ``texts`` is one token; others become bytes.

    texts       words or sentences, already in the case that the model reads
    vocab_size  upper bound; the vocabulary ends when every word is one token
    length      most tokens of a sentence, with ``<s>`` and ``</s>``
    Save with ``save_pretrained(folder)``, load with ``AutoTokenizer.from_pretrained(folder)``.
    Raises ValueError when ``vocab_size`` is too small for the words.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    words = sorted({word for text in texts for word, _ in split.pre_tokenize_str(text)})
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=1,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    plain = [tokenizer.decoder.decode([word]) for word in words]
    tokenizer.train_from_iterator(plain, trainer)
    missing = [word for word in words if tokenizer.token_to_id(word) is None]
    if missing:
        raise ValueError(
            f"{len(missing)} of {len(words)} words do not fit into a vocabulary of {vocab_size} "
            f"(such as {tokenizer.decoder.decode(missing[:1]).strip()!r}): give it more"
        )
    start, end = ((name, SPECIAL.index(name)) for name in ("<s>", "</s>"))
    tokenizer.post_processor = processors.RobertaProcessing(end, start)
    names = dict(zip(("bos", "pad", "eos", "unk", "mask"), SPECIAL, strict=True))
    names |= {"cls": names["bos"], "sep": names["eos"]}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=length,
        **{f"{role}_token": name for role, name in names.items()},
    )
