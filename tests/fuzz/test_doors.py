"""Every door opens: its own files and those that failed once end well, as `make fuzz` has them."""

import tempfile

import pytest
from tests.fuzz.cases import fuzz
from tests.fuzz.doors import DOORS

UNANSWERED = {"official"}
"""Doors of folders that are refused in the end for what they lack."""


@pytest.mark.slow
@pytest.mark.parametrize("name", DOORS)
def test_files_of_its_own_and_those_that_failed_once(name, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for variable in ("TMPDIR", "MPLCONFIGDIR", "HF_HOME"):  # fuzz sets these
        monkeypatch.setenv(variable, str(tmp_path))
    tally = fuzz(name, DOORS[name], 0, 0, 3600, tmp_path, None)
    assert tally.bad == 0
    assert tally.ends.get("answered", 0) > 0 or name in UNANSWERED
