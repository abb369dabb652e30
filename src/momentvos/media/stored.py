"""Videos in object stores."""

from __future__ import annotations

from momentvos.media.blob import Blob
from momentvos.object_store import read, size_of


def stored(url: str) -> Blob:
    """An object by its checked address, of which only ranges that are looked at are fetched.

    Raises StoreError.
    """
    return Blob(url, size_of(url), lambda start, stop: read(url, start, stop))
