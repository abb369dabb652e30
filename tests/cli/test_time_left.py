"""One estimate over all stages, by a clock that the test turns."""

import pytest

from momentvos.cli.time_left import TimeLeft, expected


def test_stages_of_a_run():
    assert expected(10, 1) == [("grounding", 10), ("segmenting", 10), ("drawing", 10)]
    names = [name for name, _ in expected(10, 2, draws=False)]
    assert names == ["grounding", "segmenting"], "sentences go through the video together"
    names = [name for name, _ in expected(10, 2, tracks=True, draws=False)]
    assert names[-2:] == ["segmenting 1/2", "segmenting 2/2"]
    assert [name for name, _ in expected(10, 1, tracks=True)][:4] == [
        "reading",
        "detecting",
        "tracking",
        "selecting",
    ]


def test_nothing_is_known_before_anything_is_timed():
    estimate = TimeLeft(expected(10, 1))
    assert estimate.left(0) is None and estimate.share(0) == 0 and estimate.stage is None
    estimate.update("grounding", 0, 10, 1.0)
    assert estimate.left(2.0) is None and estimate.rate() is None


def test_a_single_stage_is_measured():
    estimate = TimeLeft([("work", 10)])
    estimate.update("work", 0, 10, 0.0)
    estimate.update("work", 4, 10, 8.0)
    assert estimate.left(8.0) == pytest.approx(12.0)
    assert estimate.share(8.0) == pytest.approx(0.4)
    assert estimate.rate() == pytest.approx(0.5)
    assert estimate.left(9.0) == pytest.approx(11.0)  # it counts down between reports


def test_a_second_sentence_costs_what_the_first_did():
    estimate = TimeLeft([("segmenting 1/2", 10), ("segmenting 2/2", 10)])
    estimate.update("segmenting 1/2", 0, 10, 0.0)
    estimate.update("segmenting 1/2", 5, 10, 5.0)
    assert estimate.left(5.0) == pytest.approx(5 + 10)
    estimate.update("segmenting 1/2", 10, 10, 10.0)
    estimate.update("segmenting 2/2", 0, 10, 10.0)
    assert estimate.left(10.0) == pytest.approx(10.0)
    assert estimate.share(10.0) == pytest.approx(0.5)


def test_another_kind_to_come_costs_in_proportion():
    from momentvos.cli.time_left import WEIGHTS

    estimate = TimeLeft([("grounding", 10), ("segmenting", 10), ("drawing", 10)])
    estimate.update("grounding", 0, 10, 0.0)
    estimate.update("grounding", 10, 10, 10.0)  # a second a frame
    later = (WEIGHTS["segmenting"] + WEIGHTS["drawing"]) / WEIGHTS["grounding"] * 10
    assert estimate.left(10.0) == pytest.approx(later)


def test_what_nobody_expected_is_put_in_and_what_never_comes_is_dropped():
    estimate = TimeLeft([("grounding", 10), ("segmenting", 10)])
    estimate.update("detecting", 0, 4, 0.0)
    estimate.update("detecting", 4, 4, 4.0)
    estimate.update("segmenting", 0, 10, 4.0)  # nothing was grounded
    estimate.update("segmenting", 10, 10, 9.0)
    assert estimate.left(9.0) == 0 and estimate.share(9.0) == pytest.approx(1.0)


def test_a_stage_that_is_come_back_to_goes_on():
    """Of many sentences some are grounded, then segmented, then the next ones."""
    estimate = TimeLeft([("grounding", 10), ("segmenting", 20)])
    estimate.update("grounding", 10, 10, 0.0)
    estimate.update("segmenting", 0, 20, 0.0)
    estimate.update("segmenting", 10, 20, 10.0)
    estimate.update("grounding", 0, 10, 10.0)
    estimate.update("grounding", 10, 10, 11.0)
    estimate.update("segmenting", 10, 20, 11.0)
    estimate.update("segmenting", 11, 20, 12.0)
    assert estimate.rate() == pytest.approx(1.0)
    assert estimate.left(12.0) == pytest.approx(9.0)


def test_the_share_never_falls():
    estimate, seen = TimeLeft(expected(100, 3)), [0.0]
    now = 0.0
    for name, total in expected(100, 3):
        for done in range(0, total + 1, 10):
            now += {"g": 0.1, "s": 5.0, "d": 0.01}[name[0]]
            estimate.update(name, done, total, now)
            seen.append(estimate.share(now))
    assert seen == sorted(seen) and seen[-1] == pytest.approx(1.0)


def test_after_a_run_is_gone_on_with_only_what_is_left_counts():
    """900 of 1000 frames were there: neither their time nor their number makes frames look fast."""
    estimate = TimeLeft(expected(1000, 1, draws=False))
    estimate.update("segmenting", 900, 1000, 5.0)  # grounding was kept too
    assert estimate.left(5.0) is None and estimate.rate() is None
    estimate.update("segmenting", 910, 1000, 25.0)
    assert estimate.rate() == pytest.approx(0.5)
    assert estimate.left(25.0) == pytest.approx(180.0)
    assert estimate.share(25.0) == pytest.approx(0.91)


def test_a_stage_of_which_all_was_there_costs_nothing():
    estimate = TimeLeft(expected(100, 2, tracks=True, draws=False))
    estimate.update("reading", 100, 100, 1.0)
    estimate.update("tracking", 60, 100, 1.0)
    estimate.update("tracking", 70, 100, 11.0)
    assert estimate.rate() == pytest.approx(1.0)
    assert estimate.left(11.0) > 30, "and what is to come"
