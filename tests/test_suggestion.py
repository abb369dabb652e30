import pytest

from momentvos.suggestion import did_you_mean, nearest

KNOWN = ("tgl-mini", "tracks-cpu", "seed", "MeViS")


@pytest.mark.parametrize(
    ("name", "meant"),
    [("tgl-mnii", "tgl-mini"), ("TGL-MINI", "tgl-mini"), ("mevis", "MeViS"), ("sede", "seed")],
)
def test_the_nearest_name(name, meant):
    assert nearest(name, KNOWN) == meant
    assert did_you_mean(name, KNOWN) == f"; did you mean '{meant}'?"


@pytest.mark.parametrize("name", ["", "zzz", "x" * 100_000])
def test_nothing_near(name):
    assert nearest(name, KNOWN) is None
    assert did_you_mean(name, KNOWN) == "."
