"""Hostile versions of a JSON text: values of another kind, size or depth."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from functools import wraps
from typing import Any

HOSTILE: tuple[Any, ...] = (
    *(0, -1, 1, 2, 3, -201, 255, 65536, 10_000_000, 2**31, 2**63, 2**64, 10**18, 10**400),
    *(0.0, -0.5, 1.5, 1e-300, 1e18, 1e308, -1e308),
    *(float("nan"), float("inf"), float("-inf")),
    *(
        True,
        False,
        None,
        "",
        "0",
        "x",
        "nan",
        "../x",
        "/etc/passwd",
        ".",
        "\0",
        "\ud800",
        "é" * 300,
    ),
    *([], [[]], {}, [0], [-1, -1], [None], ["x"], {"x": 1}, [1e18, 1e18], [3, 2, 1], "a" * 100_000),
)
"""Values that some reader, somewhere, does not expect."""
DEPTH = 200_000
"""Nested lists that no parser's stack holds."""

Mutator = Callable[[bytes, random.Random], bytes]


def value(data: bytes, rng: random.Random) -> bytes:
    """Put a hostile value somewhere into a JSON text."""
    content = json.loads(data)
    holder, key = place(content, rng)
    holder[key] = copy.deepcopy(rng.choice(HOSTILE))
    return dump(content)


def swap(data: bytes, rng: random.Random) -> bytes:
    """Put a value of the JSON text at the place of another one."""
    content = json.loads(data)
    holder, key = place(content, rng)
    source, name = place(content, rng)
    holder[key] = copy.deepcopy(source[name])
    return dump(content)


def scale(data: bytes, rng: random.Random) -> bytes:
    """Multiply a number of a JSON text, or change its sign or kind."""
    content = json.loads(data)
    places = [one for one in _places(content) if type(one[0][one[1]]) in (int, float)]
    if not places:
        return value(data, rng)
    holder, key = rng.choice(places)
    number = holder[key]
    holder[key] = rng.choice(
        [
            *(number + 1, number - 1, -number, number * 2, number * 1000, number / 2),
            *(float(number), str(number), [number], bool(number), number * 10_000_000),
        ]
    )
    return dump(content)


def drop(data: bytes, rng: random.Random) -> bytes:
    """Remove an entry of a JSON text, or name it otherwise."""
    content = json.loads(data)
    holder, key = place(content, rng)
    removed = holder.pop(key)
    if isinstance(holder, dict) and rng.random() < 0.3:
        holder[rng.choice(["x", "", "../x", "\ud800", key.upper() + "_", "0"])] = removed
    return dump(content)


def nest(data: bytes, rng: random.Random) -> bytes:
    """Put nested lists or objects into a JSON text, deeper than a parser's stack."""
    content = json.loads(data)
    holder, key = place(content, rng)
    holder[key] = "@deep@"
    left, right = rng.choice([("[", "]"), ('{"x":', "}")])
    deep = left * DEPTH + "0" + right * DEPTH
    return dump(content).replace(b'"@deep@"', deep.encode())


def twice(data: bytes, rng: random.Random) -> bytes:
    """Give an object of a JSON text the same key twice."""
    text = data.decode()
    places = [place for place, letter in enumerate(text) if letter == "{"]
    if not places:
        return data
    at = rng.choice(places) + 1
    return (
        text[:at] + '"x": 1, "x": 2' + ("" if text[at:].lstrip()[:1] == "}" else ", ") + text[at:]
    ).encode()


def dump(content: Any) -> bytes:
    """JSON with NaN, infinities and halves of letters, as Python's own writer leaves them."""
    return json.dumps(content).encode()


def _places(content: Any) -> list[tuple[Any, Any]]:
    """Every (holder, key) of a JSON value; of long lists the first entries alone."""
    found: list[tuple[Any, Any]] = []
    left = [content]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            keys: Any = list(one)
        elif isinstance(one, list):
            keys = range(min(len(one), 50))
        else:
            continue
        found += [(one, key) for key in keys]
        left += [one[key] for key in keys]
    return found


def place(content: Any, rng: random.Random) -> tuple[Any, Any]:
    """One of them; small objects far up count as much as long ones below."""
    places = _places(content)
    if not places:
        return {"x": content}, "x"
    by_holder: dict[int, list[tuple[Any, Any]]] = {}
    for holder, key in places:
        by_holder.setdefault(id(holder), []).append((holder, key))
    if rng.random() < 0.5:
        return rng.choice(by_holder[id(content)])
    return rng.choice(places)


def of_a_line(how: Mutator) -> Mutator:
    """The same of one line of a file of JSON lines."""

    @wraps(how)
    def changed(data: bytes, rng: random.Random) -> bytes:
        lines = data.splitlines()
        at = rng.randrange(len(lines))
        lines[at] = how(lines[at], rng)
        return b"\n".join(lines) + b"\n"

    return changed
