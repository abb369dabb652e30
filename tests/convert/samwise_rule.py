"""Weights, words, sentences and frames that two programs can make alike, from names and numbers."""

import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

FRAMES = 12
SENTENCES = ("the Dog that jumps", "  the dog \t that  jumps\nover it. ")
MERGES = ("t h", "th e", "Ġ the", "d o", "do g", "Ġ dog", "Ġ t", "Ġ j", "u m", "um p", "ump s")
BIASES = {
    "sam.memory_encoder.out_proj.bias": [0.0] * 64,
    "sam.sam_mask_decoder.pred_obj_score_head.layers.2.bias": [-0.4],
    "conditional_memory_encoder.decision_class_head.bias": [0.0, 0.2],
}
TIED = {
    "text_encoder.model.encoder.lm_head.weight": (
        "text_encoder.model.encoder.sentence_encoder.embed_tokens.weight"
    )
}
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def uniform(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of variance 1 that depend on the name alone."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return (rng.random(shape) * 2 - 1) * 3**0.5


def weight(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """A weight of a network whose activations neither grow nor vanish.

    Some frames lack the object, and memory switches in some.
    """
    drawn = uniform(TIED.get(name, name), shape)
    last = name.rsplit(".", 1)[-1]
    if name == "sam.memory_encoder.out_proj.weight":  # which theirs lacks at this width
        return torch.eye(shape[0])[..., None, None]
    if name in BIASES:
        return torch.tensor(BIASES[name])
    if last == "num_batches_tracked":
        return torch.tensor(3)
    if last == "running_var":
        drawn = 1 + 0.3 * drawn
    elif last == "running_mean" or last == "bias":
        drawn = 0.1 * drawn
    elif len(shape) == 1:
        drawn = 1 + 0.2 * drawn  # of a norm
    elif name in TIED or any(part in name for part in ("embed", "token", "no_", "tpos")):
        drawn = 0.5 * drawn
    else:
        drawn = drawn / np.sqrt(np.prod(shape[1:]))
    return torch.from_numpy(np.asarray(drawn, dtype=np.float32))


def write_words(folder: Path, size: int) -> Path:
    """A tokenizer of RoBERTa's kind: byte-level, nothing added before a sentence."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    known = [*SPECIAL, *letters, *("".join(merge.split()) for merge in MERGES)]
    known += [f"<{number}>" for number in range(size - len(known))]
    vocabulary = {token: place for place, token in enumerate(known)}
    model = models.BPE(vocabulary, [tuple(merge.split()) for merge in MERGES])
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), add_prefix_space=False
    )
    names = {f"{k}_token": v for k, v in zip(("bos", "pad", "eos", "unk"), SPECIAL, strict=False)}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    return folder


def write_frames(folder: Path, size: tuple[int, int]) -> Path:
    """JPEG files of a bright disc over a moving texture, 0.jpg to 11.jpg with leading zeros."""
    height, width = size
    rng = np.random.default_rng(height)
    coarse = rng.integers(0, 256, (height // 8 + 8, width // 8 + 8, 3)).astype(np.uint8)
    rows, columns = np.mgrid[:height, :width]
    folder.mkdir(parents=True)
    for number in range(FRAMES):
        picture = coarse[(rows + 3 * number) // 8, (columns + 2 * number) // 8] // 2
        near = np.hypot(rows - height * 0.5, columns - width * (0.2 + 0.05 * number))
        picture = np.where((near < height * 0.2)[..., None], (250, 200, 40), picture)
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{number:05d}.jpg", quality=90)
    return folder
