"""Options that say how the model computes."""

import json
from pathlib import Path

import pytest


def test_a_run_at_another_size_gives_masks_of_the_videos_size(cli, clip, small_model):
    from PIL import Image

    how = ["--model", small_model, "--resolution", "64", "--dtype", "bfloat16"]
    result = cli("run", clip, "the dog that jumps", "-o", "out", *how)
    assert result.exit_code == 0, result.stderr
    assert Image.open("out/masks/00000.png").size == (64, 48)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--resolution", "100"], "works at multiples of 32 pixels, so not at 100; try 96"),
        pytest.param(["--resolution", "8"], "'--resolution'", marks=pytest.mark.slow),
        (["--dtype", "float16"], "'--dtype'"),
    ],
)
def test_what_cannot_be_is_an_error_of_one_sentence(program, clip, small_model, options, message):
    done = program("run", clip, "the dog that jumps", "--model", small_model, *options)
    assert done.returncode == 2
    assert message in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_batch_is_of_one_kind_of_computing(cli, clip, small_model):
    words = ["batch", clip, "-s", "the dog", "--model", small_model, "-o", "out", "-q"]
    assert cli(*words).exit_code == 0
    assert json.loads(Path("out/batch.json").read_text())["execution"] == "float32"
    again = cli(*words, "--dtype", "bfloat16")
    assert again.exit_code == 2
    assert "its execution is 'float32', not 'bfloat16'" in again.stderr


@pytest.fixture
def poor(monkeypatch, tmp_path):
    """A processor that has no products in bfloat16, and no compiler."""
    import torch

    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: False, raising=False)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)


@pytest.mark.parametrize("verb", ["run", "stream", "estimate"])
def test_what_the_machine_lacks_is_a_note_of_one_line(poor, cli, clip, small_model, verb):
    words = [verb, clip, "the dog"]
    if verb == "stream":
        words = ["run", clip, "the dog", "--stream"]
    words += ["--device", "cpu", "--model", small_model, "--dtype", "bfloat16", "--compile"]
    result = cli(*words)
    assert result.exit_code == 0, result.stderr
    for text in ("Note: This processor only imitates", "Note: There is no C++ compiler"):
        assert [one.startswith(text) for one in result.stderr.splitlines()].count(True) == 1
    assert "Warning" not in result.stderr and ".py" not in result.stderr
    result = cli(*words, "-q")
    assert result.exit_code == 0 and "Note" not in result.stderr


def test_a_measurement_says_how_the_model_computed(cli, small_model):
    words = ["eval", "world", "--videos", "1", "--model", small_model, "-q", "-o", "out"]
    assert cli(*words, "--resolution", "64", "--size", "64").exit_code == 0
    assert json.loads(Path("out/run.json").read_text())["execution"] == "float32 at 64 pixels"
