"""Sentences that are imported together with videos."""

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from dataclasses import asdict

from momentvos.errors import DataError
from momentvos.moment import Moment


@pytest.fixture
def films(make_clip, tmp_path):
    """A folder of two videos: films(name=text, ...) writes texts beside them and reads it."""
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4"):
        make_clip(f"films/{name}", seed=ord(name[0]))

    def read(**texts):
        from momentvos.server.inspection import inspect
        from momentvos.server.settings import Limits
        from momentvos.studio.imports.read import read

        for name, text in texts.items():
            (folder / name.replace("_", ".")).write_text(text, "utf-8")
        return read(folder, None, None, lambda path: inspect(path, asdict(Limits())))

    return read


def said(project):
    return {one.name: [e.sentence for e in one.expressions] for one in project.videos}


def test_a_table_and_texts_beside_the_videos_are_their_sentences(films, studio):
    project = films(
        sentences_csv='video,sentence\nb.mp4,"a square, red"\nb.mp4,it moves\nb.mp4,it moves\n',
        a_txt="the red square\n\n  it grows \n",
        b_txt="it stops\n",
    )
    assert said(project) == {
        "a.mp4": ["the red square", "it grows"],
        "b.mp4": ["a square, red", "it moves", "it stops"],
    }
    number = studio.projects.add("films", project, "ada")
    ids = studio.ids(number)
    assert ("b.mp4", "2") in ids
    studio.projects.assign(number, list(ids.values()), "bo", "ada")
    mine = studio.items.annotation(studio.mine(ids["a.mp4", "0"], "bo"))
    assert mine["moments"] == [{"object": "", "spans": []}]


def test_a_span_of_a_whole_sentence_comes_out_again(films, studio, tmp_path):
    from momentvos.studio import changes as c
    from momentvos.studio.snapshot import take

    number = studio.projects.add("films", films(a_txt="the red square"), "ada")
    (expression,) = studio.ids(number).values()
    studio.projects.assign(number, [expression], "bo", "ada")
    studio.say(studio.mine(expression, "bo"), c.Mark(object="", span=(1, 3)), c.Submit())
    (result,) = take(studio.database, number).films[0].results
    assert result.moments == {"": Moment([(1, 3)])}
    studio.export(number, tmp_path / "spans.csv", "spans")
    assert "a.mp4,0,the red square,,submitted,bo" in (tmp_path / "spans.csv").read_text()


def test_without_sentences_videos_are_imported_as_they_are(films):
    assert said(films()) == {"a.mp4": [], "b.mp4": []}


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"sentences_csv": "video,sentence\nc.mp4,a dog\n"}, "line 2: there is no video 'c.mp4'"),
        ({"sentences_csv": "video,sentence\na.mp4,\n"}, "line 2"),
        ({"a_txt": "fine\n" + "word " * 300}, "a.txt', line 2"),
        ({"a_txt": "a\0b"}, "no NUL"),
    ],
)
def test_what_does_not_fit_names_its_line(films, texts, words):
    with pytest.raises(DataError, match=words):
        films(**texts)
