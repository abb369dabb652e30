"""YAML in sensible amounts: what is refused, and what is read as it is written."""

import pytest

from momentvos.errors import RecipeError
from momentvos.training.ablation import load as load_table
from momentvos.training.recipe import load, read
from momentvos.yaml_text import DEEPEST, MOST_NODES, YamlError, parse


def value(text):
    return parse(text)[0]


def laughs(levels, width=9):
    lines = ["a0: &a0 [lol]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]")
    return "\n".join(lines)


def merges(levels):
    lines = ["a0: &a0 {x: 1}"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} {{<<: [*a{level - 1}, *a{level - 1}], y{level}: 1}}")
    return "\n".join(lines)


LARGE = f"over {MOST_NODES} values"
DEEP = "nested over"
HOSTILE = {
    "laughs": (laughs(12), LARGE),
    "laughs of mappings": (laughs(12).replace("[", "{k: [").replace("]", "]}"), LARGE),
    "merges": (merges(40), LARGE),
    "a merge of itself": ("a: &a {<<: *a}", "inside of what it names"),
    "a list of itself": ("&a [*a]", "inside of what it names"),
    "a mapping of itself": ("&a {b: *a}", "inside of what it names"),
    "a key of itself": ("&a {*a : 1}", "inside of what it names"),
    "two that hold each other": ("a: &a [&b [*a, *b]]", "inside of what it names"),
    "an alias of nothing": ("a: *b", "undefined alias"),
    "flow lists": ("a: " + "[" * 100_000, DEEP),
    "flow mappings": ("a: " + "{a: " * 20_000, DEEP),
    "block lists": ("- " * 50_000 + "a", DEEP),
    "block mappings": ("\n".join(" " * n + "a:" for n in range(1000)), DEEP),
    "keys within keys": ("? " * 50_000 + "a", DEEP),
    "many values": ("- a\n" * (MOST_NODES + 1), LARGE),
    "a key twice": ("a: 1\nb: 2\na: 3", "'a' is there already, in line 1"),
    "a key twice, deep": ("b:\n  c: 2\n  'c': 3", "'c' is there already, in line 2"),
    "a list as a key": ("? [a]\n: 1", "a key is a list"),
    "a mapping as a key": ("{{a: 1}: 1}", "a key is a list"),
    "a merge of a number": ("a: 1\n<<: 7", "takes mappings"),
    "a merge of itself in a list": ("a: &a\n  <<: [*a]", "inside of what it names"),
    "digits": ("a: " + "9" * 500_000, "has over"),
    "hex digits": ("a: 0x" + "f" * 500_000, "has over"),
    "digits of a fraction": ("a: 0." + "1" * 500_000, "has over"),
    "a number of letters": ("a: !!int b", "of the kind 'int'"),
    "a list as a number": ("a: !!int [1]", "is not for values here"),
    "a number as a list": ("a: !!seq 1", "is not for values here"),
    "a tag of Python": ("a: !!python/object/apply:os.system [true]", "is not for values here"),
    "a tag of its own": ("a: !x 1", "is not for values here"),
    "bytes": ("a: !!binary aGVsbG8=", "is not for values here"),
    "a set": ("a: !!set {b, c}", "is not for values here"),
    "a date by its tag": ("a: !!timestamp 2001-01-01", "is not for values here"),
    "half of a letter": (r'a: "\ud800"', "no text has"),
    "half of a letter in a key": (r'"\udfff": 1', "no text has"),
    "NUL": (r'a: "\0"', "no text has"),
    "NUL as it is": ("a: \0", "not allowed"),
    "a letter beyond all": (r'a: "\UFFFFFFFF"', "not YAML"),
    "a version": ("%YAML " + "9" * 5000 + ".1\n---\na: 1", "not YAML|incompatible"),
    "two documents": ("a: 1\n---\nb: 2", "another document"),
    "no end": ("a: [1,", "expected"),
    "a tab": ("a:\n\tb: 1", "cannot start any token"),
}


