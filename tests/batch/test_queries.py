"""What is asked of which video: folders, globs, lists, and tables in every dialect."""

import json
import os
from pathlib import Path

import pytest

from momentvos.batch import Ask, gather
from momentvos.errors import DataError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "clips/10.mp4",
        "clips/2.mp4",
        "clips/sub/2.MP4",
        "clips/notes.md",
        "clips/.x.mp4",
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"x")
    Path("clips/frames").mkdir()
    for number in range(3):
        Path(f"clips/frames/{number}.jpg").write_bytes(b"x")


def names(*inputs, **others):
    return [query.name for query in gather(inputs, ["a cat"], None, Path("out"), **others)]


def table(content, name="queries.csv", sentences=()):
    data = content if isinstance(content, bytes) else content.encode()
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(data)
    return gather([], sentences, name, Path("out"))


def asked(queries):
    return [(query.name, [ask.sentence for ask in query.asks]) for query in queries]


WHOLE = ["clips/2.mp4", "clips/10.mp4", "clips/frames", "clips/sub/2.MP4"]


@pytest.mark.parametrize("folder", ["clips", "clips/", "./clips"])
def test_a_folder_is_searched_in_natural_order_with_folders_of_frames(folder):
    assert names(folder) == WHOLE


def test_a_glob_a_list_and_stdin_name_videos(monkeypatch):
    import io
    import sys

    assert names("clips/*.mp4") == ["clips/2.mp4", "clips/10.mp4"]
    assert names("clips/**/*.MP4") == ["clips/sub/2.MP4"]
    Path("clips/list.txt").write_text("# mine\n10.mp4\n\nsub/2.MP4\nmissing.mp4\n")
    assert names("clips/list.txt") == ["clips/10.mp4", "clips/sub/2.MP4", "clips/missing.mp4"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"clips/2.mp4\0clips/10.mp4\0")))
    assert names("-") == ["clips/2.mp4", "clips/10.mp4"]


def test_a_file_of_that_very_name_is_no_glob():
    Path("a[1].mp4").write_bytes(b"x")
    assert names("a[1].mp4") == ["a[1].mp4"]


def test_a_video_that_is_named_twice_is_one():
    assert names("clips/2.mp4", "clips", str(Path("clips/2.mp4").absolute()))[:2] == [
        "clips/2.mp4",
        "clips/10.mp4",
    ]


def test_results_and_circles_of_links_are_left_out():
    Path("clips/circle").symlink_to(Path("clips").absolute())
    for folder, mark in (("clips/earlier", "prediction.json"), ("clips/other", "batch.json")):
        Path(folder).mkdir()
        Path(folder, mark).write_text("{}")
        Path(folder, "overlay.mp4").write_bytes(b"x")
    Path("clips/out").mkdir()
    Path("clips/out/0.mp4").write_bytes(b"x")
    found = gather(["clips"], ["a cat"], None, Path("clips/out"))
    assert [query.name for query in found] == WHOLE


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (["nowhere.mp4"], "'nowhere.mp4' does not exist"),
        (["clips/*.avi"], "'clips/*.avi' matches no file"),
        (["empty"], "'empty' holds no videos"),
        (["t.csv"], "give it as --queries t.csv"),
        (["none.txt"], "names no videos"),
        ([], "nothing to do"),
    ],
)
def test_inputs_that_lead_nowhere(inputs, said):
    Path("empty").mkdir()
    Path("t.csv").write_text("video,sentence\n")
    Path("none.txt").write_text("\n# nothing\n")
    with pytest.raises(DataError, match=said.replace("*", r"\*")):
        names(*inputs)


def test_one_missing_file_among_others_is_for_the_manifest():
    assert names("nowhere.mp4", "clips/2.mp4") == ["nowhere.mp4", "clips/2.mp4"]


@pytest.mark.parametrize(
    "content",
    [
        "video,sentence\na.mp4,the cat\nb.mp4,a dog\na.mp4,a dog\n",
        "\ufeffvideo,sentence\r\na.mp4,the cat\r\nb.mp4,a dog\r\na.mp4,a dog\r\n",
        "Sentence; VIDEO ;x\nthe cat;a.mp4;1\na dog;b.mp4;\n\na dog;a.mp4;2",
        "video\tsentence\na.mp4\t'the cat'\nb.mp4\ta dog\na.mp4\ta dog\n".replace("'", ""),
        'video, sentence\na.mp4, "the cat"\nb.mp4, a dog\na.mp4,a dog\na.mp4,a dog\n',
        "video,sentence\na.mp4,the cat\nb.mp4,a dog\na.mp4,a dog\n".encode("utf-16"),
    ],
)
def test_tables_of_every_dialect_ask_a_video_once(content):
    queries = table(content)
    assert asked(queries) == [("a.mp4", ["the cat", "a dog"]), ("b.mp4", ["a dog"])]


