from dataclasses import replace

import numpy as np
import pytest
from pycocotools import mask as coco

from momentvos.errors import BenchmarkError
from momentvos.evaluation.consistency import temporal_consistency
from momentvos.evaluation.highlights import Highlights
from momentvos.evaluation.images import Overlap
from momentvos.evaluation.protocols import PROTOCOLS, protocol_metrics
from momentvos.evaluation.revos import EXTRA, Robustness, accuracy, robustness
from momentvos.evaluation.rle import empty
from momentvos.evaluation.scores import ExpressionScore, WorldScore
from momentvos.evaluation.windows import Retrieval


def row(kind, j, f, target=True, found=True, **others):
    return ExpressionScore("v", str(j), "s", kind, target, found, j, f, **others)


def test_revos_is_the_mean_of_its_types_after_rounding():
    rows = [
        row("referring", 1 / 3, 0.5, extra={"r_binary": 1.0}),
        row("referring", 1.0, 0.5, extra={"r_binary": 1 / 3}),
        row("reasoning", 0.0, 0.0, extra={"r_binary": 0.5}),
        row("none", 1.0, 1.0, target=False, extra={"r_binary": 0.25}),
    ]
    metrics = protocol_metrics("revos", rows)
    assert metrics["J referring"] == pytest.approx((0.3333 + 1) / 2, abs=1e-12)
    assert metrics["J overall"] == pytest.approx((0.3333 + 1) / 4, abs=1e-12)
    assert metrics["J&F overall"] == pytest.approx((0.66665 + 0.5) / 4, abs=1e-12)
    assert metrics["R binary"] == pytest.approx(((1 + 0.3333) / 2 + 0.5) / 2, abs=1e-12)
    assert metrics["R neg"] == 0.25
    assert metrics["R code255"] is None
    assert (metrics["scored"], metrics["expected"]) == (4, 4)


def test_what_is_lost_counts_where_the_program_counts_it():
    rows, lost = [row("referring", 1.0, 1.0), row("reasoning", 1.0, 1.0)], [row("referring", 9, 9)]
    rows[1] = replace(rows[1], extra=dict.fromkeys(EXTRA, 1.0))
    rows[0] = replace(rows[0], extra=dict.fromkeys(EXTRA, 1.0))
    metrics = protocol_metrics("revos", rows, lost)
    assert metrics["J referring"] == 0.5 and metrics["J overall"] == 0.75
    assert metrics["R code255"] == metrics["A palette38"] == 0.75
    metrics = protocol_metrics("mevis", rows, lost)
    assert metrics["J&F"] == 1 and (metrics["scored"], metrics["expected"]) == (2, 3)
    absent = [replace(lost[0], video="w")]
    assert protocol_metrics("mevis", rows, absent)["J&F"] == pytest.approx(2 / 3)
    assert protocol_metrics("ref-youtube-vos", rows, absent)["J&F"] == 1
    assert protocol_metrics("mevis-v2", rows, absent)["T-acc"] == pytest.approx(2 / 3)


def test_what_is_lost_of_pictures_and_moments_is_a_miss():
    metrics = protocol_metrics("reasonseg", [Overlap(4, 4)], [Overlap(0, 4)])
    assert metrics["cIoU"] == pytest.approx(0.5) and metrics["expected"] == 2
    found, lost = Retrieval([(0, 10)], [(0, 10)]), Retrieval([(0, 10)], None)
    assert protocol_metrics("charades-sta", [found], [lost])["R1@0.7"] == 0.5
    assert protocol_metrics("qvhighlights", [found], [lost])["mAP"] == 0.5
    with pytest.raises(BenchmarkError, match="1 of 1 are missing"):
        protocol_metrics("qvhighlights-hl", [], [Highlights([], [])])


def test_presence_stands_beside_the_masks_of_mevis_v2():
    rows = [row("", 0.5, 0.7), row("", 1.0, 1.0, target=False, found=False)]
    metrics = protocol_metrics("mevis-v2", rows)
    assert metrics["J&F"] == pytest.approx(0.8) and metrics["N-acc"] == metrics["T-acc"] == 1
    assert metrics["final"] == pytest.approx((0.8 + 1 + 1) / 3)


