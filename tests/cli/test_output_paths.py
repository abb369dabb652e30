"""Names of result folders, and finding out early that they cannot be written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.cli.output_paths import check_writable, default_folder, result_folders
from momentvos.errors import OutputError
from momentvos.paths import slug


def test_slug_is_made_of_the_words():
    assert slug("The dog that JUMPS, then turns back!") == "the-dog-that-jumps-then-turns-back"


def test_slug_keeps_other_scripts():
    assert slug("der Hund, der über Zäune springt") == "der-hund-der-über-zäune-springt"


@given(st.text(max_size=300))
def test_slug_is_always_a_plain_short_name(text):
    name = slug(text)
    assert name and len(name.encode()) <= 60
    assert Path(name).name == name
    assert not name.startswith((".", "-")) and "/" not in name and "\0" not in name


def test_one_sentence_writes_into_the_folder_itself():
    assert result_folders(Path("out"), ["the dog"]) == [Path("out")]


@given(st.lists(st.sampled_from(["the dog", "The dog!", "…", "a"]), min_size=2, max_size=120))
def test_several_sentences_never_collide(sentences):
    folders = result_folders(Path("out"), sentences)
    assert len(set(folders)) == len(sentences)
    assert folders == sorted(folders)
    assert all(folder.parent == Path("out") for folder in folders)


def test_default_folder_is_named_after_the_video():
    assert default_folder(Path("/videos/clip.mp4")) == Path("clip_momentvos")
    assert default_folder(Path("/videos/frames/")) == Path("frames_momentvos")


def test_writable_places_pass_and_nothing_is_left(tmp_path):
    check_writable(tmp_path)
    check_writable(tmp_path / "not" / "yet" / "there")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "out").write_text("mine")
    for folder in (tmp_path / "out", tmp_path / "out" / "deeper"):
        with pytest.raises(OutputError, match="is not a folder"):
            check_writable(folder)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_dangling_link_in_the_way_is_named(tmp_path):
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError):
        check_writable(tmp_path / "out")


def test_a_place_that_refuses_is_explained():
    with pytest.raises(OutputError, match="Choose another folder"):
        check_writable(Path("/proc/momentvos"))


def test_an_impossible_name_is_explained(tmp_path):
    with pytest.raises(OutputError):
        check_writable(tmp_path / ("x" * 3000) / "out")