@pytest.mark.parametrize(("text", "why"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_one_error(tmp_path, text, why):
    with pytest.raises(YamlError, match=why):
        parse(text)
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    for reader in (load, load_table):
        with pytest.raises(RecipeError, match=why) as caught:
            reader(path)
        assert str(caught.value).startswith(f"The recipe {path}")


def test_errors_name_the_line():
    for text, line in [("a: 1\nb: [", 2), ("a: 1\nb: !x 1", 2), ("a:\n- &b [*b]", 2)]:
        with pytest.raises(YamlError) as caught:
            parse(text)
        assert caught.value.line == line


def test_values_as_they_are_written():
    assert value("{a: 1, b: -0.5, c: 1e3, d: true, e: null, f: ~, g: '1', h: x y}") == {
        "a": 1,
        "b": -0.5,
        "c": "1e3",
        "d": True,
        "e": None,
        "f": None,
        "g": "1",
        "h": "x y",
    }
    assert value("[yes, Off, 1_000, 0x1F, 017, +3, .5, 6.02e+23, .inf, 0]") == [
        *(True, False, 1000, 31, 15, 3, 0.5, 6.02e23, float("inf"), 0),
    ]
    assert value("!!str 12") == "12"
    assert value("!!float 12") == 12.0
    assert value("") is None


def test_dates_times_and_names_stay_text():
    written = ["2001-01-01", "2001-12-14t21:59:43.10-05:00", "1:30", "190:20:30.15", "=", "NO WAY"]
    assert value("\n".join(f"- {text}" for text in written)) == written
    assert value("{on: 1, 2: 3, null: 4, 2001-01-01: 5}") == {
        "on": 1,
        "2": 3,
        "null": 4,
        "2001-01-01": 5,
    }


def test_aliases_are_copies_and_merges_give_way():
    made = value("a: &a {x: 1, y: [2]}\nb: *a\nc: {<<: *a, x: 3}\nd: {x: 4, <<: [{z: 5}, *a]}")
    assert made["b"] == made["a"] and made["b"] is not made["a"]
    assert made["c"] == {"x": 3, "y": [2]}
    assert made["d"] == {"x": 4, "z": 5, "y": [2]}


def test_lines_of_keys_and_items():
    _, lines = parse("a: 1\nb:\n- c: 2\n-\n  d: &x {e: 3}\nf:\n  <<: *x\n  g: 4")
    assert lines["b", 0, "c"] == 3
    assert lines["b", 1, "d", "e"] == 5
    assert lines["f", "e"] == 5
    assert lines["f", "g"] == 8


def test_just_below_the_limits():
    assert len(value("- a\n" * (MOST_NODES - 1))) == MOST_NODES - 1
    value("[" * DEEPEST + "]" * DEEPEST)
    value(laughs(4))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
def test_a_byte_order_mark_is_no_text(tmp_path, encoding):
    path = tmp_path / "recipe.yaml"
    path.write_bytes("title: ä\nrows: [{name: a, model: x}]".encode(encoding))
    assert load_table(path).title == "ä"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin1"])
def test_other_encodings_are_named(tmp_path, encoding):
    path = tmp_path / "recipe.yaml"
    path.write_bytes("title: ä".encode(encoding))
    with pytest.raises(RecipeError, match=r"recipe\.yaml cannot be read .*utf-8"):
        load(path)


@pytest.mark.parametrize(
    "override",
    [
        "seed=" + "[" * 100_000,
        "seed=&a [*a]",
        "seed={a: 1, a: 2}",
        "seed=2001-01-01",
        "seed=" + "9" * 100_000,
        "seed=!!python/name:os.system",
        r'seed="\ud800"',
        "stages.²=1",
        "stages." + "9" * 5000 + "=1",
        ".".join(["a"] * 100_000) + "=1",
    ],
    ids=lambda text: text[:20],
)
def test_hostile_overrides_are_one_error(tmp_path, override):
    path = tmp_path / "recipe.yaml"
    path.write_text("model: {preset: mini}\nstages: [{name: a, steps: 1}]")
    with pytest.raises(RecipeError):
        load(path, [override])


def test_large_files_are_refused(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("#" * (2 << 20))
    with pytest.raises(RecipeError, match="cannot be read"):
        read(path, dict)
