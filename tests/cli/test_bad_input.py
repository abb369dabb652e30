"""Everything that can be wrong with the input: a plain sentence, exit code 2, nothing half-done."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from momentvos import Prediction


@pytest.fixture
def refused(cli, small_model):
    """Run, expect exit code 2 and one sentence that says `reason`; nothing new may lie around."""

    def check(*words, reason: str):
        before = sorted(Path.cwd().rglob("*"))
        result = cli("run", *words, "--model", small_model, "-q")
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
        assert reason in result.stderr
        assert sorted(Path.cwd().rglob("*")) == before
        return result.stderr

    return check


@pytest.fixture
def answered(cli, small_model):
    """Run on a video that is odd but sound; returns the prediction as saved."""

    def check(video, *words) -> Prediction:
        result = cli("run", video, "the dog", "-o", "out", "--model", small_model, *words)
        assert result.exit_code == 0, result.output
        prediction = Prediction.load("out")
        for number in (0, prediction.video.length - 1):
            mask = Image.open(f"out/masks/{number:05}.png")
            assert mask.size == (prediction.video.width, prediction.video.height)
        return prediction

    return check


# The video ------------------------------------------------------------------------------------


def test_missing_file(refused):
    assert "nowhere.mp4" in refused("nowhere.mp4", "the dog", reason="does not exist")


def test_unreadable_file(refused, clip):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    shutil.copy(clip, "locked.mp4")
    Path("locked.mp4").chmod(0)
    refused("locked.mp4", "the dog", reason="may not be read")


def test_not_a_video(refused):
    Path("notes.mp4").write_text("not a video at all\n" * 100)
    refused("notes.mp4", "the dog", reason="notes.mp4")


def test_empty_file(refused):
    Path("empty.mp4").touch()
    refused("empty.mp4", "the dog", reason="empty")


def test_empty_folder(refused):
    Path("frames").mkdir()
    refused("frames", "the dog", reason="no images")


def test_a_device_is_no_video(refused):
    refused("/dev/null", "the dog", reason="/dev/null")


def test_truncated_video_is_used_as_far_as_it_decodes(answered, write_clip):
    whole = write_clip(Path("whole.mkv"), frames=40, options={"g": "4"})
    Path("cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    prediction = answered("cut.mkv")
    assert 0 < prediction.video.length < 40


def test_video_cut_before_its_index(refused, clip):
    Path("cut.mp4").write_bytes(clip.read_bytes()[:600])
    refused("cut.mp4", "the dog", reason="cut.mp4")


def test_zero_frames(refused, write_clip):
    from av import open as av_open

    with av_open("none.avi", "w") as out:
        stream = out.add_stream("mpeg4", rate=8)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        out.start_encoding()
    refused("none.avi", "the dog", reason="none.avi")


def test_one_frame(answered, write_clip):
    assert answered(write_clip(Path("one.mp4"), frames=1)).video.length == 1


def test_audio_only(refused, write_clip):
    refused(write_clip(Path("sound.m4a"), frames=0, sound=True), "the dog", reason="sound.m4a")


@pytest.mark.parametrize("size", [(63, 47), (2, 2), (1, 1), (200, 2)])
def test_odd_and_tiny_frames(answered, write_clip, size):
    video = write_clip(Path("small.mkv"), frames=3, size=size, codec="ffv1", pixels="bgr0")
    prediction = answered(video)
    assert (prediction.video.width, prediction.video.height) == size


@pytest.mark.slow
def test_8k_frames(answered, write_clip):
    video = write_clip(Path("huge.mp4"), frames=1, size=(7680, 4320), codec="mpeg4")
    assert answered(video).video.width == 7680


def test_variable_frame_rate(answered, write_clip):
    times = [0, 100, 200, 700, 800, 1900]
    prediction = answered(write_clip(Path("vfr.mkv"), frames=6, times=times), "--moment", "3:4")
    assert prediction.seconds == ((0.7, 1.9),)


def test_rotation_metadata(answered, write_clip):
    video = write_clip(Path("turned.mp4"), frames=3)
    _turn(video)
    prediction = answered(video)
    assert (prediction.video.width, prediction.video.height) == (48, 64)


def _turn(path: Path) -> None:
    """Write a quarter turn into the display matrix of an mp4's track header."""
    data = bytearray(path.read_bytes())
    identity = (1 << 16).to_bytes(4, "big") + bytes(12) + (1 << 16).to_bytes(4, "big")
    header = data.index(b"tkhd")
    start = data.index(identity, header)
    one, minus = (1 << 16).to_bytes(4, "big"), (-1 << 16).to_bytes(4, "big", signed=True)
    data[start : start + 20] = bytes(4) + one + bytes(4) + minus + bytes(4)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("codec", "pixels"), [("libx264", "yuv420p10le"), ("ffv1", "yuva420p"), ("ffv1", "gray16le")]
)
def test_ten_bit_and_alpha(answered, write_clip, codec, pixels):
    video = write_clip(Path("deep.mkv"), frames=3, codec=codec, pixels=pixels)
    assert answered(video).video.length == 3


