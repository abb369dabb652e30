"""Every public function, given what it cannot use: an error of ours, never another one."""

from pathlib import Path

import numpy as np
import pytest

import momentvos
from momentvos import (
    Masklet,
    Moment,
    MomentSegModel,
    MomentVOSError,
    Prediction,
    TglModel,
    Video,
    VrsHqModel,
    world_samples,
)

NOTHING = {
    "None": None,
    "object": object(),
    "function": print,
    "mapping": {"a": 1},
    "list": [[]],
    "array": np.zeros(3),
    "float": 2.5,
    "nan": float("nan"),
    "text": "\0",
    "bytes": b"x",
    "negative": -1,
    "pair": (3, 5),
}
"""Values of which each function below is given those that it cannot use."""

VIDEO = Video.from_frames(np.zeros((4, 40, 48, 3), np.uint8), 8.0)
MASKLET, MOMENT = Masklet((40, 48)), Moment([(0, 2)])
PREDICTION = Prediction(
    VIDEO.facts, "a dog", "m", True, 0.5, MOMENT, ((0, 0.375),), (0.5,) * 4, (0.5,) * 4, MASKLET,
    source=VIDEO,
)  # fmt: skip
DOG = "the dog"

CALLS = {
    "Masklet": (Masklet, "pair"),
    "Masklet.set frame": (lambda x: MASKLET.set(x, np.zeros((40, 48))), ""),
    "Masklet.set mask": (lambda x: MASKLET.set(0, x), ""),
    "Masklet.get": (MASKLET.get, "negative"),
    "Masklet.rle": (MASKLET.rle, "negative"),
    "Masklet.to_json": (MASKLET.to_json, "None negative"),
    "Masklet.from_json": (lambda x: Masklet.from_json(x, (40, 48)), ""),
    "Masklet.from_json size": (lambda x: Masklet.from_json([], x), "pair"),
    "Moment": (Moment, ""),
    "Moment.all": (Moment.all, "negative nan float"),
    "Moment.from_frames": (Moment.from_frames, "array bytes pair"),
    "Moment.from_flags": (Moment.from_flags, "array bytes pair list mapping text"),
    "Moment.from_relevance": (lambda x: Moment.from_relevance(x, 0.5), "array bytes pair"),
    "Moment.parse": (lambda x: Moment.parse(x, VIDEO.times), ""),
    "Moment.flags": (MOMENT.flags, "negative"),
    "Moment.complement": (MOMENT.complement, "negative float nan"),
    "Moment.clip": (MOMENT.clip, "negative float nan"),
    "Moment |": (lambda x: MOMENT | x, ""),
    "Moment &": (lambda x: MOMENT & x, ""),
    "Moment -": (lambda x: MOMENT - x, ""),
    "Moment.iou": (MOMENT.iou, ""),
    "Moment.seconds": (MOMENT.seconds, "array"),
    "Prediction.load": (Prediction.load, ""),
    "Prediction.from_json": (Prediction.from_json, ""),
    "Prediction.save": (PREDICTION.save, ""),
    "Prediction.save video": (lambda x: PREDICTION.save("/dev/null/x", x), ""),
    "Prediction.save progress": (lambda x: PREDICTION.save("/dev/null/x", progress=x), ""),
    "Prediction.plot": (PREDICTION.plot, ""),
    "Prediction.masks": (lambda x: PREDICTION.masks[x], "negative"),
    "Masks.array": (PREDICTION.masks.array, "nan"),
    "Masks.box": (PREDICTION.masks.box, "negative"),
    "Video.open": (Video.open, ""),
    "Video.open fps": (lambda x: Video.open(VIDEO_ARRAY, x), "float"),
    "Video.from_frames": (lambda x: Video.from_frames(x, 8), ""),
    "Video.from_frames name": (lambda x: Video.from_frames(VIDEO_ARRAY, 8, x), "text"),
    "Video.frames": (lambda x: list(VIDEO.frames(x)), "None negative"),
    "Video.read": (lambda x: list(VIDEO.read(x)), ""),
    "load": (momentvos.load, ""),
    "load device": (lambda x: momentvos.load("tgl-mini", x), ""),
    "load progress": (lambda x: momentvos.load("tgl-mini", progress=x), "None function"),
    "world_samples split": (lambda x: world_samples(x, 1), ""),
    "world_samples videos": (lambda x: world_samples("val", x), ""),
    "world_samples seed": (lambda x: world_samples("val", 1, x), ""),
    "world_samples size": (lambda x: world_samples("val", 1, 0, x), ""),
    "world_samples world": (lambda x: world_samples("val", 1, 0, 64, x), ""),
    "TglModel": (TglModel, ""),
    "TglModel.from_pretrained": (TglModel.from_pretrained, ""),
    "TglModel.from_parts": (lambda x: TglModel.from_parts(x, x), ""),
    "MomentSegModel.from_pretrained": (MomentSegModel.from_pretrained, ""),
    "MomentSegModel.from_parts": (lambda x: MomentSegModel.from_parts(x, x), ""),
    "VrsHqModel": (VrsHqModel, ""),
}
VIDEO_ARRAY = np.zeros((2, 40, 48, 3), np.uint8)


