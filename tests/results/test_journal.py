"""A journal: records that appear whole, of one question, and what becomes of damage."""

import json

import pytest
import torch

from momentvos.errors import OutputError
from momentvos.results import journal
from momentvos.results.journal import NO_JOURNAL, Journal, resumed
from momentvos.results.record import State


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    for name in ("LEAST", "SHARE", "LOST"):
        monkeypatch.setattr(journal, name, 0.0)


def kept(folder, question, **records):
    with resumed(folder, lambda: question) as made:
        for key, state in records.items():
            made.put(key, state)


def test_a_record_comes_back_to_the_last_bit(tmp_path):
    tensors = {"a": torch.randn(3, 4), "b": torch.randn(5).bfloat16(), "c": torch.arange(3)}
    values = {"x": 0.1 + 0.2, "text": "ein Hund – 犬", "list": [[1, 2], None]}
    outer = State({"y": 1}, {"a": torch.ones(2)}).add("inner", State(values, tensors))
    kept(tmp_path / "folder", {"q": 1}, one=outer)
    with resumed(tmp_path / "folder", lambda: {"q": 1}) as made:
        state = made.get("one")
        assert state.values["y"] == 1 and state.tensors["a"].tolist() == [1, 1]
        inner = state.part("inner")
        assert inner.values == values
        assert inner.tensors.keys() == tensors.keys()
        for name, value in tensors.items():
            assert inner.tensors[name].dtype == value.dtype
            assert torch.equal(inner.tensors[name], value)
        assert made.get("two") is None and not made.notes


def test_a_part_of_a_batch_is_kept_by_itself(tmp_path):
    """Rows of one tensor share its memory, which safetensors would refuse or write whole."""
    rows = torch.randn(100, 64)
    kept(tmp_path / "folder", {}, one=State({}, {"a": rows[3], "b": rows[4]}))
    with resumed(tmp_path / "folder") as made:
        assert torch.equal(made.get("one").tensors["b"], rows[4])
    assert (tmp_path / "folder" / "one.safetensors").stat().st_size < 2000


def test_another_question_is_told_what_differs(tmp_path):
    kept(tmp_path / "folder", {"sentences": ["a dog"], "weights": "a" * 32}, one=State())
    with (
        pytest.raises(OutputError, match=r'its sentences are \["a dog"\], not \["a cat"\]'),
        resumed(tmp_path / "folder", lambda: {"sentences": ["a cat"], "weights": "a" * 32}),
    ):
        pass
    with (
        pytest.raises(OutputError, match="its weights are others"),
        resumed(tmp_path / "folder", lambda: {"sentences": ["a dog"], "weights": "b" * 32}),
    ):
        pass


@pytest.mark.parametrize("content", [b"", b"\x00" * 50, b'{"x": 1}', b"\xff" * 9 + b"{}" * 9])
def test_a_damaged_record_is_made_anew_and_noted(tmp_path, content):
    kept(tmp_path / "folder", {}, one=State({"x": 1}), two=State({"x": 2}))
    (tmp_path / "folder" / "one.safetensors").write_bytes(content)
    with resumed(tmp_path / "folder") as made:
        assert made.get("one") is None
        assert "'one'" in made.notes[0] and "damaged" in made.notes[0]
        assert made.get("two").values == {"x": 2}
        answer = made.memo("one", lambda: 5, lambda x: State({"x": x}), lambda s: s.values["x"])
        assert answer == 5
    with resumed(tmp_path / "folder") as made:
        assert made.get("one").values == {"x": 5}


def test_a_flipped_bit_is_damage(tmp_path):
    kept(tmp_path / "folder", {}, one=State({}, {"a": torch.zeros(1000)}))
    path = tmp_path / "folder" / "one.safetensors"
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)
    with resumed(tmp_path / "folder") as made:
        assert made.get("one") is None and "damaged" in made.notes[0]


def test_a_record_of_something_else_is_made_anew(tmp_path):
    kept(tmp_path / "folder", {}, one=State({"y": 1}))
    with resumed(tmp_path / "folder") as made:
        made_anew = made.memo("one", lambda: 5, lambda x: State({"x": x}), lambda s: s.values["x"])
    assert made_anew == 5 and len(made.notes) == 1


@pytest.mark.parametrize("content", ["", "[]", "{", "{" * 10_000])
def test_a_damaged_question_begins_anew(tmp_path, content):
    kept(tmp_path / "folder", {"q": 1}, one=State())
    (tmp_path / "folder" / "question.json").write_text(content)
    with resumed(tmp_path / "folder", lambda: {"q": 1}) as made:
        assert made.get("one") is None and "damaged" in made.notes[0]
        made.put("two", State())
    assert json.loads((tmp_path / "folder" / "question.json").read_text()) == {"q": 1}
    assert not (tmp_path / "folder" / "one.safetensors").exists()


def test_only_one_process_at_a_time(tmp_path):
    with resumed(tmp_path / "folder") as made:
        made.put("one", State())
        with (
            pytest.raises(OutputError, match="Another run keeps its progress"),
            resumed(tmp_path / "folder"),
        ):
            pass
        other = Journal(tmp_path / "folder")
        other.put("one", State({"mixed": True}))
        assert "Another run" in other.notes[0] and not other
        assert made.get("one").values == {}


def test_others_files_stay(tmp_path):
    folder = tmp_path / "folder"
    kept(folder, {}, one=State())
    (folder / "notes.txt").write_text("mine")
    Journal(folder).remove()
    assert [one.name for one in folder.iterdir()] == ["notes.txt"]
    (folder / "notes.txt").unlink()
    kept(folder, {}, one=State())
    Journal(folder).remove()
    assert not folder.exists()


def test_nothing_is_written_before_there_is_work_to_lose(tmp_path):
    made = Journal(tmp_path / "folder", after=3600)
    made.put("one", State({"x": 1}))
    assert not made.due and made.get("one").values == {"x": 1}
    assert not (tmp_path / "folder").exists()
    made._begun -= 3600
    made.put("two", State())
    assert {one.stem for one in (tmp_path / "folder").glob("*.safetensors")} == {"one", "two"}
    made.close()


def test_a_refusing_disk_ends_keeping_and_not_the_work(tmp_path):
    (tmp_path / "file").write_text("in the way")
    made = Journal(tmp_path / "file" / "folder")
    assert made.memo("one", lambda: 5, lambda x: State({"x": x}), lambda s: s.values["x"]) == 5
    assert "could no longer be kept" in made.notes[0] and not made.due


def test_keys_lead_nowhere_else(tmp_path):
    made = Journal(tmp_path / "folder")
    for key in ("../one", "a/b", "", "A", "x" * 100):
        with pytest.raises(ValueError, match="names no record"):
            made.put(key, State())
    made.close()


def test_without_a_folder_nothing_is_there():
    assert not NO_JOURNAL and not NO_JOURNAL.due and NO_JOURNAL.get("one") is None
    NO_JOURNAL.put("one", State())
    assert NO_JOURNAL.get("one") is None
