import numpy as np
import pytest
import torch

from momentvos.data.world import render
from momentvos.media.arrays import ArrayVideo
from momentvos.selection.collect import collect_geometries
from momentvos.selection.geometry import GEOMETRY
from momentvos.selection.trajectory import TrajectorySelector, track_geometry
from momentvos.systems.collect import collect_tracks

SENTENCES = ["the turtle that jumps", "the blue turtle"]


@pytest.fixture
def tracking(build):
    """An untrained model with candidates in every frame."""
    chosen = {"selector": True, "max_tracks": 3, "candidate_threshold": 0.0}
    return build(selection=chosen, presence_threshold=0.0, gate=False)


@pytest.fixture
def frames(world):
    return render(world, range(6), 128)[0]


def test_collected_tracks_are_those_that_the_selector_scores(tracking, frames, monkeypatch):
    video = ArrayVideo(frames, 8.0)
    scored = []
    original = TrajectorySelector.__call__

    def spy(self, sentence, tracks, near):
        scored.extend(track_geometry(track, near) for track in tracks if track)
        return original(self, sentence, tracks, near)

    monkeypatch.setattr(TrajectorySelector, "__call__", spy)
    tracking.train()
    tracks = collect_tracks(tracking, video, SENTENCES)
    assert not scored and tracking.training, "the selector is not run, the mode is as before"
    monkeypatch.setattr("momentvos.systems.session.TOGETHER", 1)  # in batches a pixel may differ
    tracking.eval().segment(video, SENTENCES)
    assert len(scored) > 0
    torch.testing.assert_close(tracks, torch.stack(scored).clone())


def test_tracks_of_a_part_of_the_video_and_empty_ones_are_left_out():
    mask = np.zeros((8, 8), dtype=bool)
    mask[2:5, 2:5] = True

    class Selection:
        def tracks(self, chosen, frames):
            return [], [{1: mask}, {}], list(frames)

    (only,) = collect_geometries(Selection(), [0, 3], 4)
    assert only.shape == (4, GEOMETRY) and only[:, 3].tolist() == [0.0, 1.0, 0.0, 0.0]
    assert collect_geometries(Selection(), [0, 3, 199], 200) == []
