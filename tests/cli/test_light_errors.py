"""Errors that need no model come before PyTorch, transformers and their like are imported."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "transformers", "accelerate", "scipy", "safetensors.torch")
PROGRAM = f"""
import sys
from importlib.abc import MetaPathFinder

class Blocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in {HEAVY}:
            raise RuntimeError(f"{{name}} is imported")

sys.meta_path.insert(0, Blocked())
from typer.testing import CliRunner
from momentvos.cli.main import app
for line in sys.stdin.read().splitlines():
    result = CliRunner().invoke(app, eval(line))
    cause = result.exception if result.exit_code != 2 else ""
    print(result.exit_code, repr(cause), repr(result.output.strip()[-600:]), flush=True)
"""
SAMPLE = str(ROOT / "samples" / "demo.mp4")


def answers(commands, folder):
    """Exit code, exception and last words of each command, in one process without PyTorch."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input="\n".join(map(repr, commands)),
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hub")},
        check=True,
    )
    return done.stdout.splitlines()


@pytest.fixture
def things(tmp_path):
    (tmp_path / "junk.pth").write_bytes(b"PK\3\4 this is no checkpoint")
    with zipfile.ZipFile(tmp_path / "good.pth", "w") as archive:  # as torch.save writes {}
        archive.writestr("x/data.pkl", b"\x80\x02}.")
        archive.writestr("x/version", b"3\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "model" / "pytorch_model.bin").write_bytes(b"\x80\x02N.")
    for name, config in (
        ("pickled", '{"model_type": "momentvos_tgl"}'),
        ("strange", "[1"),
        ("its", "{}"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(config)
        (tmp_path / name / "pytorch_model.bin").write_bytes(b"\x80\x02N.")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "config.json").write_text('{"model_type": "momentvos_tgl"}')
    (tmp_path / "cut" / "model.safetensors").write_bytes(b"\x10\0\0")
    (tmp_path / "table.yaml").write_text("title: x\nrows: [{name: a, model: nope}]\n")
    rows = "title: x\nrows: [{name: a}]\nrecipe: nope.yaml\n"
    (tmp_path / "rows.yaml").write_text(rows)
    (tmp_path / "oracle.yaml").write_text(
        "title: x\nrows: [{name: a, model: tgl-mini, grounder: clip=nope}]\n"
    )
    (tmp_path / "moments.yaml").write_text(
        "title: x\nrows: [{name: a, model: tgl-mini, grounder: model=nope~published}]\n"
    )
    return tmp_path


TGL = str(ROOT / "recipes" / "tgl" / "world-mini.yaml")
MEVIS = str(ROOT / "recipes" / "tgl" / "mevis-m.yaml")
DUAL = str(ROOT / "recipes" / "grounding" / "dual-world.yaml")
COMMANDS = [
    (["train", "nope.yaml"], "There is no recipe 'nope.yaml'"),
    (["train", TGL, "-o", "bad=1"], "'bad': there is no such key"),
    (["train", TGL, "-o", "seed=x"], "'seed'"),
    (["train", TGL, "-o", "model.system=nope"], "There is no system 'nope'"),
    (["train", TGL, "-o", "model.preset=null"], "needs either `preset` or `path`"),
    (["train", TGL, "-o", "model.path=nope", "-o", "model.preset=null"], "no model 'nope'"),
    (["train", TGL, "--output", "junk.pth"], "Cannot write"),
    (["train", TGL, "-o", "model.weights.motion=./none"], "`model.weights.motion`: give a folder"),
    (["train", TGL, "-o", "model.weights.motion=a/b"], "'a/b', which is not on this machine"),
    (["train", TGL, "-o", "model.weights.text=a-b"], "'a-b', which is not on this machine"),
    (["train", MEVIS], "needs the folder of the data set"),
    (["train", MEVIS, "-o", "stages.mevis.data.root=nope"], "'nope' is no folder"),
    (["train", MEVIS, "-o", "stages.mevis.data.source=nope"], "'chat'"),
    (["ablate", "nope.yaml"], "There is no recipe 'nope.yaml'"),
    (["ablate", "table.yaml"], "There is no model 'nope'"),
    (["ablate", "rows.yaml"], "There is no recipe 'nope.yaml'"),
    (["ablate", "oracle.yaml"], "There is no folder 'nope'"),
    (["train-grounder", "nope.yaml"], "There is no recipe 'nope.yaml'"),
    (["train-grounder", DUAL, "-o", "bad=1"], "there is no such key"),
    (["train-grounder", DUAL, "-o", "data.name=mevis"], "Where is 'mevis'?"),
    (["train-grounder", DUAL, "-o", "data.name=nope", "-o", "data.root=empty"], "'nope'"),
    (["train-grounder", DUAL, "--device", "nope"], "The device 'nope' is not there"),
    *(
        (["convert", kind, "junk.pth", "out"], "junk.pth is no checkpoint")
        for kind in ("samwise", "sam2", "momentseg", "vrshq", "chatunivi")
    ),
    *(
        (["convert", kind, "missing", "out"], "missing cannot be read")
        for kind in ("samwise", "sam2", "momentseg", "vrshq", "chatunivi")
    ),
    (["convert", "vrshq", "empty", "out"], "holds neither"),
    (["convert", "sam2", "junk.pth", "model"], "already holds something"),
    (["convert", "weights", "empty"], "no model folder"),
    (["convert", "samwise", "good.pth", "out", "--tokenizer", "./none"], "cannot be had"),
    (["convert", "samwise", "good.pth", "out", "--tokenizer", "a/b"], "cannot be had"),
    (["convert", "samwise", "good.pth", "out", "--sam2", "junk.pth"], "junk.pth is no checkpoint"),
    *(
        (["convert", kind, "good.pth", "out", option, "./none"], why)
        for kind in ("vrshq", "chatunivi")
        for option, why in (("--tokenizer", "no tokenizer.model"), ("--clip", "There is no folder"))
    ),
    (["convert", "weights", "model"], "is no checkpoint written by torch.save"),
    (["run", "missing.mp4", "x"], "'missing.mp4' does not exist"),
    (["run", "junk.pth", "x"], "is not a video"),
    (["run", SAMPLE, ""], "The sentence is empty"),
    (["run", SAMPLE, "x", "--model", "nope"], "There is no model 'nope'"),
    (["run", SAMPLE, "x", "--model", "empty"], "no model folder"),
    (["run", SAMPLE, "x", "--model", "pickled"], "`momentvos convert weights pickled`"),
    (["run", SAMPLE, "x", "--model", "strange"], "config.json' cannot be read"),
    (["run", SAMPLE, "x", "--model", "its"], "does not say the kind of the model"),
    (["ground", SAMPLE, "x", "--model", "other"], "There is no system 'bert'"),
    (["run", SAMPLE, "x", "--model", "cut"], "model.safetensors' cannot be read"),
    (["run", SAMPLE, "x", "--model", "a/b"], "'a/b' is not on this machine"),
    (["run", SAMPLE, "x", "--model", "a b/c"], "'a b/c' is not on this machine"),
    (["run", SAMPLE, "x", "--device", "nope"], "The device 'nope' is not there"),
    (["run", SAMPLE, "x", "--moment", "9:8"], "ends before it starts"),
    (["run", SAMPLE, "x", "-o", "junk.pth"], "Cannot write"),
    (["run", SAMPLE, "x", "-g", "nope"], "There is no grounder 'nope'"),
    (["run", SAMPLE, "x", "-g", "clip:0"], "cannot choose 0 frames"),
    (["run", SAMPLE, "x", "-g", "clip:4"], "clip-vit-large-patch14-336', which are not on this"),
    (["run", SAMPLE, "x", "-g", "all+xclip:4"], "xclip-base-patch32', which are not on this"),
    (["run", SAMPLE, "x", "-g", "qwen3-vl"], "Qwen3-VL-8B-Instruct', which are not on this"),
    (["run", SAMPLE, "x", "-g", "clip=nope"], "There is no folder 'nope'"),
    (["run", SAMPLE, "x", "-g", "model=nope"], "There is no model 'nope'"),
    (["ground", SAMPLE, "x", "-g", "all+model=nope"], "There is no model 'nope'"),
    (["batch", SAMPLE, "-s", "x", "-g", "model=nope"], "There is no model 'nope'"),
    (["eval", "world", "-g", "model=nope"], "There is no model 'nope'"),
    (["serve", "-g", "model=a/b"], "'a/b' is not on this machine"),
    (["ablate", "moments.yaml"], "There is no model 'nope'"),
    (["run", SAMPLE, "x", "-g", "umt=nope"], "There is no file 'nope'"),
    (["run", SAMPLE, "x", "-g", "umt=junk.pth"], "is no checkpoint"),
    (["run", SAMPLE, "x", "-g", "oracle=missing.json"], "'missing.json' cannot be read"),
    (["ground", "missing.mp4", "x"], "does not exist"),
    (["ground", SAMPLE, "x", "-g", "clip:4"], "which are not on this machine"),
    (["ground", SAMPLE, "x", "-g", "dual=nope"], "There is no folder 'nope'"),
    (["ground", SAMPLE, "x", "--device", "nope"], "The device 'nope' is not there"),
    (["ground", SAMPLE, "x", "--model", "nope"], "There is no model 'nope'"),
    (["eval", "nope"], "No such command"),
    (["eval", "mevis", "--root", "nope"], "'nope' is no folder"),
    (["eval", "mevis", "--root", "empty", "--split", "nope"], "no split 'nope'"),
    (["eval", "mevis", "--root", "empty", "--model", "nope"], "no model 'nope'"),
    (["eval", "mevis", "--root", "empty", "--grounder", "clip:4"], "which are not on this"),
    (["eval", "mevis", "--root", "empty", "--shard", "3/2"], "no shard"),
    (["eval", "mevis", "--root", "empty"], "is missing"),
    (["eval", "world", "--model", "nope"], "no model 'nope'"),
    (["eval", "world", "--device", "nope"], "The device 'nope' is not there"),
    (["eval", "score", "empty", "--root", "nope", "--benchmark", "mevis"], "is no folder"),
    (["eval", "score", "empty", "--root", "empty", "--benchmark", "nope"], "no benchmark"),
    (["data", "show", "nope", "empty", "a"], "no data set 'nope'"),
    (["data", "show", "mevis", "nope", "a"], "is no folder"),
    (["data", "show", "mevis", "empty", "a"], "is missing"),
    (["data", "check", "mevis", "nope"], "is no folder"),
    (["data", "check", "nope", "empty"], "no data set 'nope'"),
    (["world", "make", "out", "--split", "nope"], "is not a split"),
    (["world", "make", "empty", "--videos", "-1"], "--videos"),
    (["world", "show", "out", "--split", "nope"], "is not a split"),
]


def test_errors_come_before_pytorch(things):
    found = answers([words for words, _ in COMMANDS], things)
    assert len(found) == len(COMMANDS)
    wrong = [
        (words, answer)
        for (words, why), answer in zip(COMMANDS, found, strict=True)
        if not answer.startswith("2 ''") or why not in answer.replace("\\n", " ")
    ]
    assert wrong == []


def test_the_block_is_one(things):
    """A command that needs a model does import PyTorch here, and so fails."""
    (answer,) = answers([["run", SAMPLE, "x"]], things)
    assert answer.startswith("1 RuntimeError('torch is imported')") or "is imported" in answer
