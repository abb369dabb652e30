"""The catalogue of public weights, and the user's own."""

import pytest

from momentvos.errors import ModelError
from momentvos.hub.catalogue import catalogue, public_model
from momentvos.hub.consent import agree, readable, terms
from momentvos.systems.registry import systems

NAMES = {
    "samwise-mevis",
    "samwise-ytvos",
    "samwise-images",
    "momentseg-3b",
    "momentseg-7b",
    "vrshq-7b",
    "tracks-cpu",
    "tracks-small",
    "tracks-large",
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MOMENTVOS_HOME", str(tmp_path))
    monkeypatch.delenv("MOMENTVOS_YES", raising=False)
    catalogue.cache_clear()
    yield tmp_path
    catalogue.cache_clear()


def test_every_entry_says_what_a_user_must_know():
    assert set(catalogue()) >= NAMES
    for name, entry in catalogue().items():
        assert entry.system in systems(), name
        for text in (entry.title, entry.licence, entry.memory, entry.domain, entry.verified):
            assert text, name
        assert entry.size > 1_000_000
        assert entry.convert or entry.config
        assert all(f"{{{role}}}" in entry.convert for role in entry.sources) or entry.config
        for source in entry.sources.values():
            assert source.address.partition(":")[0] in ("hf", "modelscope", "drive", "https")
            assert source.files


def test_a_catalogue_of_ones_own_adds_entries(home):
    (home / "catalogue.yaml").write_text(
        "models:\n  ours:\n    title: our own\n    system: tgl\n    licence: ours\n"
        "    memory: little\n    domain: cats\n    verified: here\n"
        "    sources: {weights: {address: 'hf:lab/ours', size: 5, files: ['*.safetensors']}}\n"
    )
    assert public_model("ours").domain == "cats"
    assert set(catalogue()) >= NAMES


@pytest.mark.parametrize(
    "text", ["[", "models: 3", "models: {a: {sources: {w: none}}}", "models: {a: {sources: 1}}"]
)
def test_a_damaged_catalogue_is_one_sentence(home, text):
    (home / "catalogue.yaml").write_text(text)
    with pytest.raises(ModelError, match="cannot be read"):
        catalogue()


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ModelError, match="tracks-cpu"):
        public_model("nothing")


def test_nobody_is_asked_in_a_pipe_and_the_variable_agrees(monkeypatch):
    entry = public_model("momentseg-3b")
    with pytest.raises(ModelError, match="momentvos pull momentseg-3b"):
        agree(entry)
    agree(entry, yes=True)
    monkeypatch.setenv("MOMENTVOS_YES", "1")
    agree(entry)
    assert "9.0 GB" in terms(entry)
    assert "commercially" in terms(entry)


def test_sizes_are_readable():
    assert [readable(n) for n in (3, 12_000_000, 1_540_000_000)] == ["1 MB", "12 MB", "1.5 GB"]
