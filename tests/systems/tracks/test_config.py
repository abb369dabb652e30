"""Bounds of the tracks configuration, and what of it is saved."""

import math

import pytest

from momentvos.systems.tracks.config import TracksConfig


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("rate", 0.0),
        ("rate", math.nan),
        ("keyframe_seconds", -1.0),
        ("keyframe_seconds", math.inf),
        ("max_tracks", 0),
        ("max_tracks", True),
        ("iou_same", 1.5),
        ("containment_same", -0.1),
        ("shortest_seconds", -1.0),
        ("margin", "wide"),
        ("relevance_threshold", 2.0),
    ],
)
def test_values_out_of_bounds_are_refused_by_name(option, value):
    with pytest.raises(ValueError, match=f"'{option}'"):
        TracksConfig(**{option: value})


@pytest.mark.parametrize("role", [{"detector": "dino"}, {"selector": {"model": "x"}}])
def test_a_role_is_a_kind_with_options(role):
    with pytest.raises(ValueError, match="not a kind with options"):
        TracksConfig(**role)


def test_a_moment_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="known are auto, scores, existence"):
        TracksConfig(moment={"kind": "guess"})


def test_it_saves_roles_and_no_part_of_sam2():
    saved = TracksConfig(detector={"kind": "owlv2", "model": "a/b"}).to_dict()
    assert saved["detector"] == {"kind": "owlv2", "model": "a/b"}
    assert "sam_config" not in saved