@pytest.mark.parametrize(
    ("n_acc", "t_acc", "jf", "final"),
    [(41.38, 92.53, 53.09, 62.33), (41.38, 92.53, 56.72, 63.54), (96.55, 57.83, 46.03, 66.80)],
)
def test_the_final_figure_is_that_of_reported_rows(n_acc, t_acc, jf, final):
    """Rows that participants of the 8th LSVOS challenge report of its server."""
    rows = [row("", jf / 100, jf / 100, found=k < round(100 * t_acc)) for k in range(10_000)]
    rows += [
        row("", jf / 100, jf / 100, target=False, found=k >= round(100 * n_acc))
        for k in range(10_000)
    ]
    assert protocol_metrics("mevis-v2", rows)["final"] == pytest.approx(final / 100, abs=5e-5)


def test_ref_sav_averages_long_and_short():
    metrics = protocol_metrics("ref-sav", [row("long", 1, 1), row("short", 0, 0), row("x", 1, 1)])
    assert metrics["J&F overall"] == 0.5


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_every_protocol_says_when_there_is_nothing(name):
    metrics = protocol_metrics(name, [])
    assert metrics["scored"] == 0 and metrics["expected"] == 0
    assert {value for key, value in metrics.items() if key not in ("scored", "expected")} == {None}


def test_robustness_depends_on_how_pixels_are_coded():
    truth = np.array([[1, 0, 2, 0]])
    prediction, foreground = np.array([[1, 1, 1, 0]]), np.array([[1, 1, 1, 1]])
    # y = 2 wraps to 255: 255 * 1, and 255 * 255 is 1 in eight bits
    assert robustness(truth, prediction, foreground) == 0
    single = np.array([[1, 0, 1, 0]])
    assert robustness(single, prediction, foreground) == pytest.approx(1 - 1 / (4 + 1e-6))
    wide = np.ones((1, 2000), bool)
    one = np.zeros((1, 2000))
    one[0, 3] = 2
    assert robustness(one, one, wide, 255) == pytest.approx(1 - 1 / (2000 + 1e-6))
    assert robustness(one, one, wide, 1) == pytest.approx(1 - 255 / (2000 + 1e-6))


def test_robustness_is_collected_frame_by_frame():
    truth, every = np.array([[1, 0, 1, 0]]), np.ones((1, 4), bool)
    meter = Robustness()
    assert meter.extra() == {}
    meter.add(truth, truth, every)
    meter.add(truth, 1 - truth, every)
    found = meter.extra()
    assert set(found) == set(EXTRA)
    assert found["r_binary"] == pytest.approx((1 + 1 - 2 / (4 + 1e-6)) / 2)
    assert found["a_binary"] == 0.5 and found["a_code255"] == 0.25
    assert accuracy(truth, truth, 255) == 0.5


def test_consistency_of_neighbours():
    mask = np.zeros((6, 6), np.uint8, order="F")
    mask[:2] = 1
    half = np.asfortranarray(np.roll(mask, 1, axis=0))
    rles = [coco.encode(mask), coco.encode(half), None, None, empty((6, 6)), coco.encode(half)]
    # a third, nothing, nothing counted, nothing counted, nothing
    assert temporal_consistency(rles) == pytest.approx((1 / 3 + 0 + 0) / 3)
    assert temporal_consistency([None, None]) is None


def test_the_joint_figure_is_about_moments_that_are_found():
    rows = (row("", 0.8, 0.8, tiou=0.5), row("", 0.2, 0.2, tiou=0.4), row("", 1, 1, target=False))
    score = WorldScore(rows, 3)
    assert score.joint == pytest.approx(0.8) and score.recall == 0.5


@pytest.mark.parametrize("name", ["mevis", "mevis-v2", "revos", "ref-sav", "ref-davis-expr"])
def test_without_a_score_there_is_no_figure(name):
    lost = [row("referring", 0, 0), row("none", 0, 0, target=False)]
    metrics = protocol_metrics(name, [], lost)
    assert (metrics.pop("scored"), metrics.pop("expected")) == (0, 2)
    assert set(metrics.values()) == {None}


def test_what_is_lost_of_moments_and_pictures_alone_is_no_figure():
    for name, lost in (
        ("qvhighlights", Retrieval([(0, 10)], None)),
        ("charades-sta", Retrieval([(0, 10)], None)),
        ("reasonseg", Overlap(0, 5, True, False)),
        ("grefcoco-rela", Overlap(0, 0, False, False)),
    ):
        metrics = protocol_metrics(name, [], [lost])
        assert {metrics[key] for key in metrics.keys() - {"scored", "expected"}} == {None}


def test_what_is_lost_is_no_refusal():
    answered = row("", 1.0, 1.0, target=False, found=False)
    lost = replace(answered, video="w")
    metrics = protocol_metrics("mevis-v2", [answered], [lost])
    assert metrics["N-acc"] == metrics["J&F"] == 0.5
