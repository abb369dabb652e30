"""What a converted checkpoint is compared by: pictures, weights and a tokenizer made by rules.

The authors' programs were given the same; the tests hold what they answered, as numbers alone.
"""

import base64
import hashlib
import lzma
import math
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
)
from transformers import Sam2HieraDetConfig

from momentvos.convert.match import skeleton
from momentvos.sam2.sizes import sam_config

SIZES = ((240, 320), (720, 1280))
SPECIAL = [
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"),
    *("<|image_pad|>", "<|video_pad|>"),
]
MERGES = [
    *("t h", "th e", "Ġ the", "Ġ a", "i n", "e r", "d o", "do g", "Ġ dog", "s e", "v i", "vi d"),
    *("vid e", "vide o", "Ġ video", "Ġ i", "Ġi n"),
]
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How Qwen2 splits text."""


def picture(time, height, width):
    """Frame `time` of a clip, uint8 [height, width, 3]: an even scene, and a square that moves."""
    rows, columns = np.mgrid[0:height, 0:width]
    phase = 0.4 * time
    channels = [
        128 + 100 * np.sin(rows / (0.05 * height * (k + 1)) + columns / (0.07 * width) + phase * k)
        for k in range(3)
    ]
    frame = np.clip(np.stack(channels, -1), 0, 255).astype(np.uint8)
    top, left = height // 4 + 2 * time, width // 8 + time * width // 24
    frame[top : top + height // 3, left : left + width // 4] = (220, 40 + 10 * time, 30)
    noise = np.random.default_rng(time).integers(0, 24, frame.shape, np.uint8)
    return np.clip(frame.astype(int) + noise, 0, 255).astype(np.uint8)


def drawn(name, shape):
    """The weight of that name in an official file, float32."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    normal = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    if "gaussian" in name:
        return normal
    if name.endswith(("gamma", "g_weight")):
        return 0.5 + 0.1 * normal
    if len(shape) > 1:
        return normal / np.float32(math.sqrt(math.prod(shape[1:])))
    if name.endswith("pred_obj_score_head.layers.2.bias"):
        return 0.15 + 0.05 * normal  # so that some frames have the object and some have not
    return 1 + 0.1 * normal if name.endswith("weight") else 0.05 * normal


def checksum(array):
    """Of an array's bytes, as a few letters."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def agree(answer, record):
    """Assert that an answer's masks are those recorded, by area and by every `step`-th pixel."""
    masks = np.stack([answer.masklet.get(frame) for frame in range(len(record["areas"]))])
    assert masks.reshape(len(masks), -1).sum(1) == pytest.approx(record["areas"], rel=1e-3, abs=4)
    ours = masks[:, :: record["step"], :: record["step"]]
    packed = np.frombuffer(lzma.decompress(base64.b85decode(record["masks"])), np.uint8)
    theirs = np.unpackbits(packed, count=ours.size).reshape(ours.shape).astype(bool)
    for frame, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        assert (one & other).sum() >= 0.999 * (one | other).sum(), frame


def tokenizer(added):
    """Qwen2's kind: bytes, a few merged pieces, and the tokens that a system adds."""
    pieces = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *(m.replace(" ", "") for m in MERGES)]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    made = Tokenizer(models.BPE(vocabulary, [tuple(merge.split(" ")) for merge in MERGES]))
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(
        [AddedToken(one, special=True, normalized=False) for one in (*SPECIAL, *added)]
    )
    return made


def varint(number):
    """A protocol buffer's number."""
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    """A protocol buffer's field: a number or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def sentencepiece_model():
    """A ``tokenizer.model`` with Llama's settings: bytes, letters and a few merged pieces."""
    letters = "▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789()[],.:?!'-"
    merged = "▁▁ th ▁a the ▁the in is ▁is ▁in ▁segm ▁seg ▁se ▁s ▁d dog do og ▁dog deo vi ▁vi"
    pieces = [("<unk>", 2), ("<s>", 3), ("</s>", 3)]
    pieces += [(f"<0x{byte:02X}>", 6) for byte in range(256)]
    pieces += [(text, 1) for text in (*merged.split(), "▁vid", "▁video", "▁(", "),", *letters)]
    listed = [
        field(1, field(1, text.encode()) + b"\x15" + b"\x00" * 4 + field(3, kind))
        for text, kind in pieces
    ]
    normal = field(3, field(1, b"identity") + field(3, 1) + field(4, 0) + field(5, 1))
    return b"".join(listed) + field(2, field(3, 2) + field(35, 1)) + normal


def small_sam():
    """SAM2 at a small size of every part."""
    hiera = Sam2HieraDetConfig(
        image_size=[256, 256],
        hidden_size=16,
        num_attention_heads=1,
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[16, 32, 64, 128],
        num_attention_heads_per_stage=[1, 2, 4, 8],
        window_size_per_stage=[8, 4, 8, 4],
        window_positional_embedding_background_size=[7, 7],
        global_attention_blocks=[3],
    )
    sam = sam_config(hiera, hidden=128, memory=64, layers=2, feed_forward=64)
    sam.mask_decoder_config.mlp_dim, sam.mask_decoder_config.iou_head_hidden_dim = 2048, 256
    return sam


def official_weights(make, sources, draw=drawn):
    """Weights of a model by their official names, each drawn by its name."""
    weights = {}
    for ours, weight in skeleton(Path("x"), make).items():
        names = sources(ours)
        shape = (len(weight) // len(names), *weight.shape[1:])
        weights |= {name: torch.from_numpy(np.asarray(draw(name, shape))) for name in names}
    return weights


@pytest.fixture(scope="session")
def rules():
    """The functions and sizes of this file."""
    return SimpleNamespace(
        SIZES=SIZES,
        picture=picture,
        drawn=drawn,
        checksum=checksum,
        agree=agree,
        sentencepiece_model=sentencepiece_model,
        tokenizer=tokenizer,
        small_sam=small_sam,
        official_weights=official_weights,
    )


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """Gives the folder of a clip of 12 frames of one of `SIZES`, as PNG files."""

    @cache
    def folder(size):
        made = tmp_path_factory.mktemp(f"clip-{size[0]}")
        for time in range(12):
            Image.fromarray(picture(time, *size)).save(made / f"{time:05}.png", compress_level=1)
        return made

    return folder
