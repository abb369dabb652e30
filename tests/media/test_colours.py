import numpy as np
import pytest

from momentvos.media import hdr
from momentvos.media.colours import HLG, PQ, Colours, ToSdr

BT2020_TO_BT709 = [
    [1.6605, -0.5876, -0.0728],
    [-0.1246, 1.1329, -0.0083],
    [-0.0182, -0.1006, 1.1187],
]
"""ITU-R BT.2407, to four places."""
P3_TO_BT709 = [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0196, -0.0786, 1.0979]]


def reference(code, transfer, matrix, peak=1000.0):
    """The whole mapping in double precision, by the standards' formulas."""
    if transfer == PQ:
        nits = hdr.pq_to_nits(code)
    elif transfer == HLG:
        scene = hdr.hlg_to_scene(code)
        nits = 1000 * (scene @ [0.2627, 0.6780, 0.0593])[..., None] ** 0.2 * scene
    if transfer:
        largest = np.maximum(nits.max(-1, keepdims=True), 1e-9)
        light = nits * hdr.compress(largest, peak) / largest / 203
    else:
        light = code**2.4
    return 255 * np.clip(light @ np.array(matrix).T, 0, 1) ** (1 / 2.4)


@pytest.mark.parametrize("transfer", [PQ, HLG, 0])
@pytest.mark.parametrize("peak", [1000.0, 4000.0])
def test_any_colour(transfer, peak):
    code = np.random.default_rng(0).integers(0, 65536, (50, 400, 3), np.uint16)
    code[:2] = code[:2, :, :1]  # greys too
    rgb = ToSdr(Colours(transfer, 9, peak))(code)
    used = 1000.0 if transfer == HLG else peak
    expected = reference(code / 65535, transfer, BT2020_TO_BT709, used)
    bright = expected > 30  # near zero four places of the matrix are too few
    assert np.abs(rgb - expected)[bright].max() < 1.2
    assert np.abs(rgb - expected).mean() < 0.4
    assert np.array_equal(rgb[:2, :, 0], rgb[:2, :, 1]) and np.array_equal(
        rgb[:2, :, 0], rgb[:2, :, 2]
    )


def test_display_p3():
    code = np.random.default_rng(1).integers(20_000, 65536, (20, 100, 3), np.uint16)
    rgb = ToSdr(Colours(0, 12))(code)
    expected = reference(code / 65535, 0, P3_TO_BT709)
    assert np.abs(rgb - expected)[expected > 30].max() < 1.2


@pytest.mark.parametrize(
    ("nits", "grey"), [(0, 0), (1, 28), (50, 142), (100, 189), (203, 230), (1000, 255), (4000, 255)]
)
def test_greys_of_pq(nits, grey):
    code = np.full((1, 1, 3), np.rint(float(hdr.nits_to_pq(nits)) * 65535), np.uint16)
    assert ToSdr(Colours(PQ, 9))(code)[0, 0].tolist() == [grey] * 3


def test_reference_white_is_alike_in_both_systems():
    codes = [round(0.58068888 * 65535), round(0.75 * 65535)]
    white = [
        ToSdr(Colours(transfer, 9))(np.full((1, 1, 3), code, np.uint16))[0, 0, 0]
        for transfer, code in zip((PQ, HLG), codes, strict=True)
    ]
    assert white == [230, 230]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ((1, 1, 1), None),
        ((2, 2, 2), None),
        ((13, 1, 1), None),
        ((6, 6, 6), None),
        ((8, 4, 5), None),
        ((PQ, 9, 9), Colours(PQ, 9)),
        ((HLG, 2, 2), Colours(HLG, 9)),
        ((HLG, 1, 1), Colours(HLG, 1)),
        ((PQ, 12, 6), Colours(PQ, 12)),
        ((14, 9, 9), Colours(0, 9)),
        ((2, 2, 9), Colours(0, 9)),
        ((13, 12, 1), Colours(0, 12)),
    ],
)
def test_labels(labels, expected):
    assert Colours.of(*labels) == expected


def test_peaks():
    assert Colours.of(PQ, 9, peak=4000.0).peak == 4000 and Colours.of(PQ, 9, peak=0.0).peak == 1000
    assert Colours.of(PQ, 9, peak=1e9).peak == 10_000
    code = np.full((1, 1, 3), round(0.7518 * 65535), np.uint16)
    assert ToSdr(Colours(PQ, 9, 4000.0))(code).max() < 251


def test_notes():
    assert Colours(PQ, 9).note == "HDR (PQ) was mapped to SDR"
    assert Colours(HLG, 9).note == "HDR (HLG) was mapped to SDR"
    assert Colours(0, 9).note == "BT.2020 colours were mapped to BT.709"
