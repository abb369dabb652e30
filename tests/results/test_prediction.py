import copy
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from momentvos.errors import PredictionError
from momentvos.masklet import Masklet
from momentvos.media.facts import VideoFacts
from momentvos.moment import Moment
from momentvos.results.prediction import Prediction


def make(**changes):
    masklet = Masklet((4, 6))
    masklet.set(1, np.ones((4, 6), bool))
    values = {
        "video": VideoFacts("a clip.mp4", 6, 4, 10.0, 3, 0.3),
        "sentence": "the dog that jumps, „dann” 跳",
        "model": "tgl-mini",
        "found": True,
        "presence": np.float32(0.9),
        "moment": Moment([(1, 1)]),
        "seconds": ((0.1, 0.2),),
        "relevance": tuple(np.float32([0.1, 0.95, 0.2])),
        "scores": (0.0, 1 / 3, 0.0),
        "masklet": masklet,
        "notes": ("truncated: 3 of 5 frames decode",),
    }
    return Prediction(**{**values, **changes})


def test_json_and_back():
    text = json.dumps(make().to_json(), allow_nan=False)
    assert Prediction.from_json(json.loads(text)) == make()


def test_not_found_and_back():
    empty = make(found=False, moment=Moment.empty(), seconds=(), masklet=Masklet((4, 6)), notes=())
    assert Prediction.from_json(empty.to_json()) == empty


def test_schema_1_without_method_and_domain_stays_readable():
    data = make(method="TGL", domain="MomentWorld sprites").to_json()
    assert Prediction.from_json(data).domain == "MomentWorld sprites"
    earlier = {key: data[key] for key in data if key not in ("method", "domain")} | {"schema": 1}
    assert Prediction.from_json(earlier) == make(method="", domain=None)


@pytest.mark.parametrize("value", [True, False, None])
def test_in_domain_and_back(value):
    data = make(domain="MomentWorld sprites", in_domain=value).to_json()
    assert data.get("in_domain") is value and ("in_domain" in data) == (value is not None)
    assert Prediction.from_json(data).in_domain is value


def test_files_without_in_domain_stay_readable():
    data = make(in_domain=False).to_json()
    del data["in_domain"]
    assert Prediction.from_json(data) == make(in_domain=None)


@pytest.mark.parametrize(
    ("found", "in_domain", "verdict"),
    [
        (True, None, "found"),
        (True, False, "found"),
        (False, None, "not found"),
        (False, True, "not found"),
        (False, False, "cannot tell"),
    ],
)
def test_the_verdict_is_of_what_the_model_knows(found, in_domain, verdict):
    changes = {} if found else {"moment": Moment.empty(), "seconds": (), "masklet": Masklet((4, 6))}
    assert make(found=found, in_domain=in_domain, **changes).verdict == verdict


def test_masks_are_coco_rle_one_a_frame():
    data = make().to_json()
    assert data["schema"] == 2 and len(data["masks"]) == 3
    assert data["masks"][0] is None and data["masks"][1]["size"] == [4, 6]


@pytest.mark.parametrize(
    "changes",
    [{"masklet": Masklet((6, 4))}, {"relevance": (0.1,)}, {"scores": ()}, {"seconds": ()}],
)
def test_parts_must_fit_together(changes):
    with pytest.raises(ValueError, match=r"need|masks"):
        make(**changes)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", 3),
        ("method", 3),
        ("domain", 3),
        ("in_domain", "yes"),
        ("in_domain", 1),
        ("schema", "1"),
        ("schema", True),
        ("video", []),
        ("sentence", None),
        ("sentence", "x" * 2_000_000),
        ("model", 3),
        ("found", 1),
        ("presence", 1.5),
        ("presence", float("nan")),
        ("presence", "0.5"),
        ("moment", [[1, 3]]),
        ("moment", [[1, 0]]),
        ("moment", [[0, 0], [1, 1]]),
        ("moment", {}),
        ("seconds", [[0.1]]),
        ("seconds", []),
        ("relevance", [0.1, 0.2]),
        ("relevance", [0.1, 0.2, float("inf")]),
        ("relevance", [0.1, 0.2, False]),
        ("scores", [0.1, 0.2, -0.1]),
        ("masks", [None, None]),
        ("masks", [None, None, "x"]),
        ("notes", [1]),
    ],
)
def test_refuses_wrong_fields(key, value):
    data = make().to_json()
    data[key] = value
    with pytest.raises(PredictionError):
        Prediction.from_json(data)


def test_refuses_missing_fields_by_name():
    full = make().to_json()
    for key in full:
        data = copy.deepcopy(full)
        del data[key]
        with pytest.raises(PredictionError, match=f"'{key}'"):
            Prediction.from_json(data)
    for key in full["video"]:
        data = copy.deepcopy(full)
        del data["video"][key]
        with pytest.raises(PredictionError, match=f"video has no '{key}'"):
            Prediction.from_json(data)


@pytest.mark.parametrize(
    ("key", "value"), [("width", 0), ("length", 2.0), ("length", 10**12), ("fps", -1)]
)
def test_refuses_impossible_videos(key, value):
    data = make().to_json()
    data["video"][key] = value
    with pytest.raises(PredictionError, match=key):
        Prediction.from_json(data)


def test_load(tmp_path):
    path = tmp_path / "prediction.json"
    path.write_text(json.dumps(make().to_json()), encoding="utf-8")
    assert Prediction.load(tmp_path) == Prediction.load(path) == make()
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(PredictionError, match="not a JSON"):
        Prediction.load(path)
    with pytest.raises(PredictionError, match="cannot be read"):
        Prediction.load(tmp_path / "none.json")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["presence", "relevance", "scores"])
def test_an_answer_of_no_numbers_is_refused(field, value):
    good = make()
    bad = value if field == "presence" else (value, *getattr(good, field)[1:])
    with pytest.raises(PredictionError, match="no finite numbers"):
        replace(good, **{field: bad})
