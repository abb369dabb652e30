"""``momentvos run`` doing its job, from the command line to the files."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from momentvos import Prediction

RESULTS = ["masks", "overlay.mp4", "prediction.json", "timeline.png"]


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_writes_all_results_and_says_where(cli, clip, small_model):
    result = cli("run", clip, "the dog that jumps", "-o", "out", "--model", small_model)
    assert result.exit_code == 0, result.stderr
    assert names(Path("out")) == RESULTS
    assert len(names(Path("out/masks"))) == 12
    assert Image.open("out/masks/00000.png").size == (64, 48)
    prediction = Prediction.load("out")
    assert prediction.sentence == "the dog that jumps"
    assert prediction.video.length == len(prediction.relevance) == 12
    assert prediction.found
    for said in ("the dog that jumps", "out/overlay.mp4", "out/prediction.json", " s (", "yes"):
        assert said in result.stdout


def test_the_overlay_keeps_picture_rate_length_and_sound(cli, clip, small_model):
    from momentvos import Video

    cli("run", clip, "the dog", "-o", "out", "--model", small_model)
    overlay = Video.open("out/overlay.mp4")
    assert overlay.size[0] > 48 and overlay.size[1] == 64  # a panel below
    assert len(overlay) == 12
    assert overlay.fps == pytest.approx(8)
    assert overlay.has_audio


def test_without_out_results_lie_in_a_folder_named_after_the_video(cli, clip, small_model):
    assert cli("run", clip, "the dog", "--model", small_model).exit_code == 0
    assert names(Path("clip_momentvos")) == RESULTS


def test_a_video_read_at_another_rate(cli, clip, small_model):
    asked = ("run", clip, "the dog", "--model", small_model, "--sample-rate")
    result = cli(*asked, "4", "-o", "out")
    assert result.exit_code == 0, result.stderr
    prediction = Prediction.load("out")
    assert (prediction.video.length, prediction.video.fps) == (6, 4.0)
    assert "read at 4 frames a second: 6 of 12" in prediction.notes
    assert names(Path("out")) == RESULTS and len(names(Path("out/masks"))) == 6
    refused = cli(*asked, "0")
    assert refused.exit_code == 2 and "0 frames a second" in refused.stderr


def test_several_sentences_get_a_folder_each(cli, clip, small_model):
    result = cli("run", clip, "the dog", "the dog!", "-o", "out", "--model", small_model)
    assert result.exit_code == 0, result.stderr
    assert names(Path("out")) == ["01-the-dog", "02-the-dog"]
    assert names(Path("out/02-the-dog")) == RESULTS


def test_one_overlay_of_all_sentences(cli, clip, small_model):
    from momentvos import Video

    asked = ("run", clip, "the dog", "a cat", "-o", "out", "--together", "--model", small_model)
    for _ in range(2):
        result = cli(*asked)
        assert result.exit_code == 0, result.stderr
        assert names(Path("out")) == ["01-the-dog", "02-a-cat", "overlay.mp4"]
        assert "together  out/overlay.mp4" in result.stdout
    overlay = Video.open("out/overlay.mp4")
    one = Video.open("out/01-the-dog/overlay.mp4")
    assert len(overlay) == 12 and overlay.has_audio
    assert overlay.size[0] > one.size[0]
    result = cli("run", clip, "the dog", "-o", "out", "--model", small_model)
    assert result.exit_code == 0, result.stderr
    refused = cli(*asked)
    assert refused.exit_code == 2
    assert "holds the results of one sentence" in refused.stderr


def test_together_never_replaces_other_files(cli, clip, small_model):
    Path("out").mkdir()
    Path("out/overlay.mp4").write_bytes(clip.read_bytes())
    for video in (clip, "out/overlay.mp4"):
        asked = ("run", video, "the dog", "a cat", "-o", "out", "--together")
        refused = cli(*asked, "--model", small_model)
        assert refused.exit_code == 2 and "choose another folder" in refused.stderr
    assert Path("out/overlay.mp4").read_bytes() == clip.read_bytes()
    assert names(Path("out")) == ["overlay.mp4"]


@pytest.mark.parametrize("style", ["highlight", "contour", "fill", "spotlight", "blur", "cutout"])
def test_styles_of_overlays(cli, small_model, style):
    Image.fromarray(np.full((64, 96, 3), 90, np.uint8)).save("photo.png")
    asked = ("run", "photo.png", "the dog", "-o", "out", "--model", small_model)
    result = cli(*asked, "--style", style)
    assert result.exit_code == 0, result.stderr
    assert "out/overlay.png" in result.stdout
    assert names(Path("out")) == ["masks", "overlay.png", "prediction.json", "timeline.png"]
    assert cli(*asked, "--style", "glitter").exit_code == 2


def test_the_styles_of_the_command_are_those_of_overlays():
    from momentvos.cli.options import Style
    from momentvos.results.styles import STYLES

    assert [style.value for style in Style] == list(STYLES)


def test_json_is_the_only_thing_on_stdout(cli, clip, small_model):
    result = cli("run", clip, "the dog", "--json", "--model", small_model)
    assert result.exit_code == 0, result.stderr
    assert Prediction.from_json(json.loads(result.stdout)).sentence == "the dog"
    assert list(Path.cwd().iterdir()) == []


def test_json_of_several_sentences_is_an_array(cli, clip, small_model):
    result = cli("run", clip, "the dog", "a cat", "--json", "-o", "out", "--model", small_model)
    found = json.loads(result.stdout)
    assert [entry["sentence"] for entry in found] == ["the dog", "a cat"]
    assert json.loads(Path("out/02-a-cat/prediction.json").read_text()) == found[1]


@pytest.mark.parametrize(
    ("when", "spans"),
    [
        ("3:5", [[3, 5]]),
        ("0:1,4:6", [[0, 1], [4, 6]]),
        ("0.25s-0.75s", [[2, 5]]),
        ("all", [[0, 11]]),
    ],
)
def test_a_moment_can_be_given(cli, clip, small_model, when, spans):
    result = cli("run", clip, "the dog", "--moment", when, "--json", "--model", small_model)
    assert json.loads(result.stdout)["moment"] == spans


def test_a_second_run_replaces_the_results_and_leaves_other_files(cli, clip, small_model):
    cli("run", clip, "the dog", "-o", "out", "--model", small_model)
    Path("out/mine.txt").write_text("keep me")
    result = cli("run", clip, "a cat", "-o", "out", "--model", small_model)
    assert result.exit_code == 0, result.stderr
    assert Prediction.load("out").sentence == "a cat"
    assert Path("out/mine.txt").read_text() == "keep me"
    assert names(Path("out")) == sorted([*RESULTS, "mine.txt"])


def test_results_may_lie_beside_the_video(cli, clip, small_model):
    Path("clip.mp4").write_bytes(clip.read_bytes())
    result = cli("run", "clip.mp4", "the dog", "-o", ".", "--model", small_model)
    assert result.exit_code == 0, result.stderr
    assert names(Path()) == ["clip.mp4", *RESULTS]


def test_a_folder_of_frames_and_an_image_are_videos_too(cli, small_model):
    Path("frames").mkdir()
    for number in range(3):
        Image.fromarray(np.full((20, 30, 3), 80 * number, np.uint8)).save(f"frames/{number}.png")
    for video, length in (("frames", 3), ("frames/1.png", 1)):
        result = cli("run", video, "the dog", "--json", "--model", small_model)
        assert json.loads(result.stdout)["video"]["length"] == length


def test_not_found_is_an_answer(cli, clip, small_model, tmp_path):
    from momentvos import TglModel

    model = TglModel.from_pretrained(small_model)
    model.config.presence_threshold = 1.0
    model.save_pretrained(tmp_path / "stern")
    result = cli("run", clip, "the dog", "-o", "out", "--model", tmp_path / "stern")
    assert result.exit_code == 0, result.stderr
    assert "found    no" in result.stdout
    assert "nothing in the video matches" not in result.stdout
    assert not Prediction.load("out").found
    assert names(Path("out")) == RESULTS


def test_the_sentence_may_be_in_any_script(cli, clip, small_model):
    result = cli("run", clip, "собака, die 狗 🐕", "-o", "out", "--model", small_model)
    assert result.exit_code == 0, result.stderr
    assert Prediction.load("out").sentence == "собака, die 狗 🐕"


def test_progress_is_told_with_frames_per_second(capfd):
    from momentvos.cli.progress import progress_bar

    with progress_bar() as report:
        report("segmenting", 3, 12)
    assert capfd.readouterr() == ("", "")  # stderr is no terminal here


def test_no_selection_runs_the_system_as_published(cli, clip):
    said = ["the cat that jumps", "--json", "--model", "tgl-mini"]
    for verb in ("run", "ground"):
        assert cli(verb, clip, *said, "--no-selection").exit_code == 0
    published, selected = (
        json.loads(cli("run", clip, *said, *flag).stdout) for flag in (["--no-selection"], [])
    )
    assert (published["method"], selected["method"]) == ("TGL", "TGL, with track selection")
    assert published["domain"] == "MomentWorld sprites"


def test_what_is_not_found_is_said_of_the_models_domain(cli, clip):
    result = cli("run", clip, "the airplane that flies", "-o", "out", "--model", "tgl-mini")
    assert "nothing that this model knows (MomentWorld sprites)" in result.stdout
    assert "tgl-mini (TGL, with track selection); knows MomentWorld sprites only" in result.stdout


def test_an_unknown_video_is_said_to_be_unknown(cli, tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    Image.fromarray(rgb).save(tmp_path / "noise.png")
    result = cli("run", "noise.png", "the man", "-o", "out", "--model", "tgl-mini")
    assert result.exit_code == 0, result.output
    assert "matches the sentence" not in result.stdout
    assert "momentvos run VIDEO SENTENCE --model tracks-cpu" in result.stdout
    prediction = Prediction.load("out")
    assert prediction.in_domain is False
    if not prediction.found:
        assert (
            "found    cannot tell, nothing that this model knows (MomentWorld sprites) looks like"
            in result.stdout
        )
