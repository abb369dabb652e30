"""Names that files give never lead out of a folder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.errors import OutputError
from momentvos.paths import (
    LONGEST,
    check_portable,
    folded,
    inside,
    is_plain,
    remove_folder,
)

NASTY = [
    "",
    ".",
    "..",
    "/",
    "/etc",
    "../x",
    "a/b",
    "a/../../b",
    "a/",
    "./a",
    "a\\b",
    "C:",
    "C:a",
    "C:\\a",
    "\\\\server\\share",
    "a\0b",
    "a\nb",
    "a\x7fb",
    "a\ud800",
    "x" * (LONGEST + 1),
    "ü" * (LONGEST // 2 + 1),
]


@pytest.mark.parametrize("name", NASTY)
def test_names_that_are_not_plain_are_refused(tmp_path, name):
    assert not is_plain(name)
    with pytest.raises(OutputError, match="cannot name a folder"):
        inside(tmp_path, name)


@pytest.mark.parametrize("name", ["tam", "synthetic-tracks", "no MFE, memory of M+", "...", "狗 1"])
def test_plain_names_are_taken_as_they_are(tmp_path, name):
    assert inside(tmp_path / "run", "precomputed", name) == tmp_path / "run/precomputed" / name


@given(name=st.text(max_size=12))
def test_a_plain_name_is_one_step_down(tmp_path_factory, name):
    root = tmp_path_factory.getbasetemp()
    if is_plain(name):
        assert inside(root, name).resolve().parent == root.resolve()


def test_links_out_of_the_folder_are_refused_and_links_within_it_are_not(tmp_path):
    run, other = tmp_path / "run", tmp_path / "other"
    (run / "a").mkdir(parents=True)
    other.mkdir()
    (run / "out").symlink_to(other)
    (run / "up").symlink_to("..")
    (run / "self").symlink_to(".")
    (run / "near").symlink_to("a")
    (run / "circle").symlink_to("circle")
    for names in (("out",), ("out", "x"), ("up",), ("up", "other"), ("self",)):
        with pytest.raises(OutputError, match="leads out of the folder"):
            inside(run, *names)
    with pytest.raises(OutputError):
        inside(run, "circle", "x")
    assert inside(run, "near", "x") == run / "near/x"
    (tmp_path / "alias").symlink_to(run)  # the folder itself may be a link: its owner chose it
    assert inside(tmp_path / "alias", "a") == tmp_path / "alias/a"


def test_removal_stays_inside(tmp_path):
    run, other = tmp_path / "run", tmp_path / "other"
    for folder in (run / "precomputed/tam", run / "last", other):
        folder.mkdir(parents=True)
        (folder / "file").touch()
    (run / "linked").symlink_to(other)
    (run / "near").symlink_to("last")
    for names in (("linked",), ("..", "other"), (str(other),), ("precomputed", "../../other")):
        with pytest.raises(OutputError):
            remove_folder(run, *names)
    remove_folder(run, "near")
    remove_folder(run, "nothing")
    assert (other / "file").exists() and (run / "last/file").exists()
    remove_folder(run, "precomputed")
    assert not (run / "precomputed").exists()


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a/b",
        "a\\b",
        "x" * 300,
        "CON",
        "nul.txt",
        "Com1",
        "lpt³",
        "a.",
        "a ",
        "a:b",
        *'<>"|?*',
    ],
)
def test_names_that_differ_from_system_to_system_are_refused(name):
    with pytest.raises(ValueError, match=r"The id .*cannot name a folder"):
        check_portable(name, "The id")


@pytest.mark.parametrize("name", ["0", "console", "nul1", "com", "a.b", "lpt10", ".a", "狗 1"])
def test_names_that_are_the_same_everywhere_are_taken(name):
    assert check_portable(name, "The id") == name


def test_what_case_and_composition_do_not_tell_apart():
    assert folded("A/\u00e9") == folded("a/E\u0301") != folded("a/e")
