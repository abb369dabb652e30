"""Reference values of SMPTE ST 2084, ITU-R BT.2100, BT.2390 and BT.2408."""

import numpy as np
import pytest

from momentvos.media import hdr


@pytest.mark.parametrize(
    ("nits", "code"),
    [(0, 0), (1, 0.1499), (100, 0.5081), (203, 0.5807), (1000, 0.7518), (4000, 0.9026), (1e4, 1)],
)
def test_pq(nits, code):
    assert float(hdr.nits_to_pq(nits)) == pytest.approx(code, abs=6e-5)
    assert float(hdr.pq_to_nits(hdr.nits_to_pq(nits))) == pytest.approx(nits, abs=1e-6, rel=1e-6)


@pytest.mark.parametrize(
    ("code", "nits"), [(0, 0), (0.38, 26), (0.5, 50.7), (0.75, 203), (1, 1000)]
)
def test_hlg_on_a_display_of_1000_nits(code, nits):
    """BT.2408 table 1: 75 % is the reference white of 203 nits, 38 % an 18 % grey card's 26."""
    scene = float(hdr.hlg_to_scene(np.float64(code)))
    assert hdr.HLG_PEAK * scene**hdr.HLG_GAMMA == pytest.approx(nits, rel=0.02)


def test_hlg_is_continuous_at_its_knee():
    below, above = hdr.hlg_to_scene(np.array([0.5, 0.5 + 1e-9]))
    assert below == pytest.approx(1 / 12) and above == pytest.approx(1 / 12, abs=1e-6)


@pytest.mark.parametrize("peak", [400.0, 1000.0, 4000.0, 10_000.0])
def test_tone_curve(peak):
    nits = np.geomspace(0.01, 10_000, 4000)
    out = hdr.compress(nits, peak)
    assert np.all(np.diff(out) >= -1e-9) and out.max() == pytest.approx(203, rel=1e-4)
    assert np.all(out <= nits * (1 + 1e-9))
    assert float(hdr.compress(np.array([peak]), peak)[0]) == pytest.approx(203, rel=1e-6)
    knee = 1.5 * hdr.nits_to_pq(203) / hdr.nits_to_pq(peak) - 0.5
    dark = nits < float(hdr.pq_to_nits(knee * hdr.nits_to_pq(peak)))
    assert out[dark] == pytest.approx(nits[dark], rel=1e-6)


def test_tone_curve_of_a_dim_programme():
    nits = np.array([0.0, 50.0, 100.0, 203.0, 500.0])
    assert hdr.compress(nits, 150.0).tolist() == [0, 50, 100, 203, 203]
