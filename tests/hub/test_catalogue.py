"""The catalogue of public weights, and the user's own."""

from pathlib import Path

import pytest

from momentvos.errors import ModelError
from momentvos.home import part_folder
from momentvos.hub.catalogue import PublicPart, catalogue, parts, public
from momentvos.hub.consent import agree, missing, readable, terms
from momentvos.systems.registry import systems

NAMES = {
    "samwise-mevis",
    "samwise-ytvos",
    "samwise-images",
    "momentseg-3b",
    "momentseg-7b",
    "sa2va-qwen2.5-vl-3b",
    "sa2va-qwen2.5-vl-7b",
    "sa2va-qwen3-vl-4b",
    "vrshq-7b",
    "tracks-cpu",
    "tracks-small",
    "tracks-large",
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MOMENTVOS_HOME", str(tmp_path))
    monkeypatch.delenv("MOMENTVOS_YES", raising=False)
    return tmp_path


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
    assert public("ours").domain == "cats"
    assert set(catalogue()) >= NAMES


@pytest.mark.parametrize(
    "text", ["[", "models: 3", "models: {a: {sources: {w: none}}}", "models: {a: {sources: 1}}"]
)
def test_a_damaged_catalogue_is_one_sentence(home, text):
    (home / "catalogue.yaml").write_text(text)
    with pytest.raises(ModelError, match="cannot be read"):
        catalogue()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{size: 1}", "lacks 'address'"),
        ("{address: 'hf:a/b'}", "lacks 'size'"),
        ("{address: 'hf:a/b', size: [1]}", "no number of bytes"),
        ("{address: 'hf:a/b', size: -1}", "no number of bytes"),
        ("{address: 7, size: 1}", "are texts"),
        ("{address: 'hf:a/b', size: 1, files: [{}]}", "are texts"),
    ],
)
def test_a_part_of_ones_own_with_a_faulty_source(monkeypatch, tmp_path, source, why):
    monkeypatch.setenv("MOMENTVOS_HOME", str(tmp_path))
    (tmp_path / "catalogue.yaml").write_text(f"parts: {{mine: {source}}}")
    with pytest.raises(ModelError, match=f"catalogue.yaml' cannot be read .*{why}"):
        catalogue()


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ModelError, match="did you mean 'tracks-cpu'"):
        public("trakcs-cpu")
    with pytest.raises(ModelError, match="`momentvos models` lists"):
        public("nothing of this kind")


def test_every_part_says_what_it_is_for_in_kinds_that_there_are():
    from momentvos.grounding.registry import grounders
    from momentvos.systems.tracks.parts import KINDS

    assert {
        "xclip-base",
        "llmdet-tiny",
        "owlv2-base",
        "qwen3-vl-4b",
        "sam2.1-small",
        "edgetam",
    } <= set(parts())
    for name, part in parts().items():
        assert part.title, name
        assert part.licence, name
        assert part.verified.startswith("unverified"), name
        assert part.source.part, name
        for role, kind in part.uses.items():
            assert kind in (grounders() if role == "grounder" else KINDS[role]), name
    for name in ("tracks-cpu", "tracks-small", "tracks-large"):
        entry = catalogue()[name]
        told = {one["model"] for one in entry.config.values() if "model" in one}
        shared = {one.source.address: one for one in parts().values()}
        assert told == {shared[one.address].repository for one in entry.sources.values()}


def test_parts_of_ones_own_may_be_named_by_models_of_ones_own(home):
    (home / "catalogue.yaml").write_text(
        "parts:\n  our-eyes: {address: 'hf:lab/eyes', size: 5, files: ['*.safetensors'],"
        " uses: {detector: owlv2}}\n"
        "models:\n  ours:\n    title: our own\n    system: tracks\n    licence: ours\n"
        "    memory: little\n    domain: cats\n    verified: here\n    config: {model_type: x}\n"
        "    sources: {detector: our-eyes, tracker: sam2.1-tiny}\n"
    )
    eyes = public("our-eyes")
    assert isinstance(eyes, PublicPart)
    assert eyes.repository == "lab/eyes"
    assert eyes.licence == "not stated"
    assert public("ours").size == 5 + parts()["sam2.1-tiny"].size


def test_nobody_is_asked_in_a_pipe_and_the_variable_agrees(monkeypatch):
    entry = public("momentseg-3b")
    with pytest.raises(ModelError, match="momentvos pull momentseg-3b --yes"):
        agree(entry)
    agree(entry, yes=True)
    monkeypatch.setenv("MOMENTVOS_YES", "1")
    agree(entry)
    assert "9.0 GB" in terms(entry)
    assert "commercially" in terms(entry)


def test_what_is_here_already_is_not_fetched_again_and_not_counted(home):
    entry = public("tracks-small")
    assert missing(entry) == entry.size
    for name in ("grounding-dino-tiny", "sam2.1-tiny"):
        source = parts()[name].source
        folder = part_folder(source.address, source.revision)
        folder.mkdir(parents=True)
        (folder / "pulled.json").write_text("{}")
    assert missing(entry) == parts()["qwen3-vl-2b"].size
    assert "4.3 GB (another 846 MB are here)" in terms(entry)


def test_sizes_are_readable():
    assert [readable(n) for n in (3, 12_000_000, 1_540_000_000)] == ["1 MB", "12 MB", "1.5 GB"]


DOCS = Path(__file__).parents[2] / "docs"


def test_the_guides_say_what_the_catalogue_says():
    weights = (DOCS / "real-weights.md").read_text("utf-8").splitlines()
    own = (DOCS / "your-own-video.md").read_text("utf-8").splitlines()
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    for name, entry in catalogue().items():
        (row,) = [
            line
            for line in (own if entry.system == "tracks" else weights)
            if line.startswith("|") and f"| `{name}` |" in line and "GB" in line
        ]
        assert readable(entry.size) in row, name
        assert entry.memory.removesuffix(" (estimated)").split(" of a")[0] in row, name
        assert name in readme or entry.system != "tracks", name