def test_quotes_hold_commas_quotes_and_line_ends():
    queries = table('video,sentence\n"a, b.mp4","the ""big"" cat,\nthat runs"\nc.mp4,x\n')
    assert asked(queries) == [("a, b.mp4", ['the "big" cat,\nthat runs']), ("c.mp4", ["x"])]


def test_json_lines_and_paths_from_where_the_table_lies():
    rows = [
        {"video": "2.mp4", "sentence": "the cat", "moment": "0:3", "id": 7},
        {"video": "2.mp4", "sentence": "the cat", "moment": None, "id": "b"},
    ]
    (query,) = table("\n\n".join(map(json.dumps, rows)), "clips/q.jsonl")
    assert query.video == str(Path("clips/2.mp4").absolute())
    assert query.asks == (Ask("7", "the cat", "0:3"), Ask("b", "the cat"))


def test_a_table_of_videos_alone_takes_the_sentences_given():
    queries = table("video\na.mp4\nb.mp4\n", sentences=["x", "y"])
    assert asked(queries) == [("a.mp4", ["x", "y"]), ("b.mp4", ["x", "y"])]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a.mp4,the cat\n", "line 1: the first line must name the columns, video,sentence"),
        ("", "line 1: the first line must name"),
        ("video,sentence\n", "has no rows"),
        ("video,sentence\na.mp4,x\n,y\n", "line 3: it names no video"),
        ("video,sentence\na.mp4,x\nb.mp4,\n", "line 3: it has no sentence for 'b.mp4'"),
        ("video,sentence\na.mp4,the cat, that runs\n", 'line 2: it has 3 cells.*into "quotes"'),
        ('video,sentence\n\na.mp4,"x\nb.mp4,y\n', "line 3: it is no CSV"),
        pytest.param(f"video,{'x' * 200_000}\n", "line 1: it is no CSV", id="wide"),
        ("video,video,sentence\na,b,c\n", "two columns 'video'"),
        ("video,sentence,id\na.mp4,x,1\nb.mp4,x,1\n", "line 3: the id '1' is that of another"),
        ("video,sentence,id\na.mp4,x,A\nb.mp4,x,a\n", "upper and lower case"),
        (b"video,sentence\na.mp4,caf\xe9\n", "line 2: it is not UTF-8"),
        ('{"video": "a"}\n', "line 1: it has no sentence"),
        ('{"video": "a", "sentence": "x"}\n{"video": \n', "line 2: it is not JSON"),
        ('{"video": "a", "sentence": "x"}\n[1]\n', "line 2: give one object a line"),
        ('{"video": ["a"], "sentence": "x"}', "line 1: 'video' must be text"),
        ('{"video": "a\\u0000", "sentence": "x"}', "line 1: 'video' holds a NUL"),
    ],
)
def test_a_table_at_fault_is_told_by_its_line(content, said):
    with pytest.raises(DataError, match=said):
        table(content)


def test_names_of_answers_are_safe_unique_and_stable():
    odd = [
        "a b.mp4",
        "-x.mp4",
        "ü/狗 🐕.mp4",
        "x" * 300 + ".mp4",
        "other/a b.mp4",
        "con.mp4",
        "🐕.mp4",
    ]
    first = gather(
        ["clips/2.mp4", *odd], ["The Cat!", "the cat", "-", "y" * 300], None, Path("out")
    )
    folders = [ask.folder for query in first for ask in query.asks]
    assert len(set(map(str.casefold, folders))) == len(folders) == 8 * 4
    for folder in folders:
        top, *parts = folder.split("/")
        assert top == "results" and len(parts) == 2
        assert all(len(os.fsencode(one)) < 120 and one[0] not in "-. " for one in parts)
    later = gather([*reversed(odd), "clips/2.mp4", "clips"], ["the cat"], None, Path("out"))
    known = {query.video: query.asks[1] for query in first}
    assert all(query.asks[0] == known[query.video] for query in later if query.video in known)
    assert first[0].asks[1].folder.endswith("/the-cat")


@pytest.mark.parametrize(
    "identity", ["../x", "/etc", "a/b", "..", "CON", "x" * 500, "-rf", ".", "a\nb"]
)
def test_ids_of_anyone_stay_inside(identity):
    folder = Ask(identity, "the cat").folder
    assert folder.count("/") == 2 and ".." not in folder.split("/") and "\n" not in folder
    assert Ask("row-7.A", "the cat").folder == "results/row-7.A/the-cat"


def test_what_is_given_twice_is_refused():
    with pytest.raises(DataError, match="leave out -s"):
        table("video,sentence\na.mp4,x\n", sentences=["y"])
    with pytest.raises(DataError, match="Say what to find"):
        gather(["clips"], [], None, Path("out"))
