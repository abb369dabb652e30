"""A guard around other people's code that reads files: whatever it raises becomes one sentence."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import ParamSpec, TypeVar

from momentvos.errors import ArgumentError, MomentVOSError

MISFITS = (
    *(TypeError, ValueError, AttributeError, LookupError, ArithmeticError, AssertionError),
    *(RuntimeError, MemoryError, NotImplementedError, NameError),
)
"""What computing raises where sizes, types or files do not fit each other."""
P = ParamSpec("P")
T = TypeVar("T")
STDERR = 2
LONGEST = 240
"""Characters of a library's own message."""


@contextmanager
def guarded(
    kind: type[MomentVOSError], sentence: str, faults: tuple[type[Exception], ...] = (Exception,)
) -> Iterator[None]:
    """Raise what the code inside raises as an error of `kind`: the sentence, then the reason.

    faults: which errors, for code that calls back into a caller's own. Errors of this package stay
    what they are, and so does what is no error, such as Ctrl-C. Panics of libraries in Rust, which
    derive from BaseException alone, are errors.
    """
    try:
        yield
    except MomentVOSError:
        raise
    except BaseException as error:
        if not isinstance(error, faults) and type(error).__name__ != "PanicException":
            raise
        raise kind(f"{sentence}: {reason(error)}.") from error


def takes(form: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a function that only computes: what its arguments make it raise is ArgumentError.

    form: how it is called, the end of a sentence. Errors of this package stay what they are.
    """

    def decorated(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return function(*args, **kwargs)
            except MomentVOSError:
                raise
            except (TypeError, ValueError, AttributeError, LookupError, OverflowError) as error:
                raise ArgumentError(
                    f"{function.__qualname__} cannot use what it was given; write {form}."
                ) from error

        return call

    return decorated


@contextmanager
def without_panics() -> Iterator[None]:
    """Hold back what is printed to the standard error, and drop it where it is of a panic.

    Libraries in Rust print a panic themselves, with a backtrace, before it becomes an exception
    that `guarded` turns into a sentence. Everything else is printed at the end.
    """
    sys.stderr.flush()
    try:
        before = os.dup(STDERR)
    except OSError:  # there is none
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), STDERR)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(before, STDERR)
            os.close(before)
            held.seek(0)
            printed = held.read()
            if b" panicked at " not in printed:
                with suppress(OSError):
                    os.write(STDERR, printed)


def reason(error: BaseException) -> str:
    """The end of a sentence that says what went wrong, from the first line of an error's text."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, MemoryError):
        return "it asks for more memory than there is"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    text = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    text = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    if isinstance(error, KeyError):
        text = f"it lacks {text}"
    return text[:LONGEST].rstrip(" .:") or type(error).__name__
