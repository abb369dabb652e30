"""YAML of unknown origin as plain values: text, numbers, lists and mappings, in sensible amounts.

Keys are taken as they are written (``on`` is a name, not true), and so are dates and times.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

MOST_NODES = 10_000
"""Values of a document, those of an alias once for each use."""
DEEPEST = 40
LONGEST_NUMBER = 40
"""Characters; longer whole numbers take long to read and cannot be printed."""
Place = tuple[str | int, ...]
"""Keys and list positions that lead to a value."""

_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"
_BROKEN = re.compile("[\0\ud800-\udfff]")


class YamlError(ValueError):
    """Text that is no YAML, or not of this kind; `str` says why. line: where, from 1."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


def parse(text: str) -> tuple[Any, dict[Place, int]]:
    """Value of the one document in `text`, and the line of each key and list item.

    Raises YamlError also for aliases that expand to too much or to themselves, and for two keys
    of one name.
    """
    import yaml

    try:
        loader = _loader()(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
        lines: dict[Place, int] = {}
        return (None if node is None else _value(node, (), lines)), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        problem = error.problem or "it is not YAML"
        raise YamlError(problem, None if mark is None else mark.line + 1) from None
    except YamlError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise YamlError(getattr(error, "reason", "it is not YAML")) from None


def _loader() -> type[yaml.SafeLoader]:
    """PyYAML's loader with a budget, as a class because PyYAML is imported on use alone."""
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers = {
            first: [(tag, rule) for tag, rule in rules if tag in (*_KINDS, _MERGE)]
            for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def __init__(self, text: str) -> None:
            super().__init__(text)
            self.count, self.depth = 0, 0
            self.sizes: dict[int, int] = {}

        def compose_node(self, parent: Any, index: Any) -> Any:
            line = self.peek_event().start_mark.line + 1
            alias = self.check_event(yaml.AliasEvent)
            before, self.count, self.depth = self.count, self.count + 1, self.depth + 1
            self._check(line)
            node = super().compose_node(parent, index)
            if alias:
                if id(node) not in self.sizes:
                    raise YamlError("an alias stands inside of what it names", line)
                self.count = before + self.sizes[id(node)]
                self._check(line)
            self.depth -= 1
            self.sizes[id(node)] = self.count - before
            return node

        def _check(self, line: int) -> None:
            if self.depth > DEEPEST:
                raise YamlError(f"values are nested over {DEEPEST} levels deep", line)
            if self.count > MOST_NODES:
                raise YamlError(
                    f"there are over {MOST_NODES} values, with aliases written out", line
                )

    return Loader


def _value(node: Any, place: Place, lines: dict[Place, int]) -> Any:
    line = node.start_mark.line + 1
    if node.tag not in _KINDS and node.tag != _MERGE:
        raise YamlError(f"the tag '{node.tag[:80]}' is not for values here", line)
    if node.id == "mapping" and node.tag == _TAG + "map":
        return _mapping(node, place, lines)
    if node.id == "sequence" and node.tag == _TAG + "seq":
        values = []
        for number, one in enumerate(node.value):
            lines[*place, number] = one.start_mark.line + 1
            values.append(_value(one, (*place, number), lines))
        return values
    if node.id != "scalar" or node.tag in (_TAG + "map", _TAG + "seq"):
        raise YamlError(f"the tag '{node.tag[:80]}' is not for values here", line)
    return _scalar(node, line)


def _mapping(node: Any, place: Place, lines: dict[Place, int]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    merged: list[Any] = []
    own: dict[str, int] = {}
    for key, one in node.value:
        line = key.start_mark.line + 1
        if key.id != "scalar":
            raise YamlError("a key is a list or a mapping", line)
        if key.tag == _MERGE:
            merged += one.value if one.id == "sequence" else [one]
            continue
        name = _text(key.value, line)
        if name in own:
            raise YamlError(f"the key '{name[:80]}' is there already, in line {own[name]}", line)
        own[name] = lines[*place, name] = line
        made[name] = _value(one, (*place, name), lines)
    for one in merged:
        if one.id != "mapping":
            raise YamlError("'<<' takes mappings", one.start_mark.line + 1)
        below: dict[Place, int] = {}
        values, names = _mapping(one, place, below), frozenset(made)
        made = values | made
        lines |= {at: number for at, number in below.items() if at[len(place)] not in names}
    return made


def _scalar(node: Any, line: int) -> Any:
    text, kind = node.value, node.tag.removeprefix(_TAG)
    if kind in ("str", "merge"):
        return _text(text, line)
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    plain = text.replace("_", "").lower()
    if ":" in plain:  # numbers to base 60, which none mean
        return _text(text, line)
    if len(plain) > LONGEST_NUMBER:
        raise YamlError(f"the number {text[:20]}… has over {LONGEST_NUMBER} characters", line)
    try:
        return _whole(plain) if kind == "int" else float(_INFINITE.sub(r"\1", plain))
    except ValueError:
        raise YamlError(f"'{text[:80]}' is no value of the kind '{kind}'", line) from None


def _whole(text: str) -> int:
    """YAML 1.1 writes octal numbers with a zero in front."""
    digits = text.lstrip("+-")
    base = 8 if len(digits) > 1 and digits.isdecimal() and digits[0] == "0" else 0
    return int(text, base)


def _text(text: str, line: int) -> str:
    if _BROKEN.search(text):
        raise YamlError("a text holds a character that no text has", line)
    return text


_KINDS = frozenset(_TAG + kind for kind in ("str", "int", "float", "bool", "null", "seq", "map"))
_BOOLEANS = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
_INFINITE = re.compile(r"\.(inf|nan)$")