def test_frames_of_different_sizes(refused):
    Path("frames").mkdir()
    for number in (1, 2):
        Image.fromarray(np.zeros((8 * number, 8, 3), np.uint8)).save(f"frames/{number}.png")
    refused("frames", "the dog", reason="alike")


# The sentence ---------------------------------------------------------------------------------


@pytest.mark.parametrize("sentence", ["", "   ", "\n\t"])
def test_empty_sentence(refused, clip, sentence):
    refused(clip, sentence, reason="empty")


def test_one_empty_sentence_among_others(refused, clip):
    refused(clip, "the dog", "", reason="empty")


def test_2000_words(refused, clip):
    refused(clip, "dog " * 2000, reason="2000 words")


def test_a_long_sentence_is_cut_with_a_note(answered, cli, clip, small_model):
    words = "the dog that jumps " * 40
    result = cli("run", clip, words, "--json", "--model", small_model)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["notes"]


# The moment -----------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["40:62", "0:12", "3.2s-5.0s", "99s-100s"])
def test_moment_outside_the_video(refused, clip, moment):
    refused(clip, "the dog", "--moment", moment, reason="outside")


@pytest.mark.parametrize("moment", ["5:3", "2s-1s", "soon", "", "1-2", "-3:4", "1:2,", "nans-1s"])
def test_malformed_moment(refused, clip, moment):
    refused(clip, "the dog", f"--moment={moment}", reason="moment")


# The model and the device ---------------------------------------------------------------------


@pytest.mark.parametrize("model", ["nonsense", "./nowhere", "../../etc", ""])
def test_unknown_model(cli, clip, model, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    result = cli("run", clip, "the dog", "--model", model)
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1


def test_a_folder_that_is_no_model(cli, clip):
    Path("model").mkdir()
    Path("model/config.json").write_text("{broken")
    result = cli("run", clip, "the dog", "--model", "model")
    assert result.exit_code == 2, result.output


def test_weights_that_are_damaged(cli, clip, small_model):
    shutil.copytree(small_model, "model")
    weights = Path("model/model.safetensors")
    weights.write_bytes(weights.read_bytes()[:1000])
    result = cli("run", clip, "the dog", "--model", "model")
    assert result.exit_code == 2, result.output


@pytest.mark.parametrize("device", ["cuda:99", "toaster"])
def test_a_device_that_is_not_there(refused, clip, device):
    refused(clip, "the dog", "--device", device, reason=device)


# The output -----------------------------------------------------------------------------------


def test_output_is_a_file(refused, clip):
    Path("out").write_text("mine")
    refused(clip, "the dog", "-o", "out", reason="out")
    assert Path("out").read_text() == "mine"


def test_output_holds_files_of_others(refused, clip):
    Path("out/masks").mkdir(parents=True)
    Path("out/masks/mine.png").write_bytes(b"mine")
    refused(clip, "the dog", "-o", "out", reason="in the way")


def test_output_would_replace_the_video(refused, clip):
    Path("overlay.mp4").write_bytes(clip.read_bytes())
    refused("overlay.mp4", "the dog", "-o", ".", reason="replace the video itself")


def test_unwritable_output(refused, clip):
    refused(clip, "the dog", "-o", "/proc/out", reason="/proc/out")


def test_full_disk(cli, program, write_clip, small_model, tmp_path):
    """No file may grow past a limit, which is how the process sees a disk that fills up."""
    import resource

    video = write_clip(tmp_path / "wide.mp4", frames=12, size=(320, 240))
    words = ["run", video, "the dog", "-o", "out", "--model", small_model]
    assert cli(*words).exit_code == 0
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    largest = max(len(content) for content in before.values())
    assert largest > 1 << 13
    limit = largest - 1
    done = program(
        *words,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("Error: ") and "Traceback" not in done.stderr
    after = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert after == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "wide.mp4"]