@pytest.mark.parametrize("name", CALLS)
def test_what_a_function_cannot_use_is_an_error_of_ours(name, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    call, usable = CALLS[name]
    for kind, value in NOTHING.items():
        if kind in usable.split() or (name, kind) == ("Prediction.save video", "None"):
            continue
        try:
            call(value)
        except MomentVOSError as error:
            assert len(str(error)) > 15, (kind, str(error))
        else:
            pytest.fail(f"{name} took {kind}")


@pytest.fixture(scope="module")
def model():
    return momentvos.load("tgl-mini", device="cpu")


MORE = {
    "video": [*NOTHING.values(), [], "", np.zeros((4, 40, 48)), Path("none.mp4")],
    "sentence": [*NOTHING.values(), [], "", " ", [""], [DOG, None], ["dog", 3], DOG * 1000],
    "moment": [
        *[value for kind, value in NOTHING.items() if kind != "None"],
        *([], [None, None], [(3, 5)], [(3, 5), (7, 9)], "never", "9s-99s", range(3), 3),
    ],
    "progress": [3, "yes", [], {}],
    "selection": [3, "no", []],
    "relevance": [3, "x", [], [0.5], [2.0] * 4, [None] * 4, [0.5] * 4],
    "trace": [3, [], b"x", ""],
}


@pytest.mark.parametrize(
    ("argument", "value"),
    [(argument, value) for argument, values in MORE.items() for value in values],
)
def test_segment_checks_what_it_is_given(model, argument, value):
    arguments = {"video": VIDEO, "sentence": DOG, argument: value}
    with pytest.raises(MomentVOSError) as caught:
        model.segment(**arguments)
    assert len(str(caught.value)) > 15


@pytest.mark.parametrize("pair", [(3, 5), [3, 5], [(3, 5)], (1.5, 2.5)])
def test_a_pair_of_numbers_is_shown_both_right_forms(model, pair):
    with pytest.raises(MomentVOSError, match=r'Moment\(\[\(.*\)\]\).*"\d.*s-.*s" for seconds'):
        model.segment(VIDEO, DOG, moment=pair)


@pytest.mark.parametrize("value", [*NOTHING.values(), [], ""])
def test_ground_and_ask_check_too(model, value):
    for call in (lambda: model.ground(value, DOG), lambda: model.ground(VIDEO, value)):
        with pytest.raises(MomentVOSError):
            call()


def test_a_model_without_words_says_so(model):
    with pytest.raises(momentvos.errors.ModelError, match="momentseg-mini"):
        model.ask(VIDEO, "What is there?")


def test_a_model_is_shown_in_a_line(model):
    assert repr(model) == "<TglModel 'tgl-mini' on cpu, knows MomentWorld sprites>"


def test_progress_is_true_false_or_a_function(model, capsys):
    calls = []
    model.segment(VIDEO, DOG, "0:1", progress=lambda *one: calls.append(one))
    assert calls and all(len(one) == 3 and one[1] <= one[2] for one in calls)
    model.segment(VIDEO, DOG, "0:1", progress=True)
    model.segment(VIDEO, DOG, "0:1", progress=False)
    model.segment(VIDEO, DOG, "0:1")
    assert capsys.readouterr().out == ""


def test_arrays_and_tensors_are_segmented_as_the_video_of_them(model):
    import torch

    whole = model.segment(Video.from_frames(VIDEO_ARRAY, 24), DOG)
    assert model.segment(VIDEO_ARRAY, DOG).moment == whole.moment
    answer = model.segment(torch.from_numpy(VIDEO_ARRAY).permute(0, 3, 1, 2), DOG)
    assert answer.to_json()["masks"] == whole.to_json()["masks"]
    assert "24" in answer.notes[0] and answer.video.path == "memory"


def test_load_is_typed():
    from typing import get_type_hints

    from momentvos.systems.base import System

    localns = {"System": System, "Progress": object}
    assert get_type_hints(momentvos.load, localns=localns)["return"] is System
    assert (Path(momentvos.__file__).parent / "py.typed").is_file()
