"""Metrics that the official programs gave for the same masks and windows, to the last digit.

davis2017-evaluation (metrics.py, evaluation.py), VISA (tools/metrics.py), moment_detr
(standalone_eval), LISA (utils.intersectionAndUnionGPU). Masks are ellipses in whole numbers.
"""

import json
from dataclasses import asdict

import numpy as np
import pytest
from pycocotools import mask as coco

from momentvos.evaluation.davis import ObjectScore, SemiSupervised, Unsupervised, objects
from momentvos.evaluation.highlights import Highlights
from momentvos.evaluation.images import Overlap, overlap
from momentvos.evaluation.masks import score_masks, score_rle
from momentvos.evaluation.phrases import Phrase
from momentvos.evaluation.protocols import PROTOCOLS, protocol_metrics
from momentvos.evaluation.revos import accuracy, robustness
from momentvos.evaluation.scores import ExpressionScore
from momentvos.evaluation.tubes import Tube
from momentvos.evaluation.windows import Retrieval


def ellipses(size, *shapes):
    """Union of (row, column, half height, half width); a negative half height bites out."""
    y, x = np.ogrid[: size[0], : size[1]]
    mask = np.zeros(size, dtype=bool)
    for row, column, tall, wide in shapes:
        inside = (y - row) ** 2 * wide**2 + (x - column) ** 2 * tall**2 <= (tall * wide) ** 2
        mask[inside] = tall > 0
    return mask


PAIRS = {
    "moved": ((480, 854), [(200, 300, 90, 60)], [(204, 295, 88, 63)]),
    "with a hole": (
        (480, 854),
        [(240, 420, 150, 200), (240, 420, -40, 60)],
        [(250, 430, 150, 190)],
    ),
    "cut by the border": ((480, 854), [(470, 840, 80, 120)], [(460, 850, 90, 100)]),
    "small": ((480, 854), [(20, 830, 4, 3)], [(25, 826, 3, 4)]),
    "one pixel": ((480, 854), [(479, 853, 1, 1)], [(472, 850, 1, 1)]),
    "far apart": ((480, 854), [(100, 100, 30, 30)], [(300, 700, 50, 40)]),
    "tall": ((1280, 720), [(600, 360, 400, 90), (300, 200, 60, 150)], [(610, 352, 390, 95)]),
    "hd": ((1080, 1920), [(500, 900, 300, 210)], [(520, 885, 310, 205), (100, 100, 20, 20)]),
    "tiny frame": ((13, 17), [(6, 8, 4, 5)], [(7, 8, 4, 6)]),
}

MASKS = {
    "moved": (0.8878627968337731, 0.9636963696369637),
    "with a hole": (0.8121856647707988, 0.3975848667116062),
    "cut by the border": (0.7474353154788924, 0.26203884610964256),
    "small": (0.0, 1.0),
    "one pixel": (0.0, 1.0),
    "far apart": (0.0, 0.0),
    "tall": (0.7427728452023192, 0.6435233004743328),
    "hd": (0.8773881601868155, 0.556512808157918),
    "tiny frame": (0.6585365853658537, 0.9523809523809523),
}
"""J and F."""

LABELS = 9, (90, 120)


def label_maps(answer):
    """Three objects that move over each other, a void corner; or an answer of four proposals."""
    count, size = LABELS
    maps = []
    for t in range(count):
        found = np.zeros(size, np.uint8)
        found[ellipses(size, (30, 20 + 8 * t, 18, 14))] = 2 if answer else 1
        found[ellipses(size, (60 + answer * t, 70, 12, 22 - t))] = 1 if answer else 2
        found[ellipses(size, (75 - 5 * t, 100 - answer * 3, 10, 9))] = 3
        if answer == 1 and t % 3 == 0:
            found[found == 1] = 4
        if not answer:
            found[:20, :25] = 255
        maps.append(found)
    return maps


DAVIS = {
    "davis-unsup": {
        "J&F": 0.6660466058947211,
        "J": 0.6886617567066443,
        "F": 0.6434314550827979,
        "J recall": 0.8148148148148149,
        "J decay": 0.10052754063229191,
        "F recall": 0.7407407407407408,
        "F decay": 0.19189798839557293,
    },
    "davis-semi": {
        "J&F": 0.12209697159356837,
        "J": 0.13755274261603376,
        "F": 0.10664120057110299,
        "J recall": 0.0,
        "J decay": 0.0,
        "F recall": 0.0,
        "F decay": -0.03918335543801396,
    },
}

ROBUST = {
    ("two", 1): (0.5469262052534084, 0.8120166666666667),
    ("two", 255): (0.9982232400206016, 0.8117833333333333),
    ("two", 38): (0.6126663244911491, 0.8117833333333333),
    ("one", 1): (0.9994472302286316, 0.8960333333333333),
    ("one", 255): (0.8590437083010604, 0.8952833333333333),
    ("one", 38): (0.9789947486880012, 0.8952833333333333),
}
"""R and A of two referred objects, or one, by what the answer's pixels are read as."""


def covered():
    """How many referred objects cover a pixel, one of them alone, an answer, and all objects."""
    size = (200, 300)
    one, other = ellipses(size, (70, 90, 40, 50)), ellipses(size, (70, 190, 30, 54))
    answer = one & other | ellipses(size, (70, 141, 2, 3))
    every = one | other | ellipses(size, (150, 60, 40, 50), (150, 240, 45, 55))
    return one.astype(np.uint8) + other, one.astype(np.uint8), answer, every


