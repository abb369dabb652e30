"""What the pages show: links lead somewhere, commands are accepted, code names what is there."""

import ast
import dataclasses
import importlib
import inspect
import json
import re
import shlex
import textwrap
import tomllib
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer
import yaml

import momentvos
from momentvos.cli.main import app
from momentvos.grounding import parse
from momentvos.results.export.registry import check_names

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path
    for folder in ("docs", "src", "examples")
    for path in (ROOT / folder).rglob("*.md")
    if ".venv" not in path.parts
) + sorted(ROOT.glob("*.md"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
PROMPT = re.compile(r"^(?:\w+)?\$ (.*)$")
FLAG = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")


def named(path):
    return str(path.relative_to(ROOT))


def read(path):
    return path.read_text(encoding="utf-8")


def blocks(path, *kinds):
    """The contents of code blocks, in order."""
    return [
        textwrap.dedent(text) for indent, kind, text in FENCE.findall(read(path)) if kind in kinds
    ]


def anchors(path):
    """Ids of headings, as GitHub and MkDocs make them."""
    heads = HEADING.findall(FENCE.sub("", read(path)))
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).replace("`", "") for head in heads]
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in plain}


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_links_lead_to_files_and_headings(path):
    text = INLINE.sub("", FENCE.sub("", read(path)))
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = path.parent / name if name else path
        assert target.exists(), f"{link}: there is no such file"
        if anchor and target.suffix == ".md" and "api" not in target.parts:
            assert anchor in anchors(target), f"{link}: there is no such heading"
        if path.is_relative_to(ROOT / "docs"):
            assert target.resolve().is_relative_to(ROOT / "docs"), f"{link}: no part of the site"


def test_pages_are_in_the_menu_and_pictures_on_a_page_and_made_by_a_tool():
    menu = read(ROOT / "mkdocs.yml")
    texts = "".join(read(path) for path in PAGES)
    for path in (ROOT / "docs").rglob("*.md"):
        assert path.relative_to(ROOT / "docs").as_posix() in menu
    tools = "".join(read(path) for path in (ROOT / "tools").iterdir() if path.is_file())
    for path in (ROOT / "docs" / "images").iterdir():
        assert f"images/{path.name}" in texts, f"no page shows {path.name}"
        family = path.stem.partition("-")[0]
        assert path.stem in tools or f'f"{family}-{{' in tools, f"no tool makes {path.name}"


def commands(path):
    """Every command of a page's terminal blocks as words; usages apart from commands."""
    for block in blocks(path, "console"):
        lines: list[str] = []
        for line in block.replace("\\\n", " ").splitlines():
            prompted = PROMPT.match(line)
            if prompted:
                lines.append(prompted[1])
            elif lines and lines[-1].count("'") % 2:
                lines[-1] += f"\n{line}"  # a program in quotes
            elif lines and line.lstrip().startswith("[") and "[" in lines[-1]:
                lines[-1] += " " + line.strip()
        for line in lines:
            yield from parted(line)


def parted(line):
    """A line's commands, at pipes and `&&`."""
    reader = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    reader.whitespace_split = True
    reader.commenters = "#" if re.search(r"\s#\s", line) else ""
    words: list[str] = []
    for word in reader:
        if set(word) <= set("|&;<>"):
            yield words
            words = []
        elif words or not re.match(r"[A-Z_]+=", word):
            words.append(word)
    yield words


def is_usage(words):
    return any("[" in word and not word.startswith(("momentvos[", ".[")) for word in words)


def verb(words):
    """The command that these words call, its name, and the other words."""
    command, place = typer.main.get_command(app), 0
    context = typer.Context(command)
    while hasattr(command, "get_command") and place < len(words):
        if words[place].isupper() or words[place].startswith("-"):
            return None, words[:place], []  # `momentvos eval BENCHMARK`
        found = command.get_command(context, words[place])
        assert found is not None, f"momentvos {' '.join(words)}: no such command"
        command, place = found, place + 1
    return command, words[:place], words[place:]


