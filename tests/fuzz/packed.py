"""Hostile versions of files that hold another format: safetensors, archives of torch, pickles."""

from __future__ import annotations

import io
import json
import pickletools
import random
import struct
import zipfile

from tests.fuzz import binary, mutate
from tests.fuzz.mutate import Mutator

_HUGE = (b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\x01")
_SHORT = (b"0", b"1", b"2", b"(", b"t", b")", b"]", b"}", b"l", b"d", b"e", b"s", b"u", b"a", b"b")
_PARTS = (
    *_SHORT,
    *(b"\x85", b"\x86", b"\x87", b"R", b"Q", b"\x81", b"\x93", b".", b"\x94", b"\x90", b"\x8f"),
    *(b"r\xff\xff\xff\xff", b"j\xff\xff\xff\x7f", b"h\x01", b"q\x00", b"p9999999999\n", b"g0\n"),
    *(b"cos\nsystem\n", b"ctorch\nload\n", b"cbuiltins\neval\n", b"ccollections\nOrderedDict\n"),
    *(b"\x8b\xff\xff\xff\x7f", b"\x8a\x08" + b"\xff" * 8, b"I" + b"9" * 5000 + b"\n", b"F1e400\n"),
    *(b"X\xff\xff\xff\xff", b"\x8d" + b"\xff" * 8, b"\x95" + b"\xff" * 8, b"\x82\x01", b"\x97"),
)
"""Opcodes of pickle, some with arguments that lie."""


def header(data: bytes, rng: random.Random) -> bytes:
    """Change the JSON header of a safetensors file, with its right length."""
    if len(data) < 8:
        return data
    size = struct.unpack("<Q", data[:8])[0]
    text, rest = data[8 : 8 + size], data[8 + size :]
    ways = (mutate.value, mutate.scale, mutate.swap, mutate.drop, mutate.nest, mutate.twice)
    made = rng.choice(ways)(text, rng)
    return struct.pack("<Q", len(made)) + made + rest


def opcodes(data: bytes, rng: random.Random) -> bytes:
    """Repeat, remove or exchange a pickle's operations, or put others between."""
    try:
        places = [place for _, _, place in pickletools.genops(data)]
    except Exception:  # not a whole one any more
        return binary.flip(data, rng)
    ends = [*places[1:], len(data)]
    for _ in range(rng.choice([1, 1, 2, 5])):
        one = rng.randrange(len(places))
        start, end = places[one], ends[one]
        piece, kind = data[start:end], rng.randrange(4)
        if kind == 0:
            return data[:start] + data[end:]
        if kind == 1:
            return data[:end] + piece * rng.choice([1, 2, 1000, 100_000]) + data[end:]
        if kind == 2:
            extra = rng.choice(_PARTS) * rng.choice([1, 1, 1, 30, 100_000])
            return data[:start] + extra + data[start if rng.random() < 0.5 else end :]
        if len(piece) > 4:
            at = start + 1 + rng.randrange(len(piece) - 1)
            return data[:at] + rng.choice(_HUGE)[: max(end - at, 1)] + data[at + 4 :]
    return data[:-1] + rng.choice(_PARTS) + b"."


def inside(how: Mutator) -> Mutator:
    """Change the pickle inside of an archive of torch, or the record of a tensor, by `how`."""

    def mutator(data: bytes, rng: random.Random) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            records = [(one.filename, archive.read(one)) for one in archive.infolist()]
        chosen = next(n for n, (name, _) in enumerate(records) if name.endswith("data.pkl"))
        if rng.random() < 0.1:
            chosen = rng.randrange(len(records))
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for number, (name, content) in enumerate(records):
                archive.writestr(name, how(content, rng) if number == chosen else content)
        return out.getvalue()

    mutator.__name__ = f"inside_{how.__name__}"
    return mutator


def runs(data: bytes, rng: random.Random) -> bytes:
    """Change a run-length code in a JSON text: its letters, its numbers or its size."""
    content = json.loads(data)
    codes = [one for one in _objects(content) if "counts" in one]
    if not codes:
        return mutate.value(data, rng)
    code = rng.choice(codes)
    counts = code["counts"]
    if rng.random() < 0.2:
        size = [rng.choice([0, -1, 1, 8, 12, 8.0, 10**9, 2**31, 2**62, None]) for _ in range(2)]
        code["size"] = size
    elif isinstance(counts, str):
        at = rng.randrange(len(counts) + 1)
        letters = "".join(chr(rng.choice([48, 79, 80, 111, 47, 112, 32, 0])) for _ in range(3))
        extra = letters * rng.choice([1, 1, 5, 20_000])
        code["counts"] = counts[:at] + extra + counts[at + rng.randrange(2) :]
    else:
        code["counts"] = [rng.choice([0, 1, 96, -1, 2**31, 2**63, 2**64, 0.5]) for _ in range(3)]
    return mutate.dump(content)


def _objects(content: object) -> list[dict[str, object]]:
    left, found = [content], []
    while left:
        one = left.pop()
        if isinstance(one, dict):
            found.append(one)
            left += one.values()
        elif isinstance(one, list):
            left += one
    return found
