"""Reader of Llama's ``tokenizer.model`` (a SentencePiece BPE), without SentencePiece.

The file is a protocol buffer (``sentencepiece_model.proto``), of which a few fields are needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.errors import ModelError
from momentvos.regular_file import read_bytes

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

LARGEST_FILE = 16 << 20
MOST_PIECES = 300_000
LONGEST_PIECE = 256
SPACE = "\u2581"
BPE = 2
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
UNK, BEGIN, END = "<unk>", "<s>", "</s>"


@dataclass(frozen=True)
class Pieces:
    """The vocabulary: text and kind of each piece, in order of their ids."""

    texts: tuple[str, ...]
    kinds: tuple[int, ...]


def llama_tokenizer(path: Path) -> PreTrainedTokenizerFast:
    """The tokenizer in a ``tokenizer.model``; every text it encodes begins with a space mark.

    So does the slow Llama tokenizer of the time (``legacy``), with which Vicuna's descendants were
    trained. <unk> fills up batches.

    Raises ModelError where the file is none of Llama's kind.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    pieces = read_pieces(path)
    vocabulary = {text: number for number, text in enumerate(pieces.texts)}
    model = models.BPE(
        vocab=vocabulary,
        merges=_merges(pieces, vocabulary),
        unk_token=UNK,
        fuse_unk=True,
        byte_fallback=True,
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace(SPACE, " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    special = [AddedToken(name, normalized=False, special=True) for name in (UNK, BEGIN, END)]
    tokenizer.add_special_tokens(special)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token=UNK,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=UNK,
        clean_up_tokenization_spaces=False,
    )


def read_pieces(path: Path) -> Pieces:
    """Read the file. Raises ModelError where it is none of Llama's kind."""
    try:
        content = read_bytes(path, LARGEST_FILE)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
    texts: list[str] = []
    kinds: list[int] = []
    kind, charsmap = 1, b""
    try:
        for number, value in _fields(content):
            if number == 1:
                inner = dict(_fields(_bytes(value)))
                texts.append(_bytes(inner[1]).decode())
                kinds.append(_whole(inner.get(3, NORMAL)))
            elif number == 2:
                kind = _whole(dict(_fields(_bytes(value))).get(3, kind))
            elif number == 3:
                charsmap = _bytes(dict(_fields(_bytes(value))).get(2, b""))
    except (ValueError, KeyError, IndexError) as error:
        raise ModelError(f"{path} is not a SentencePiece model.") from error
    good = (
        kind == BPE
        and not charsmap
        and len(texts) <= MOST_PIECES
        and len(set(texts)) == len(texts)
        and {UNK, BEGIN, END} <= set(texts)
        and set(kinds) <= {NORMAL, UNKNOWN, CONTROL, BYTE}
        and max(map(len, texts)) <= LONGEST_PIECE
    )
    if not good:
        raise ModelError(f"{path} is a SentencePiece model, but not one of Llama's kind.")
    return Pieces(tuple(texts), tuple(kinds))


def _merges(pieces: Pieces, vocabulary: dict[str, int]) -> list[tuple[str, str]]:
    """Pairs that make a piece, first those of the best piece: pieces stand in that order."""
    merges: list[tuple[str, str]] = []
    for text, kind in zip(pieces.texts, pieces.kinds, strict=True):
        if kind != NORMAL:
            continue
        cuts = [(text[:k], text[k:]) for k in range(1, len(text))]
        pairs = [pair for pair in cuts if pair[0] in vocabulary and pair[1] in vocabulary]
        merges += sorted(pairs, key=lambda pair: (vocabulary[pair[0]], vocabulary[pair[1]]))
    return merges


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of each field of a message. Raises ValueError or IndexError."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        wire = key & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        if wire == 2:
            size, place = _varint(data, place)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError("no such field")
        if size > len(data) - place:
            raise ValueError("cut off")
        yield key >> 3, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError("a number that does not end")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number instead of bytes")
    return value


def _whole(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("bytes instead of a number")
    return value
