"""SA-Co's cgF1 and pHOTA: by hand, and HOTA beside a slow form of its definition."""

from itertools import permutations

import numpy as np
import pytest
from pycocotools import mask as coco

from momentvos.evaluation import hota
from momentvos.evaluation.phrases import Phrase, phrase, saco, volume_iou


def rle(mask):
    encoded = coco.encode(np.asfortranarray(np.asarray(mask, np.uint8)))
    return {"size": encoded["size"], "counts": encoded["counts"].decode()}


def bar(left, right, size=(4, 20)):
    mask = np.zeros(size, np.uint8)
    mask[:, left:right] = 1
    return rle(mask)


def frame(truth, found, similarity):
    return hota.Frame(truth, found, np.array(similarity, float).reshape(len(truth), len(found)))


def figures(*parts):
    return hota.combined([hota.sequence(frames) for frames in parts])


def test_two_tracks_that_change_places():
    swapped = [frame([0, 1], [0, 1], np.eye(2)), frame([0, 1], [0, 1], 1 - np.eye(2))]
    metrics = figures(swapped)
    assert metrics["DetA"] == pytest.approx(1)
    assert metrics["AssA"] == pytest.approx(1 / 3)  # 1 frame of 2 + 2 - 1
    assert metrics["HOTA"] == pytest.approx(3**-0.5)


def test_half_a_mask_in_half_of_the_frames():
    metrics = figures([frame([0], [0], [[0.5]]), frame([0], [], [])])
    assert metrics["DetA"] == metrics["AssA"] == pytest.approx(10 / 19 / 2)
    assert metrics["HOTA"] == pytest.approx(10 / 19 / 2)


def test_empty_sides():
    nothing = hota.sequence([frame([], [], []), frame([], [], [])])
    assert not any(map(any, nothing.values()))
    false = figures([frame([0], [0], [[1.0]])], [frame([], [0], [])])
    assert false["DetA"] == pytest.approx(0.5) and false["AssA"] == pytest.approx(1)
    missed = figures([frame([0], [], [])])
    assert missed == {"HOTA": 0, "DetA": 0, "AssA": 0}
    assert figures() == {"HOTA": None, "DetA": None, "AssA": None}


def slow(frames):
    """HOTA of a video: every pairing of a frame's detections is tried."""
    tracks = {("g", n) for one in frames for n in one.truth}
    tracks |= {("d", n) for one in frames for n in one.found}
    length = {
        key: sum(key[1] in (one.truth if key[0] == "g" else one.found) for one in frames)
        for key in tracks
    }
    potential = {}
    for one in frames:
        for i, g in enumerate(one.truth):
            for k, d in enumerate(one.found):
                s = one.similarity
                base = s[i].sum() + s[:, k].sum() - s[i, k]
                share = s[i, k] / base if base > 0 else 0.0
                potential[g, d] = potential.get((g, d), 0.0) + share
    total = []
    for alpha in hota.ALPHAS:
        pairs, misses, false = [], 0, 0
        for one in frames:
            best = _best(one, potential, length)
            hits = [(i, k) for i, k in best if one.similarity[i, k] >= alpha - 1e-15]
            pairs += [(one.truth[i], one.found[k]) for i, k in hits]
            misses += len(one.truth) - len(hits)
            false += len(one.found) - len(hits)
        if not pairs:
            total.append(0.0)
            continue
        share = [
            pairs.count((g, d)) / (length["g", g] + length["d", d] - pairs.count((g, d)))
            for g, d in pairs
        ]
        deta = len(pairs) / (len(pairs) + misses + false)
        total.append((deta * np.mean(share)) ** 0.5)
    return float(np.mean(total))


def _best(one, potential, length):
    rows, columns = range(len(one.truth)), range(len(one.found))
    few, many = (rows, columns) if len(rows) <= len(columns) else (columns, rows)

    def worth(pairing):
        return sum(
            one.similarity[i, k]
            * potential[one.truth[i], one.found[k]]
            / (
                length["g", one.truth[i]]
                + length["d", one.found[k]]
                - potential[one.truth[i], one.found[k]]
            )
            for i, k in pairing
        )

    every = [
        [pair if few is rows else pair[::-1] for pair in zip(few, chosen, strict=True)]
        for chosen in permutations(many, len(few))
    ]
    return max(every, key=worth)


def test_hota_beside_its_definition():
    rng = np.random.default_rng(0)
    for _ in range(60):
        g, d = rng.integers(1, 4, 2)
        frames = []
        for _ in range(int(rng.integers(1, 6))):
            truth = [n for n in range(g) if rng.random() < 0.8]
            found = [n for n in range(d) if rng.random() < 0.8]
            frames.append(frame(truth, found, rng.random((len(truth), len(found)))))
        frames.append(frame(list(range(g)), list(range(d)), rng.random((g, d))))
        assert figures(frames)["HOTA"] == pytest.approx(slow(frames), abs=1e-9)


def test_volumes():
    assert volume_iou([bar(0, 4), bar(0, 4)], [bar(0, 4), None]) == 0.5
    assert volume_iou([bar(0, 4)], [bar(2, 6)]) == pytest.approx(2 / 6)
    assert volume_iou([None], [None]) == 1


def test_cgf1_by_hand():
    """One instance found with IoU 7/9 = 0.78 beside a true refusal: 6 of 10 thresholds."""
    right = phrase([[bar(0, 8)]], [[bar(1, 9)]], [0.5])
    assert right.ious == [[pytest.approx(7 / 9)]]
    metrics = saco([right, phrase([], [], [])])
    p = 1 / (1 + 1e-4)
    assert metrics["pmF1"] == pytest.approx(0.6 * 2 * p * p / (2 * p + 1e-4), abs=1e-12)
    assert metrics["IL_MCC"] == pytest.approx(1 / (1 + 1e-6), abs=1e-12)
    assert metrics["cgF1"] == pytest.approx(metrics["pmF1"] * metrics["IL_MCC"], abs=1e-12)
    assert metrics["cgF1@0.5"] > 0.999 and metrics["cgF1@0.75"] > 0.999
    assert metrics["pHOTA"] == 0  # a score of 0.5 is not more than 0.5


def test_false_alarms_spoil_the_presence_and_not_the_masks():
    right, alarm = phrase([[bar(0, 8)]], [[bar(0, 8)]], [0.9]), phrase([], [[bar(0, 8)]], [0.9])
    metrics = saco([right, alarm, phrase([], [], []), phrase([[bar(0, 8)]], [], [])])
    assert metrics["IL_MCC"] == pytest.approx(0, abs=1e-9)  # 1 * 1 - 1 * 1
    p, r = 1 / (1 + 1e-4), 1 / (2 + 1e-4)
    assert metrics["pmF1"] == pytest.approx(2 * p * r / (p + r + 1e-4), abs=1e-12)
    assert metrics["pDetA"] == pytest.approx(1 / 3)


def test_crowds_and_empty_tracks():
    one = phrase([[bar(0, 8)], [bar(9, 12)]], [[rle(np.zeros((4, 20)))]], [0.9], crowd=[1])
    assert (one.truth, one.found) == (1, 1) and one.ious == [[0.0]]
    assert one.hota["fn"][0] == 2 and one.hota["fp"][0] == 0
    assert saco([Phrase(0, 0)])["cgF1"] == 0 and saco([])["cgF1"] is None
