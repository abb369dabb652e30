"""The container's files name what there is; none of them is built here."""

import json
import re
from pathlib import Path

import pytest
import typer
import yaml

from momentvos.cli.main import app

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def dockerfile():
    """Instructions of the Dockerfile, with continued lines joined."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def test_what_it_copies_and_starts_is_there(dockerfile, compose):
    for instruction, rest in dockerfile:
        if instruction == "COPY":
            assert all((ROOT / one).exists() for one in rest.split()[:-1]), rest
    words = json.loads(dict(dockerfile)["ENTRYPOINT"]) + compose["services"]["server"]["command"]
    assert words[:2] == ["momentvos", "serve"]
    verb = typer.main.get_command(app).commands["serve"]
    flags = {flag for param in verb.params for flag in param.opts}
    assert {word for word in words if word.startswith("--")} <= flags
    assert "--token-file" in words


def test_it_runs_without_rights_and_holds_no_secret(dockerfile, compose):
    names = [name for name, _ in dockerfile]
    assert dict(dockerfile)["USER"] != "root"
    assert names.index("USER") < names.index("ENTRYPOINT")
    server = compose["services"]["server"]
    assert server["read_only"]
    assert server["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in server["ports"])
    text = (ROOT / "compose.yaml").read_text("utf-8")
    assert not re.search(r"PASSWORD: *[\"']?\w", text)


def test_the_image_has_the_extras_of_the_server(dockerfile):
    run = next(rest for name, rest in dockerfile if name == "RUN")
    assert "-c constraints.txt" in run
    assert "[web,postgres]" in run
