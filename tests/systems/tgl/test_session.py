"""Whole videos: grounding, planning, segmenting."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from momentvos.data.world import render
from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment
from momentvos.selection import SelectionConfig
from momentvos.selection.selection import WINDOW
from momentvos.systems.tgl.presets import SAMWISE
from momentvos.systems.tgl.shared_cache import SharedCache
from momentvos.systems.tgl.train import init_part
from momentvos.systems.windows import blocks, phases, stride_for

SENTENCES = ["the turtle that jumps", "the blue turtle"]


@given(st.integers(0, 80), st.integers(1, 9), st.integers(1, 5))
def test_windows_hold_every_frame_once_in_order(length, size, stride):
    made = [w for block in blocks(range(length), size, stride) for w in phases(block, stride)]
    assert sorted(frame for window in made for frame in window) == list(range(length))
    assert all(0 < len(window) <= size for window in made)
    for window in made:
        assert all(b - a == stride for a, b in pairwise(window))


def test_stride_follows_the_frame_rate():
    assert [stride_for(fps, 8.0) for fps in (2.0, 8.0, 12.5, 25.0, 30.0)] == [1, 1, 2, 3, 4]
    assert stride_for(60.0, None) == 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0, 1))
def test_a_curve_always_means_some_moment(curve, threshold):
    moment = Moment.from_relevance(curve, threshold, 3)
    assert moment
    assert moment.clip(len(curve)) == moment


def test_a_lone_peak_is_filtered_and_a_lone_gap_is_filled():
    assert Moment.from_relevance([0, 1, 0, 0, 1, 1, 0, 1, 1], 0.5, 3).to_list() == [[4, 8]]
    assert Moment.from_relevance([0, 0.4, 0.1], 0.5, 3).to_list() == [[1, 1]]


def test_sentences_together_equal_sentences_apart(mini, video):
    together = mini.segment(video, SENTENCES)
    for sentence, prediction in zip(SENTENCES, together, strict=True):
        alone = mini.segment(video, sentence)
        assert alone.moment == prediction.moment
        assert alone.relevance == pytest.approx(prediction.relevance, abs=1e-4)
        for frame in range(len(video)):
            same = alone.masklet.get(frame) == prediction.masklet.get(frame)
            assert same.mean() > 0.999


def test_a_prediction_is_whole(mini, video):
    prediction = mini.segment(video, SENTENCES[0])
    assert prediction.video.length == len(video) == len(prediction.relevance)
    assert prediction.found
    assert prediction.moment
    assert all(0 <= value <= 1 for value in (*prediction.relevance, *prediction.scores))
    assert prediction.masklet.size == video.size
    assert len(prediction.seconds) == len(prediction.moment.spans)


def test_the_moment_can_be_given(mini, video):
    text = mini.segment(video, SENTENCES[0], moment="0.5s-0.9s")
    assert text.moment == Moment([(4, 7)])
    assert mini.segment(video, SENTENCES[0], moment=Moment([(4, 7)])) == text
    both = mini.segment(video, SENTENCES, moment=[Moment([(4, 7)]), None])
    assert both[0].moment == text.moment
    with pytest.raises(ValueError, match="moments for"):
        mini.segment(video, SENTENCES, moment=[None])


def test_what_is_not_there_has_no_masks(build, video):
    model = build(presence_threshold=1.0)
    prediction = model.segment(video, SENTENCES[0])
    assert not prediction.found
    assert not prediction.moment
    assert not any(prediction.masklet.get(frame).any() for frame in range(len(video)))
    assert not any(prediction.scores)


def test_without_a_grounder_every_frame_is_relevant(build, video):
    model = build(tam_layers=0, presence_threshold=0.0, gate=False)
    given_all = model.segment(video, SENTENCES[0], moment="all")
    assert model.segment(video, SENTENCES[0]) == given_all
    assert given_all.moment == Moment.all(len(video))


def test_grounding_alone_equals_grounding_inside_segment(mini, video):
    curve, moment = mini.ground(video, SENTENCES[0])
    prediction = mini.segment(video, SENTENCES[0])
    assert curve == pytest.approx(prediction.relevance, abs=1e-5)
    assert moment == prediction.moment


def test_long_videos_are_scored_in_overlapping_spans(build, video):
    short, whole = build(tam_span=6), build(tam_span=64)
    curves = [model.ground(video, SENTENCES[0])[0] for model in (short, whole)]
    assert len(curves[0]) == len(curves[1]) == len(video)
    assert curves[0] != curves[1]


def test_every_span_length_scores_every_frame(build, video):
    for span in (1, 3, 12):
        curve, _ = build(tam_span=span).ground(video, SENTENCES[0])
        assert len(curve) == len(video)
        assert len(set(curve)) > 1


@pytest.mark.parametrize("trained", [False, True])
def test_tracks_may_be_selected_for_all_sentences(build, video, trained):
    progress = []
    options = {"gate": False, "presence_threshold": 0.0}
    selection = SelectionConfig(max_tracks=4, selector=trained, presence_threshold=0.0)
    model = build(selection=selection, **options)
    together = model.segment(video, SENTENCES, progress=lambda *row: progress.append(row))
    apart = [model.segment(video, sentence) for sentence in SENTENCES]
    assert [one.masklet for one in together] == [one.masklet for one in apart]
    if not trained:  # else the selector's, see tests/selection/test_trajectory.py
        alone = build(**options)
        assert [one.moment for one in together] == [
            alone.segment(video, sentence).moment for sentence in SENTENCES
        ]
    for one in together:
        assert len(one.scores) == len(video)
        assert all((one.scores[k] > 0) >= one.masklet.get(k).any() for k in range(len(video)))
    walk = [done for stage, done, _ in progress if stage == "segmenting"]
    assert walk == sorted(walk)
    assert walk[-1] == len(video)


def test_long_moments_are_decided_part_by_part(build, world):
    frames, _ = render(world, [k % world.length for k in range(WINDOW + 8)], 128)
    model = build(presence_threshold=0.0, gate=False, selection=SelectionConfig(max_tracks=2))
    prediction = model.segment(ArrayVideo(frames, world.fps), SENTENCES[0], moment="all")
    assert prediction.moment == Moment.all(WINDOW + 8)
    assert max(prediction.masklet.frames()) >= WINDOW


@pytest.mark.parametrize("scope", ["moment", "window"])
@pytest.mark.parametrize("moment_features", [True, False])
@pytest.mark.parametrize("memory", ["moment", "all"])
def test_every_row_of_table_3_runs(build, video, scope, moment_features, memory):
    model = build(
        adapter_scope=scope,
        moment_features=moment_features,
        memory=memory,
        presence_threshold=0.0,
        gate=False,
    )
    progress = []
    prediction = model.segment(
        video, SENTENCES[0], moment="3:5", progress=lambda *row: progress.append(row)
    )
    assert prediction.found
    assert progress[-1] == ("segmenting", len(video), len(video))


def test_without_reading_frames_of_the_moment_do_not_depend_on_each_other(build, world, batch):
    """40 frames: steps of one batch lie in several windows."""
    frames, _ = render(world, [min(k, world.length - 1) for k in range(40)], 128)
    video = ArrayVideo(frames, world.fps)
    scores = {}
    for reads in (True, False):
        model = build(adapter_scope="window", moment_reads=reads, gate=False)
        init_part(model, "memory", batch)
        model.config.presence_threshold = 0.0
        scores[reads] = [
            model.segment(video, SENTENCES[0], moment=moment).scores[30]
            for moment in ("30:30", "3:30", "all")
        ]
    assert scores[False][0] == pytest.approx(scores[False][1], abs=1e-6)
    assert scores[False][0] == pytest.approx(scores[False][2], abs=1e-6)
    assert scores[True][0] == pytest.approx(scores[False][0], abs=1e-6)
    assert scores[True][1] != pytest.approx(scores[True][0], abs=1e-5)


@pytest.mark.parametrize("scope", ["window", "moment"])
def test_edges_are_followed_after_memory(build, video, scope):
    answers = {}
    for radius in (0, 2):
        model = build(adapter_scope=scope, gate=False, motion_dim=0, guided_radius=radius)
        model.config.presence_threshold = 0.0
        answers[radius] = model.segment(video, SENTENCES[0], moment="3:9")
    assert answers[0].scores == answers[2].scores
    agree = [
        (answers[0].masklet.get(frame) == answers[2].masklet.get(frame)).mean()
        for frame in range(len(video))
    ]
    assert 0.5 < min(agree) < 1


@torch.inference_mode()
def test_the_reader_keeps_within_its_budget_and_changes_nothing(mini, video):
    rich, poor = SharedCache(mini, video, 1 << 30), SharedCache(mini, video, 0)
    for frames in ([0, 1, 2, 3], [2, 3, 4], [0, 2, 11], [5]):
        for a, b in zip(rich(frames).outputs, poor(frames).outputs, strict=True):
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_the_cache_drops_the_frames_requested_longest_ago(mini, video):
    reader = SharedCache(mini, video, 1 << 30)
    one = reader([0]).nbytes
    reader = SharedCache(mini, video, 3 * one)
    for frames in ([0, 1], [2, 3], [4, 5, 6, 7]):
        reader(frames)
        assert len(reader) <= 3
    assert len(reader) == 3
    nothing = SharedCache(mini, video, 0)
    nothing([0, 1])
    assert len(nothing) == 0


def test_progress_names_stages_and_counts_frames(mini, video):
    progress = []
    mini.segment(video, SENTENCES, progress=lambda *row: progress.append(row))
    last = {stage: (done, total) for stage, done, total in progress}
    assert last == dict.fromkeys(("grounding", "segmenting"), (12, 12))


def test_the_conditional_memory_switches_what_later_frames_read(build, video):
    """SAMWISE: frames 0 to 4 are never classified, so nothing changes before frame 6."""
    model = build(**SAMWISE, presence_threshold=0.0, gate=False)
    head = model.conditional_memory_encoder.decision_class_head
    answers = []
    for bias in ((9.0, 0.0), (0.0, 9.0)):
        with torch.no_grad():
            head.weight.zero_()
            head.bias.copy_(torch.tensor(bias))
        answers.append(model.segment(video, SENTENCES[0]))
    same = [a == b for a, b in zip(answers[0].scores, answers[1].scores, strict=True)]
    assert all(same[:6])
    assert not all(same[6:])


def test_the_baseline_is_every_frame_in_the_moment(build, video):
    model = build(**SAMWISE, presence_threshold=0.0, gate=False)
    assert model.segment(video, SENTENCES[0]).moment == Moment.all(len(video))


def test_a_fast_video_is_decoded_forward(mini, world):
    """Windows interleave at 24 frames a second; frames are still read one after the other."""
    frames, _ = render(world, [number // 3 for number in range(30)], 128)
    fast = ArrayVideo(frames, 24.0)
    starts = []
    read = fast.frames
    fast.frames = lambda start=0, stop=None: (starts.append(start), read(start, stop))[1]
    curve, _ = mini.ground(fast, SENTENCES[0])
    assert len(curve) == 30
    assert starts == [0]
