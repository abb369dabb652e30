"""What libraries raise becomes one sentence; what is no error passes."""

import os
import sys

import pytest

from momentvos.errors import ModelError, SentenceError
from momentvos.guard import MISFITS, guarded, reason, without_panics


class PanicException(BaseException):
    """As libraries in Rust raise it."""


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (ValueError("bad\nmore"), "bad."),
        (ValueError("wrong:\n  a number"), "wrong: a number."),
        (ValueError(""), "ValueError."),
        (KeyError("name"), "it lacks 'name'."),
        (RecursionError("maximum recursion depth"), "it is nested too deeply."),
        (MemoryError(), "it asks for more memory than there is."),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "it is not UTF-8 text."),
        (FileNotFoundError(2, "No such file"), "No such file."),
        (PanicException("called `unwrap` on a None"), "called `unwrap` on a None."),
    ],
)
def test_one_sentence_whatever_is_raised(error, end):
    with pytest.raises(ModelError) as caught, guarded(ModelError, "It cannot be read"):
        raise error
    assert str(caught.value) == f"It cannot be read: {end}"
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), SentenceError("Mine.")])
def test_own_errors_and_what_is_none_pass(error):
    with pytest.raises(type(error)) as caught, guarded(ModelError, "It cannot be read"):
        raise error
    assert caught.value is error


def test_errors_of_callers_pass_where_only_misfits_are_guarded():
    class Cancelled(Exception):
        pass

    with pytest.raises(Cancelled), guarded(ModelError, "It cannot work", MISFITS):
        raise Cancelled


def test_a_reason_is_one_short_printable_line():
    text = reason(ValueError("x\ud800\x07" + "y" * 10_000))
    assert len(text) <= 240
    assert text.isprintable()
    text.encode()


def test_panics_print_nothing_and_the_rest_is_printed(capfd):
    for text in (b"thread 'x' panicked at lib.rs:1:1:\nbad\n", b"a warning\n"):
        with without_panics():
            os.write(2, text)
    with pytest.raises(ValueError, match="bad"), without_panics():
        print("its reason", file=sys.stderr)
        raise ValueError("bad")
    print("after", file=sys.stderr)
    assert capfd.readouterr().err == "a warning\nits reason\nafter\n"
