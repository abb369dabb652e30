"""The arithmetic in the recipes' first lines is what the tool prints; launchers' files add up."""

import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "global_batch.py"
LINE = re.compile(
    r"^# (python tools/global_batch\.py (?:.*\\\n# )*.*)\n((?:# .*\n)+)", re.MULTILINE
)
STATED = [path for path in sorted(ROOT.glob("recipes/*/*.yaml")) if LINE.search(path.read_text())]


@pytest.mark.parametrize("path", STATED, ids=lambda path: path.stem)
def test_recipes_state_what_the_tool_prints(path, monkeypatch, capsys):
    command, stated = LINE.search(path.read_text()).groups()
    words = shlex.split(command.replace("\\\n# ", " "))[1:]
    assert words[1] == path.relative_to(ROOT).as_posix()
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", words)
    runpy.run_path(str(TOOL), run_name="__main__")
    assert capsys.readouterr().out == stated


def test_the_papers_recipes_state_it():
    names = {"mevis-m", "paper-3b", "paper-7b", "sa2va"}
    assert {path.stem for path in STATED} == names and len(STATED) == 5


@pytest.mark.parametrize("name", ["ddp", "fsdp", "ddp-64", "fsdp-64"])
def test_launchers_have_eight_processes_a_machine(name):
    from accelerate.commands.config.config_args import load_config_from_file

    path = ROOT / "recipes" / "accelerate" / f"{name}.yaml"
    config = load_config_from_file(str(path))
    assert config.num_processes == 8 * config.num_machines == (64 if "64" in name else 8)
    values = yaml.safe_load(path.read_text())
    assert values["distributed_type"] == ("FSDP" if "fsdp" in name else "MULTI_GPU")