QUERIES = [
    (
        [[10, 30], [50, 58], [90, 130]],
        [[52.5, 60.1, 0.7], [8, 25, 0.9], [88, 141, 0.8], [9, 31, 0.2]],
    ),
    ([[0, 2], [4, 6]], [[0, 6, 0.3], [3.9, 6.2, 0.5]]),
    ([[20, 100]], [[0, 150, 1.0], [21.3, 95, 0.4]] + [[n, n + 7, 0.1] for n in range(10)]),
    ([[100, 110], [120, 140]], [[105.0, 125.0, 0.5]]),
]  # fmt: skip

MOMENTS = {
    "mAP": 0.32291666666666663,
    "mAP@0.5": 0.625,
    "mAP@0.75": 0.33333333333333326,
    "mAP short": 0.14444444444444443,
    "mAP middle": 0.2625,
    "mAP long": 0.4,
    "R1@0.5": 0.5,
    "R1@0.7": 0.0,
}

HIGHLIGHTS = {
    "HL-Fair mAP": 0.28451308364980726, "HL-Fair Hit1": 1.0,
    "HL-Good mAP": 0.13160674231378375, "HL-Good Hit1": 0.5,
    "HL-VeryGood mAP": 0.16106220904709265, "HL-VeryGood Hit1": 0.5,
}  # fmt: skip

LISA = {"gIoU": 0.5257269838498119, "cIoU": 0.8081027174762145}


def rle(mask):
    return coco.encode(np.asfortranarray(mask.astype(np.uint8)))


def near(metrics):
    return pytest.approx(metrics, abs=1e-9, rel=0)


@pytest.mark.parametrize("name", PAIRS)
def test_j_and_f(name):
    size, truth, answer = PAIRS[name]
    one, other = ellipses(size, *truth), ellipses(size, *answer)
    scores = score_masks(one, other)
    assert (float(scores.j), float(scores.f)) == near(MASKS[name])
    assert score_rle(rle(one), rle(other)) == near(MASKS[name])


@pytest.mark.parametrize("name", DAVIS)
def test_davis(name):
    truth, answers = label_maps(0), label_maps(1 if name == "davis-unsup" else 2)
    count = objects(truth[0])
    video = Unsupervised(count, 4) if name == "davis-unsup" else SemiSupervised(count)
    for one, other in zip(truth, answers, strict=True):
        video.add(one, other)
    metrics = protocol_metrics(name, video.scores("v"))
    assert metrics == near({**DAVIS[name], "scored": 3, "expected": 3})


@pytest.mark.parametrize(("truth", "encoding"), ROBUST)
def test_robustness_and_accuracy_of_revos(truth, encoding):
    two, one, answer, every = covered()
    found = two if truth == "two" else one
    metrics = robustness(found, answer, every, encoding), accuracy(found, answer, encoding)
    assert metrics == near(ROBUST[truth, encoding])


def test_moments_of_qvhighlights():
    metrics = protocol_metrics("qvhighlights", [Retrieval(*query) for query in QUERIES])
    assert metrics == near({**MOMENTS, "scored": 4, "expected": 4})


def test_moments_of_other_videos():
    metrics = protocol_metrics("moments", [Retrieval(*query) for query in QUERIES])
    assert {name: metrics[name] for name in MOMENTS if name in metrics} == near(
        {name: metrics for name, metrics in MOMENTS.items() if " " not in name}
    )
    assert metrics["R1@0.3"] == 0.75 and 0 < metrics["mIoU"] < 1


def test_highlights_of_qvhighlights():
    queries = []
    for row in range(4):
        ratings = np.zeros((75, 3))
        ratings[[3, 4, 5, 9 + row]] = [[4, 2, 0], [3, 3, 4], [2, 0, 1], [4, 4, 1]]
        clips = range(60 + 10 * row)
        saliency = [((k * 7 + row * 3) % 11) / 10 + (k in (3, 5)) for k in clips]
        queries.append(Highlights(ratings.tolist(), saliency))
    metrics = protocol_metrics("qvhighlights-hl", queries)
    assert metrics == near({**HIGHLIGHTS, "scored": 4, "expected": 4})


def test_lisas_meters_with_ignored_pixels():
    items = []
    for size, truth, answer in PAIRS.values():
        one = ellipses(size, *truth)
        ignore = ~one
        ignore[size[0] // 4 :] = False
        items.append(overlap(one, ellipses(size, *answer), ignore))
    metrics = protocol_metrics("reasonseg", items)
    assert metrics == near({**LISA, "scored": 9, "expected": 9})


def test_records_are_plain_values():
    records = (
        ExpressionScore("v", "0", "s", "", True, True, 0.5, 0.25, extra={"r_binary": 0.5}),
        ObjectScore("v", 1, 0.5, 0.25, 1.0, 0.0, None, 0.125, annotator=2),
        Overlap(3, 5),
        Retrieval([[0.0, 2.0]], [[0.5, 1.0, 0.75]]),
        Highlights([[1.0, 2.0, 3.0]], [0.5]),
        Tube([0, 9], 5.0, 2, [[0.0, 0.0, 4.0, 4.0]], [2, 3], [None, [0.0, 1.0, 4.0, 4.0]], "x"),
        Phrase(1, 1, [[0.5]], {"tp": [1.0]}),
    )
    assert {type(one) for one in records} == {one.record for one in PROTOCOLS.values()}
    for one in records:
        assert type(one)(**json.loads(json.dumps(asdict(one)))) == one
