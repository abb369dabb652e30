"""Types and bounds of options."""

import math
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from momentvos.errors import RecipeError
from momentvos.ranges import Range, Rate, Share, Some, Weight, check, shown
from momentvos.training.plain import build


@dataclass(frozen=True)
class Options:
    count: Some = 1
    pair: Annotated[tuple[int, int] | list[int], Range(1, 100, count=2)] = (1, 2)
    share: Share | None = None
    rate: Rate = 8.0
    weights: dict[str, Weight] = field(default_factory=dict)
    kind: Literal["x", "y"] = "x"
    flag: bool = False
    name: str = ""


GOOD = [
    {},
    {"share": 0},
    {"share": 1.0, "rate": 1e-9},
    {"pair": [4, 4]},
    {"weights": {"a": 0, "b": 2.5}},
]
BAD = [
    *({"count": one} for one in (0, -1, 10**9, 10**400, True, 1.5, "x", None, [1])),
    *({"share": one} for one in (-0.1, 1.1, math.nan, math.inf, 10**400, "x", True)),
    *({"rate": one} for one in (0, 0.0, -8.0, math.nan, None)),
    *({"pair": one} for one in ([3, 2], [1], [1, 2, 3], [], [0, 1], ["x", "y"], 3, None)),
    *({"weights": one} for one in ([], 3, {"a": -1}, {"a": math.nan}, {"a": "x"})),
    *({"kind": one} for one in ("z", 1, None, ["x"], {})),
    *({"flag": one} for one in (3, "x", None, [])),
    *({"name": one} for one in (3, None, ["x"])),
]


@pytest.mark.parametrize("values", GOOD)
def test_what_is_within_bounds_passes_everywhere(values):
    check(Options(**values))
    assert TypeAdapter(Options).validate_python(values) == Options(**values)
    assert build(Options, values, "it") is not None


@pytest.mark.parametrize("values", BAD, ids=lambda one: str(one)[:30])
def test_what_is_not_is_named_by_all_three_readers(values):
    (name,) = values
    with pytest.raises(ValueError, match=rf"^'{name}' must be "):
        check(Options(**values))
    with pytest.raises(RecipeError, match=rf"^it: {name}"):
        build(Options, values, "it")
    with pytest.raises(ValidationError):
        TypeAdapter(Options).validate_python(values)


def test_long_values_are_cut_in_messages():
    assert len(shown(["x" * 100_000] * 100_000)) < 500
    assert shown(10**10_000) == "a number of thousands of digits"
