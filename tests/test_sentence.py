"""Limits of sentences, and their plain form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.errors import SentenceError
from momentvos.sentence import check, check_no_path, plain, reading_note

LEFT = "the turtle on the left"


@pytest.mark.parametrize(
    "sentence",
    [
        f"{LEFT}!!",
        f"{LEFT}…",
        f"{LEFT} ...",
        f"{LEFT} \N{TURTLE}",
        f"{LEFT}?!?",
        f"“{LEFT}”",
        f"({LEFT})",
        f"- {LEFT}",
        f"«{LEFT}» :-)",
        f"*{LEFT}*",
        f"{LEFT}。",
        f"{LEFT} ##",
        f"{LEFT}$$$ @",
        f"{LEFT}++",
        "the _turtle_ on *the* left",
        "the turtle on the\N{ZERO WIDTH SPACE}left",
        "  the\tturtle \n on the left ",
        "the turtle… on the left",
        "the turtle!! on the left",
        "the \N{TURTLE} turtle \N{EM DASH} on the left",
        "\N{INVERTED QUESTION MARK}the turtle on the left?",
        "the tur\N{SOFT HYPHEN}tle on\N{ZERO WIDTH SPACE} the left\N{VARIATION SELECTOR-16}",
        "the \N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4} turtle on the left",
        "ｔｈｅ ｔｕｒｔｌｅ on the left",
        f"{LEFT} :D",
        f"{LEFT} ;-)!!",
        f"{LEFT} <3",
        f"{LEFT} :turtle::heart:",
        f"{LEFT} xD",
        f"{LEFT} (^o^)",
        f"{LEFT} >_<",
        f"T_T {LEFT} o_O",
    ],
)
def test_decoration_is_left_out(sentence):
    assert plain(sentence) == LEFT


@pytest.mark.parametrize(
    ("sentence", "read"),
    [
        ("the man’s half-open door", "the man's half-open door"),
        ("the dog (left)", "the dog (left)"),
        ("3.5 cm, 50 %", "3.5 cm, 50 %"),
        ("(left) dog", "(left) dog"),
        ("the dog (left) in (red)", "the dog (left) in (red)"),
        ("ratio 3:1, 10:30", "ratio 3:1, 10:30"),
        ("the XO, XD3 and TT cars", "the XO, XD3 and TT cars"),
        ("bottle no. 8, size O", "bottle no. 8, size O"),
        ("the C++ book", "the C++ book"),
        ("the book on C++!", "the book on C++"),
        ("the note of 5 €", "the note of 5 €"),
        ("the dog & the cat", "the dog & the cat"),
        ("the $5 note", "the $5 note"),
        ("the dog, , left.,", "the dog, left"),
        ("The DOG", "The DOG"),
        ("犬！！", "犬"),
    ],
)
def test_what_belongs_to_words_stays(sentence, read):
    assert plain(sentence) == read


@given(st.text(max_size=60))
def test_plain_form_is_stable_and_short(sentence):
    try:
        once = plain(sentence)
    except SentenceError:
        return
    assert plain(once) == once
    assert once == " ".join(once.split())


@pytest.mark.parametrize("sentence", ["!!!", "\N{TURTLE}", '"."', " ~ "])
def test_nothing_but_decoration_is_refused(sentence):
    with pytest.raises(SentenceError, match="holds no word"):
        plain(sentence)


def test_a_sentence_is_checked_as_it_is():
    assert check("  The\u00a0Dog!! ") == "  The\u00a0Dog!! "
    assert check("\N{TURTLE}") == "\N{TURTLE}"


@pytest.mark.parametrize(
    ("sentence", "problem"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("dog " * 201, "201 words"),
        ("d" * 2001, "2001 characters"),
        ("dog \udcff", "not text"),
        (None, "not NoneType"),
        (3, "not int"),
    ],
)
def test_what_cannot_be_asked_is_refused(sentence, problem):
    with pytest.raises(SentenceError, match=problem):
        check(sentence)


def test_a_note_says_how_a_sentence_was_read():
    assert reading_note(f"{LEFT}!!", LEFT) == (f"the sentence was read as “{LEFT}”",)
    assert reading_note(f"{LEFT}.", LEFT) == ()
    assert reading_note("the  turtle", "the turtle") == ()
    assert reading_note(f"{LEFT}!!", f"{LEFT}!!") == ()


@pytest.mark.parametrize("path", ["clip.mp4", " clip.mp4", "./dog", "frames/a", "frames/a/"])
def test_a_path_of_what_is_there_is_no_sentence(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frames" / "a").mkdir(parents=True)
    (tmp_path / "clip.mp4").touch()
    (tmp_path / "dog").touch()
    kind = "folder" if "frames" in path else "file"
    with pytest.raises(SentenceError, match=f"is a {kind}, not a sentence; open it first\\.$"):
        check_no_path(path, "open it first")
    with pytest.raises(SentenceError, match="say what to find"):
        check_no_path(path)


@pytest.mark.parametrize(
    "sentence",
    ["dog", "frames", "other.mp4", "the man / woman", "v1.0", "a dog.", "~", "x" * 1999, "a\0.b"],
)
def test_what_merely_looks_like_a_path_is_a_sentence(tmp_path, monkeypatch, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frames").mkdir()
    (tmp_path / "dog").touch()
    assert check_no_path(sentence) == sentence
