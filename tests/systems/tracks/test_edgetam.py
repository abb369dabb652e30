"""EdgeTAM in the place of SAM2: objects of a video, frames that come one by one, other sizes."""

import json
import shutil

import pytest
import torch

import momentvos
from momentvos.errors import ArgumentError, ModelError
from momentvos.media.arrays import ArrayVideo
from momentvos.propagation import DecoderOptions, both_ways, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2 import Prompt


@pytest.fixture(scope="module")
def place(checkpoint):
    return checkpoint("edgetam")


@pytest.fixture
def load(tmp_path, checkpoint, place):
    """load(model=..., kind=..., ...) -> a model with such a tracker."""

    def make(resolution=None, **options):
        config = {
            "model_type": "momentvos_tracks",
            "detector": {
                "kind": "grounding-dino", "model": str(checkpoint("grounding-dino")),
                "box_threshold": 0.0,
            },
            "tracker": {"kind": "edgetam", "model": str(place)} | options,
            "selector": {"kind": "similarity", "model": str(checkpoint("siglip"))},
            "max_tracks": 2, "gate": False, "presence_threshold": 0.0, "relevance_threshold": 0.0,
        }  # fmt: skip
        (tmp_path / "config.json").write_text(json.dumps(config))
        how = {} if resolution is None else {"resolution": resolution}
        return momentvos.load(tmp_path, device="cpu", **how)

    return make


@pytest.fixture
def short(clip_arrays):
    return ArrayVideo(clip_arrays[0][:5], 6.0)


def test_it_tracks_what_is_detected(load, short):
    model = load()
    assert type(model.sam).__name__ == "EdgeTam"
    assert (model.resolution, model.resolution_step) == (128, 64)
    answer = model.segment(short, "the red square")
    assert answer.found and answer.masklet
    assert len(answer.relevance) == len(short)


def test_at_another_size(load, short):
    model = load(resolution=64)
    assert model.resolution == model.sam.image_size == 64
    assert model.segment(short, "the red square").found
    assert load(image_size=192).resolution == 192
    with pytest.raises(ArgumentError, match="multiples of 64 pixels, so not at 96"):
        load(resolution=96)


def test_what_is_pointed_at_in_a_stream_is_followed_as_by_the_engine(load, clip_arrays):
    frames, ids = clip_arrays[0][:9], clip_arrays[1]
    model = load()
    side = model.resolution
    what = torch.from_numpy(ids[0] == 1)[None, None].float()
    square = torch.nn.functional.interpolate(what, (side, side), mode="bilinear", antialias=True)
    cache = FeatureCache(model.sam, ArrayVideo(frames, 6.0), "stretch")
    with torch.inference_mode():
        parts = run(
            model.sam,
            both_ways(range(len(frames)), [0], given="mask"),
            lambda steps: cache([one.frame for one in steps]),
            lambda steps: Prompt(mask=(square >= 0.5).float()),
            DecoderOptions.of_sam2(model.sam.config),
        )
        logits = {part.steps[0].frame: part.decoded.logits[0] for part in parts}
        expected = {frame: (cache.full(one) > 0).numpy() for frame, one in logits.items()}
    stream = model.stream(fps=6)
    stream.add("the one", mask=ids[0] == 1)
    for number, frame in enumerate(frames):
        (update,) = stream.push(frame)
        assert update.frame == number
        assert (update.mask == expected[number]).mean() > 0.99
    assert any(0.01 < mask.mean() < 0.99 for mask in expected.values())
    assert stream.held["memories"] == 7
    (answer,) = stream.close()
    assert answer.method == "EdgeTAM, streamed"


def test_a_box_in_a_stream_and_no_sentence(load, clip_arrays):
    stream = load(resolution=64).stream(fps=6)
    stream.add("the one", box=(6, 8, 26, 28))
    for frame in clip_arrays[0][:3]:
        (update,) = stream.push(frame)
        assert update.mask.shape == (64, 96)
    with pytest.raises(ModelError, match="whole video"):
        stream.add("the red square")
    stream.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 96}, "a multiple of 64 pixels, not 96"),
        ({"kind": "sam2"}, "type 'edgetam_video', not 'sam2_video'"),
    ],
)
def test_a_size_or_kind_that_does_not_fit_is_one_sentence(load, options, message):
    with pytest.raises(ModelError, match=message):
        load(**options)


def test_sam2_is_no_edgetam(load, checkpoint):
    with pytest.raises(ModelError, match="type 'sam2_video', not 'edgetam_video'"):
        load(model=str(checkpoint("sam2")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vision_config": {"backbone_config": {"architecture": "resnet18"}}}, "not 'repvit_m1'"),
        ({"vision_config": {"model_type": "sam2_vision_model"}}, "not EdgeTAM's"),
        ({"vision_config": 3}, "cannot be used"),
        ({"perceiver_resampler_num_latents_2d": 15}, "15 parts"),
        (
            {"vision_config": {"backbone_config": {"model_args": {"depth": [1, 2, 3, 10**6]}}}},
            "1000000",
        ),
        (
            {"vision_config": {"backbone_config": {"model_args": {"embed_dim": [8, 8, 8, 8]}}}},
            "cannot be used|lack|shape|size",
        ),
    ],
)
def test_an_edgetam_that_cannot_be_is_one_sentence(load, place, tmp_path, change, message):
    broken = tmp_path / "broken"
    shutil.copytree(place, broken)
    file = broken / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ModelError, match=message):
        load(model=str(broken))
