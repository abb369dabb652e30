"""Standard output and error: what they cannot show becomes ASCII; one sentence where they fail."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import typer

_ERRORS = "momentvos"
_ASCII = "momentvos-ascii"
_PLAIN = {
    "…": "...",
    "–": "-",
    "—": "-",
    "−": "-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    "×": "x",
    "·": "-",
    "•": "-",
    "→": "->",
    "←": "<-",
    "≤": "<=",
    "≥": ">=",
    "±": "+/-",
    "✓": "ok",
    "✔": "ok",
    "✗": "no",
    "✘": "no",
    "━": "-",
    "─": "-",
    "│": "|",
    "╸": "-",
    "╺": "-",
    "█": "#",
}


def prepare() -> None:
    """Let both streams take any text; what their encoding lacks becomes ASCII."""
    codecs.register_error(_ERRORS, _replaced)
    codecs.register(_ascii_by_another_name)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=_ASCII if ascii_only else None, errors=_ERRORS)


def print_json(value: Any, **how: Any) -> None:
    """Print JSON on stdout, in UTF-8 or in ASCII. how: as for `json.dumps`."""
    from momentvos.json_text import to_text

    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    typer.echo(to_text(value, ensure_ascii=not utf8, **how))


def report(error: OSError) -> None:
    """Say in one sentence what the operating system refuses."""
    reason = error.strerror or str(error)
    named = f"'{_shown(error.filename)}'" if error.filename is not None else "the output"
    verb = "cannot be used" if error.filename is not None else "cannot be written"
    with suppress(OSError):  # stderr may be what fails
        typer.secho(f"Error: {named} {verb}: {reason}.", fg=typer.colors.RED, err=True)


def run(program: Callable[[], Any]) -> int:
    """Exit code of a program that ends with SystemExit, when all that it printed has been written.

    A reader that has gone is no fault of ours, and not worth a word.
    """
    code = 0
    try:
        program()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except OSError as error:
        code = 2
        if error.errno != errno.EPIPE:
            report(error)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError as error:
            if error.errno != errno.EPIPE and stream is sys.stdout and code == 0:
                report(error)
            code = code or 2
            _silence(stream)
        except ValueError:  # closed
            pass
    return code


def _silence(stream: Any) -> None:
    """Lead a stream that fails nowhere, so that the interpreter's own last flush succeeds."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _shown(name: Any) -> str:
    return os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else str(name)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(map(_plain, text)), error.end


def _plain(letter: str) -> str:
    if letter in _PLAIN:
        return _PLAIN[letter]
    if "\udc80" <= letter <= "\udcff":  # a byte of a file name that is no text
        return f"\\x{ord(letter) - 0xDC00:02x}"
    bare = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return bare or letter.encode("ascii", "backslashreplace").decode()


def _ascii_by_another_name(name: str) -> codecs.CodecInfo | None:
    """ASCII: click prints UTF-8 on a stream whose encoding is called so."""
    if name.replace("_", "-") != _ASCII:
        return None
    known = codecs.lookup("ascii")
    return codecs.CodecInfo(
        known.encode,
        known.decode,
        known.streamreader,
        known.streamwriter,
        known.incrementalencoder,
        known.incrementaldecoder,
        name=_ASCII,
    )