def check_momentvos(words, usage=False):
    """Raise where a verb, an option or its value is not there; of a usage, the first two alone."""
    if words and words[0].startswith("-"):
        return
    command, name, rest = verb(words)
    if command is None:
        return
    flags = {flag for one in command.params for flag in (*one.opts, *one.secondary_opts)}
    flags |= {"-h", "--help"}
    if usage or is_usage(words):
        for flag in FLAG.findall(" ".join(rest)):
            assert flag in flags, f"momentvos {' '.join(name)} has no {flag}"
        return
    context = typer.Context(command)
    given, _, _ = command.make_parser(context).parse_args(list(rest))
    for one in command.params:
        if one.name not in given:
            assert not one.required, f"{one.name} is missing"
            continue
        value = given[one.name]
        if one.name in {"to", "exports"} and value not in (None, "list", *THEIRS):
            check_names(value)
        elif one.name == "grounder" and value and re.split("[@+]", value)[0] not in THEIRS:
            parse(value)
        elif re.fullmatch(r"<[^ ]+\|[^ ]+>", shown := str(one.display_type(context))):
            assert value in shown[1:-1].split("|"), f"{value} is none of {shown}"


def check(words, usage=False):
    """Raise where a command of ours would be refused before it begins."""
    launched = words[:1] in (["accelerate"], ["torchrun"]) and "momentvos" in words
    if launched or ("momentvos" in words[:6] and words[0] in {"momentvos", "python"}):
        check_momentvos(words[words.index("momentvos") + 1 :], usage)
    elif words[:1] == ["python"] and len(words) > 1 and words[1].endswith(".py"):
        script = ROOT / words[1]
        assert script.is_file(), f"there is no {words[1]}"
        for flag in FLAG.findall(" ".join(words[2:])):
            assert f'"{flag}"' in read(script), f"{words[1]} has no {flag}"
    elif words[:1] == ["make"]:
        for word in words[1:]:
            if "=" not in word:
                assert re.search(rf"^{word}:", read(ROOT / "Makefile"), re.MULTILINE)
    elif words[:2] == ["pip", "install"]:
        for extras in re.findall(r"(?:momentvos|\.)\[([^\]]+)\]", " ".join(words)):
            for extra in extras.split(","):
                assert extra in PROJECT["optional-dependencies"]


@pytest.mark.parametrize("path", [path for path in PAGES if blocks(path, "console")], ids=named)
def test_commands_are_accepted(path):
    listed = [words for words in commands(path) if words]
    assert listed
    for words in listed:
        try:
            check(words)
        except Exception as error:
            pytest.fail(f"{shlex.join(words)}\n{type(error).__name__}: {error}")


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_commands_in_sentences_are_there(path):
    for code in INLINE.findall(FENCE.sub("", read(path))):
        text = code.strip("`").replace("\\|", "|")
        if text.startswith(("momentvos ", "python benchmarks/", "python tools/", "make ")):
            for words in parted(text):
                try:
                    check(words, usage=True)
                except Exception as error:
                    pytest.fail(f"{text}\n{type(error).__name__}: {error}")


KINDS = {
    "prediction": "Prediction",
    "model": "TglModel",
    "video": "Video",
    "overlay": "Overlay",
}
"""What a name stands for wherever a page uses it, but for those that write a class of their own."""
THEIRS = {"chapters", "motion"}
"""A format and a grounder that guides add."""


def has(kind, name):
    fields = dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
    own = f"self.{name} = " in inspect.getsource(kind)  # set when it is made
    typed = any(name in inspect.get_annotations(one) for one in kind.__mro__)
    return hasattr(kind, name) or own or typed or name in {one.name for one in fields}


def check_names_of(tree, kinds):
    """Imports and attributes of ours exist."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "momentvos":
            module = importlib.import_module(node.module)
            for one in node.names:
                # A room inside of a room is an attribute once somebody has imported it.
                there = hasattr(module, one.name) or find_spec(f"{node.module}.{one.name}")
                assert there, f"{node.module} has no {one.name}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = node.value.id
            if owner == "momentvos":
                assert hasattr(momentvos, node.attr), f"momentvos has no {node.attr}"
            elif owner in kinds:
                assert has(getattr(momentvos, kinds[owner]), node.attr), (
                    f"{owner} has no {node.attr}"
                )


@pytest.mark.parametrize("path", [path for path in PAGES if blocks(path, "python")], ids=named)
def test_python_reads_and_names_what_is_there(path):
    guide = "```python title=" in read(path)  # whose model is its own
    for text in blocks(path, "python"):
        check_names_of(ast.parse(text), {} if guide else KINDS)


READERS = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}


@pytest.mark.parametrize("path", [path for path in PAGES if blocks(path, *READERS)], ids=named)
def test_configurations_read(path):
    for kind, reader in READERS.items():
        for text in blocks(path, kind):
            assert reader(text)
