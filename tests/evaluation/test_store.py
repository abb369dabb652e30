import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from momentvos.errors import OutputError
from momentvos.evaluation.store import FOLDER, Store, writing


def row(video, expression="0", error=None, **others):
    return {"video": video, "expression": expression, "error": error, **others}


def test_what_is_appended_is_found_again(tmp_path):
    with writing(tmp_path, "1-of-2") as one, writing(tmp_path, "2-of-2") as two:
        one.append(row("a", scores={"j": 0.5}))
        two.append(row("b", "ü/7"))
        store = Store(tmp_path)
    assert len(store) == 2 and store.done(("a", "0")) and store.done(("b", "ü/7"))
    assert store.load(("a", "0"))["scores"] == {"j": 0.5}
    assert ("c", "0") not in store and not store.done(("c", "0"))


@settings(max_examples=60)
@given(st.data())
def test_a_file_cut_anywhere_keeps_its_whole_lines_and_goes_on(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("run")
    with writing(folder, "1-of-1") as writer:
        for number in range(4):
            writer.append(row(f"v{number}", text="x" * 40 * number))
    path = folder / FOLDER / "1-of-1.jsonl"
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    kept = whole[:cut].count(b"\n")
    assert len(Store(folder)) == kept
    with writing(folder, "1-of-1") as writer:
        writer.append(row("new"))
    store = Store(folder)
    assert len(store) == kept + 1 and store.done(("new", "0")) and not store.unreadable
    assert [json.loads(line)["video"] for line in path.read_bytes().splitlines()] == [
        *[f"v{number}" for number in range(kept)],
        "new",
    ]


def test_a_tail_longer_than_a_block_is_cut_too(tmp_path):
    with writing(tmp_path, "1-of-1") as writer:
        writer.append(row("a"))
    path = tmp_path / FOLDER / "1-of-1.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b"{" * 200_000)
    with writing(tmp_path, "1-of-1"):
        assert path.read_bytes() == whole


def test_lines_that_are_no_answers_are_asked_again(tmp_path):
    path = tmp_path / FOLDER / "1-of-1.jsonl"
    path.parent.mkdir()
    path.write_bytes(b'\0\0\0\n[1]\n{"video": "a"}\n' + json.dumps(row("b")).encode() + b"\n")
    store = Store(tmp_path)
    assert store.unreadable == 3 and len(store) == 1 and store.done(("b", "0"))


def test_an_error_is_no_answer_and_a_later_answer_replaces_it(tmp_path):
    with writing(tmp_path, "1-of-1") as writer:
        writer.append(row("a", error="no memory"))
        store = Store(tmp_path)
        assert ("a", "0") in store and not store.done(("a", "0"))
        writer.append(row("a"))
        writer.append(row("a", error="again"))
    store.refresh()
    assert store.done(("a", "0")) and store.load(("a", "0"))["error"] is None


def test_two_writers_of_one_file_are_refused(tmp_path):
    with writing(tmp_path, "1-of-1"):
        with pytest.raises(OutputError, match="Another process"), writing(tmp_path, "1-of-1"):
            pass
        code = (
            "import sys, pathlib\nfrom momentvos.evaluation.store import writing\n"
            "with writing(pathlib.Path(sys.argv[1]), '1-of-1'): pass"
        )
        result = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True
        )
        assert "Another process" in result.stderr
    with writing(tmp_path, "1-of-1"):
        pass


def test_a_line_that_does_not_fit_the_disk_leaves_the_others_whole(tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with writing(tmp_path, "1-of-1") as writer:
        writer.append(row("a"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
        try:
            with pytest.raises(OutputError, match=r"1-of-1\.jsonl: File too large"):
                writer.append(row("b", text="x" * 1000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        writer.append(row("c"))
    store = Store(tmp_path)
    assert store.done(("a", "0")) and store.done(("c", "0")) and len(store) == 2
    assert not store.unreadable


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "link"])
def test_answers_are_written_inside_the_folder_alone(tmp_path, name):
    (tmp_path / "run/answers").mkdir(parents=True)
    (tmp_path / "other").write_text("kept")
    (tmp_path / "run/answers/link.jsonl").symlink_to(tmp_path / "other")
    with pytest.raises(OutputError), writing(tmp_path / "run", name):
        pass
    assert (tmp_path / "other").read_text() == "kept"
