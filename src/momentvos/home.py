"""The cache folder of pulled models, and what it holds; and the file of the user's settings.

``models/NAME`` is a model's folder, ``parts/OWNER--NAME@REVISION`` what models share, and
``downloads/NAME`` what is under way. ``pulled.json`` in a model's folder says where it came from.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path, user_config_path

from momentvos.errors import ModelError
from momentvos.paths import inside, is_plain

VARIABLE = "MOMENTVOS_HOME"
SETTINGS_VARIABLE = "MOMENTVOS_CONFIG"
RECORD = "pulled.json"


def home() -> Path:
    """The folder that the environment variable MOMENTVOS_HOME names, else the user's cache."""
    given = os.environ.get(VARIABLE)
    return Path(given).expanduser() if given else user_cache_path("momentvos")


def settings_file() -> Path:
    """The file that the environment variable MOMENTVOS_CONFIG names, else the user's own.

    None is looked for in the current folder: who sends a folder of videos must not be able to say
    what is run on them.
    """
    given = os.environ.get(SETTINGS_VARIABLE)
    if given:
        return Path(given).expanduser()
    return user_config_path("momentvos") / "config.toml"


def model_folder(name: str) -> Path:
    """Where the model of that name is, or will be."""
    return inside(home() / "models", name)


def part_folder(address: str, revision: str) -> Path:
    """Where a shared part is, or will be: ``hf:owner/name`` at a revision."""
    name = address.partition(":")[2].replace("/", "--")
    return inside(home() / "parts", f"{name}@{revision.replace('/', '--')}")


def pulled_part(model: str, revision: str | None = None) -> Path | None:
    """Folder of a hub id that has been pulled as a part, or None."""
    if not is_plain(model.replace("/", "--")):
        return None
    folder = part_folder(f"hf:{model}", revision or "main")
    return folder if (folder / RECORD).is_file() else None


def download_folder(name: str) -> Path:
    """Where the files of that name arrive."""
    return inside(home() / "downloads", name)


def pulled(name: str) -> Path | None:
    """Folder of a pulled model, or None where it has not been pulled."""
    if not is_plain(name):
        return None
    folder = model_folder(name)
    return folder if (folder / RECORD).is_file() else None


@contextmanager
def locked(name: str, wait: float = 0) -> Iterator[None]:
    """Keep other processes from pulling the same.

    wait: seconds for one that does. Raises ModelError while it does.
    """
    from filelock import FileLock, Timeout  # slow to import, and `settings_file` is always wanted

    folder = home() / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(inside(folder, f"{name}.lock"), timeout=wait)
        lock.acquire()
    except Timeout:
        raise ModelError(f"Another process is pulling '{name}'; wait until it is done.") from None
    except OSError as error:
        raise ModelError(f"The folder '{home()}' cannot be written: {error.strerror}.") from error
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise ModelError(
            f"'{name}' cannot be kept in '{home()}': {error.strerror or error}{where}."
        ) from error
    finally:
        lock.release()
