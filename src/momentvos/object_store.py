"""Object stores by address: s3://bucket/key, gs://bucket/key; file:///path is a path.

Addresses come from tables and arguments of anyone's: other schemes, chains of them and credentials
inside them are refused, and no message shows what a store has answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from momentvos.errors import ExtraError, StoreError, TransferError
from momentvos.paths import absolute, inside

SCHEMES = {"s3": "s3fs", "gs": "gcsfs"}
"""Schemes of stores, and the package that speaks with each."""
_NO_RIGHT = {"NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError"}


def is_url(text: str) -> bool:
    """Whether a text is written like an address, rather than like a path."""
    scheme, mark, _ = text.partition("://")
    return bool(mark) and len(scheme) > 1 and scheme.replace("+", "").replace(":", "").isalnum()


def place_of(text: str | Path) -> str:
    """A checked address of a store, or the absolute path of anything else.

    Raises StoreError for an address that is not read.
    """
    text = str(text)
    if not is_url(text):
        return absolute(text)
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    if scheme == "file":
        parts = urlsplit(text)
        if parts.netloc not in ("", "localhost"):
            raise StoreError("An address file:// has three slashes: file:///folder/clip.mp4.")
        return absolute(unquote(parts.path))
    bucket, _, key = rest.partition("/")
    if scheme not in SCHEMES:
        known = ", ".join(f"{one}://" for one in (*SCHEMES, "file"))
        raise StoreError(f"Addresses of {scheme[:20]}:// are not read here; those are {known}.")
    if "@" in bucket or ":" in bucket:
        raise StoreError(
            "An address with a user or a password is not taken: give credentials by the "
            "environment or the settings of the store."
        )
    if not bucket or "::" in text or "\0" in text:
        raise StoreError(f"'{text[:200]}' is no address of an object; write s3://bucket/key.")
    return f"{scheme}://{bucket}/{key.lstrip('/')}"


def check_installed(url: str) -> None:
    """Raise ExtraError where the package that speaks with the store of an address is missing."""
    scheme = url.partition("://")[0]
    if find_spec(SCHEMES[scheme]) is None:
        raise ExtraError(
            f"{scheme}:// needs {SCHEMES[scheme]}: install it with pip install "
            f"'momentvos[{scheme}]'."
        )


def join(url: str, *names: str) -> str:
    """An address below another."""
    return "/".join((url.rstrip("/"), *names))


@contextmanager
def _reached(url: str) -> Iterator[tuple[Any, str]]:
    """The file system of an address, and the address as it takes it."""
    scheme = url.partition("://")[0]
    check_installed(url)
    import fsspec

    try:
        yield fsspec.filesystem(scheme, use_listings_cache=False), url.partition("://")[2]
    except FileNotFoundError:
        raise StoreError(f"'{url}' does not exist; check the address.") from None
    except PermissionError:
        raise StoreError(f"'{url}' is refused by its store; check your rights there.") from None
    except (StoreError, IsADirectoryError):
        raise
    except Exception as error:
        kind = type(error).__name__
        if kind in _NO_RIGHT:
            raise StoreError(f"There are no credentials for '{url}' ({kind}).") from None
        raise TransferError(f"'{url}' cannot be reached ({kind}).") from None


def size_of(url: str) -> int:
    """Bytes of an object. Raises StoreError, also for a folder."""
    with _reached(url) as (files, path):
        facts = files.info(path)
        if facts["type"] != "file":
            raise StoreError(f"'{url}' is a folder; give an object in it.")
        return int(facts["size"])


def read(url: str, start: int | None = None, stop: int | None = None) -> bytes:
    """Content of an object, or bytes `start` up to, without, `stop`. Raises StoreError."""
    with _reached(url) as (files, path):
        content: bytes = files.cat_file(path, start=start, end=stop)
        return content


def write(url: str, content: bytes) -> None:
    """Put an object there, which appears whole. Raises StoreError."""
    with _reached(url) as (files, path):
        files.pipe_file(path, content)


def below(url: str) -> dict[str, int]:
    """Addresses of all objects below a folder, in order, with their bytes. Raises StoreError."""
    with _reached(url) as (files, path):
        found = files.find(path.rstrip("/") + "/", detail=True)
    scheme = url.partition("://")[0]
    return {f"{scheme}://{name}": int(facts["size"]) for name, facts in sorted(found.items())}


def matches(url: str) -> list[str]:
    """Addresses that a pattern with * matches, in order. Raises StoreError."""
    with _reached(url) as (files, path):
        return [f"{url.partition('://')[0]}://{name}" for name in sorted(files.glob(path))]


def upload(folder: Path, url: str) -> None:
    """Put all files of a folder below an address. Raises StoreError, OSError."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            write(join(url, *path.relative_to(folder).parts), path.read_bytes())


def download(url: str, folder: Path) -> None:
    """Fetch all objects below an address into a folder. Raises StoreError, OutputError."""
    objects = below(url)
    if not objects:
        raise StoreError(f"There is nothing below '{url}'; check the address.")
    for one in objects:
        names = PurePosixPath(one[len(url.rstrip("/")) + 1 :]).parts
        path = inside(folder, *names)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(read(one))
