"""Models in object stores: a folder there, fetched once into the cache of models."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from momentvos.errors import ModelError
from momentvos.home import home, locked
from momentvos.object_store import below, download, is_url, place_of
from momentvos.paths import inside, slug
from momentvos.results.atomic_directory import atomic_directory

WAIT = 3600.0
"""Seconds for another process of this machine that fetches the same model."""


def stored_model(url: str) -> Path:
    """Folder of a model by its address; a change of names or sizes there makes another folder.

    Raises StoreError, ModelError.
    """
    place = place_of(url)
    if not is_url(place):
        return Path(place)
    objects = below(place)
    facts = "\n".join(f"{name} {size}" for name, size in objects.items())
    digest = hashlib.sha256(os.fsencode(facts)).hexdigest()[:16]
    name = f"{slug(place.rstrip('/').rpartition('/')[2], 'model')}-{digest}"
    folder = inside(home() / "stored", name)
    if folder.is_dir():
        return folder
    if f"{place.rstrip('/')}/config.json" not in objects:
        raise ModelError(f"There is no model at '{place}': it has no config.json.")
    with locked(name, WAIT):
        if not folder.is_dir():
            with atomic_directory(folder) as new:
                download(place, new)
    return folder
