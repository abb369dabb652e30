"""Systems that other packages register, and cannot be used: one plain sentence each."""

from importlib.metadata import EntryPoint

import pytest

from momentvos.errors import ModelError
from momentvos.systems import registry
from momentvos.systems.registry import SystemEntry

ENTRY = SystemEntry("Other", "momentvos.nowhere:Model", weights="momentvos_nowhere")


@pytest.fixture
def register(monkeypatch):
    """Registers entry points in place of those that are installed."""

    def make(*points):
        made = [EntryPoint(name, value, registry.GROUP) for name, value in points]
        monkeypatch.setattr(registry, "entry_points", lambda group: made)
        registry.registered.cache_clear()

    yield make
    registry.registered.cache_clear()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("momentvos.nowhere:ENTRY", "'other' cannot be imported: No module named"),
        ("momentvos.errors:ENTRY", "'other' cannot be imported: .*no attribute 'ENTRY'"),
        ("momentvos.errors:ModelError", "'other' .* is no SystemEntry"),
    ],
)
def test_a_broken_entry_point_is_named_and_stops_no_other(register, value, message):
    register(("other", value), ("tgl", "momentvos.systems.tgl:ENTRY"))
    with pytest.warns(RuntimeWarning, match=f"{message}.* It is left out"):
        assert list(registry.systems()) == ["tgl"]
    with pytest.raises(ModelError, match=message):
        registry.system("other")
    assert registry.system("tgl").__name__ == "TglModel"


def test_one_name_belongs_to_one_package(register):
    register(("tgl", "momentvos.systems.tgl:ENTRY"), ("tgl", "momentvos.systems.vrshq:ENTRY"))
    with pytest.raises(ModelError, match=r"'tgl' .* is registered by two packages"):
        registry.systems()


def test_what_an_entry_names_and_is_not_there_is_named():
    with pytest.raises(ModelError, match=r"'Other' \(momentvos.nowhere:Model\) cannot be imported"):
        ENTRY.load()
    with pytest.raises(ModelError, match="bundled models of the system 'Other' cannot be found"):
        ENTRY.bundled()
