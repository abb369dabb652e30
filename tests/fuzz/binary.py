"""Hostile versions of a binary file: bytes turned, parts moved, lengths that lie."""

from __future__ import annotations

import random

from tests.fuzz.chunks import Chunk, chunks, with_checksums

NUMBERS = (0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 2**32 - 1)
MOST = 1 << 22
"""Bytes that a file may grow to."""


def cut(data: bytes, rng: random.Random) -> bytes:
    """Keep the beginning alone."""
    return data[: rng.randrange(max(len(data), 1))]


def flip(data: bytes, rng: random.Random) -> bytes:
    """Turn some bits, anywhere."""
    made = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        if made:
            made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


def flip_header(data: bytes, rng: random.Random) -> bytes:
    """Turn bits in the first bytes of some part, where formats have their fields."""
    made = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        place = _place(data, rng)
        if place < len(made):
            made[place] ^= 1 << rng.randrange(8)
    return _mended(bytes(made), rng)


def splice(data: bytes, rng: random.Random) -> bytes:
    """Put other bytes between."""
    at = rng.randrange(len(data) + 1)
    extra = rng.choice([b"\xff\xfe", b"\x00" * 8, b"\xff" * 8, b"\xed\xa0\x80", b"NaN", b"\\ud800"])
    return data[:at] + extra + data[at + rng.randrange(8) :]


def number(data: bytes, rng: random.Random) -> bytes:
    """Write a number that few expect over one of 1 to 8 bytes."""
    width = rng.choice([1, 2, 4, 4, 8])
    place = min(_place(data, rng), max(len(data) - width, 0))
    order = rng.choice(["big", "little"])
    value = rng.choice(NUMBERS) % (1 << 8 * width)
    made = data[:place] + value.to_bytes(width, order) + data[place + width :]
    return _mended(made, rng)


def length(data: bytes, rng: random.Random) -> bytes:
    """Give a part another length than it has."""
    sized = [one for one in chunks(data) if one.size is not None]
    if not sized:
        return number(data, rng)
    one = rng.choice(sized)
    assert one.size is not None
    at, width, order = one.size
    old = int.from_bytes(data[at : at + width], order)
    new = rng.choice([0, 1, old - 1, old + 1, old // 2, old * 2, *NUMBERS]) % (1 << 8 * width)
    return data[:at] + new.to_bytes(width, order) + data[at + width :]


def remove(data: bytes, rng: random.Random) -> bytes:
    """Leave out a part."""
    one = _part(data, rng)
    return data[: one.start] + data[one.end :]


def repeat(data: bytes, rng: random.Random) -> bytes:
    """Have a part several times, beside itself or elsewhere."""
    one, other = _part(data, rng), _part(data, rng)
    piece = data[one.start : one.end]
    at = rng.choice([one.end, other.start])
    times = rng.choice([1, 1, 2, 50]) if len(piece) * 50 < MOST else 1
    return data[:at] + piece * times + data[at:]


def exchange(data: bytes, rng: random.Random) -> bytes:
    """Let two parts change places."""
    one, other = sorted([_part(data, rng), _part(data, rng)], key=lambda part: part.start)
    if one.end > other.start:
        return flip_header(data, rng)
    first, second = data[one.start : one.end], data[other.start : other.end]
    return data[: one.start] + second + data[one.end : other.start] + first + data[other.end :]


def _part(data: bytes, rng: random.Random) -> Chunk:
    """A part by the file's format, or, sometimes, any stretch of it."""
    known = chunks(data)
    if known and rng.random() < 0.8:
        return rng.choice(known)
    start = rng.randrange(len(data) + 1)
    return Chunk(start, min(start + rng.choice([1, 8, 188, 1000]), len(data)))


def _place(data: bytes, rng: random.Random) -> int:
    """A byte near the beginning of a part, or, sometimes, any."""
    known = chunks(data)
    if known and rng.random() < 0.8:
        one = rng.choice(known)
        return min(one.start + rng.randrange(64), one.end - 1)
    return rng.randrange(max(len(data), 1))


def _mended(data: bytes, rng: random.Random) -> bytes:
    """With right checksums, mostly, so that readers get beyond them."""
    return with_checksums(data) if rng.random() < 0.8 else data
