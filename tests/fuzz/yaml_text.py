"""Hostile versions of a YAML text, whose sound one is JSON."""

from __future__ import annotations

import json
import random

import yaml
from tests.fuzz import mutate

PIECES = (
    *("&a [*a]", "*nobody", "<<: *nobody", "<<: [x]", "<<: 3", "!!python/object:os.system x"),
    *("!!binary aaaa", "!!set {a, b}", "!!timestamp 2024-13-45", "!!float nobody", "!!int x"),
    *("2024-01-01", "0x" + "f" * 5000, "9" * 5000, "1:" * 2000 + "1", "0b1", "0o7", "1_0", "+.inf"),
    *("? [a]\n: 1", "[a]: 1", "{}: 1", "? ", "- - - -", "---\n---", "%YAML 9.9\n---", "%TAG ! x"),
    *("\t", "\ufeff", "\x85", "\u2028", '"\\ud800"', '"\\x00"', "'", '"', "|\n ", ">\n ", "#", "@"),
    *("[" * 5000, "{a: " * 5000, "- " * 5000, "? " * 5000, "!" * 5000, "&a " * 50, "a: " * 500),
)


def bomb(data: bytes, rng: random.Random) -> bytes:
    """Write a value that names itself twice, over and over, at some place."""
    content = json.loads(data)
    holder, key = mutate.place(content, rng)
    holder[key] = "@bomb@"
    levels = rng.choice([2, 9, 30])
    lists = "".join(f"&b{n} [{f'*b{n - 1}, *b{n - 1}' if n else 'x'}], " for n in range(levels))
    merged = "".join(
        f"m{n}: &m{n} {{{f'<<: [*m{n - 1}, *m{n - 1}], k{n}: *m{n - 1}' if n else 'x: 1'}}}, "
        for n in range(levels)
    )
    text = rng.choice([f"[{lists}]", f"{{{merged}}}"])
    return mutate.dump(content).replace(b'"@bomb@"', text.encode())


def block(data: bytes, rng: random.Random) -> bytes:
    """Write it in block style, with anchors and aliases, and put something between its lines."""
    content = json.loads(data)
    if rng.random() < 0.5:
        holder, key = mutate.place(content, rng)
        other, name = mutate.place(content, rng)
        holder[key] = other[name]  # written as an alias, or as a circle
    lines = yaml.safe_dump(content, allow_unicode=True).splitlines()
    at = rng.randrange(len(lines))
    indent = " " * (len(lines[at]) - len(lines[at].lstrip()))
    kind = rng.randrange(4)
    if kind == 0:
        lines.insert(at, indent + rng.choice(PIECES))
    elif kind == 1:
        lines[at] = lines[at].split(":")[0] + ": " + rng.choice(PIECES)
    elif kind == 2:
        lines.insert(rng.randrange(len(lines)), lines[at])
    else:
        lines[at] = " " * rng.randrange(9) + lines[at].lstrip()
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def piece(data: bytes, rng: random.Random) -> bytes:
    """Put something that only YAML knows at the place of a value."""
    content = json.loads(data)
    holder, key = mutate.place(content, rng)
    holder[key] = "@piece@"
    return mutate.dump(content).replace(b'"@piece@"', rng.choice(PIECES).encode("utf-8"))
