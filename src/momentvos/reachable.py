"""Checks before anything heavy is imported: is a model of the hub within reach, is a device one?"""

from __future__ import annotations

import re

from momentvos.errors import DeviceError, ModelError
from momentvos.suggestion import nearest

PATIENCE = 10
"""Seconds after which the hub counts as out of reach."""
_NAME = re.compile(r"\w[\w.-]{0,95}")
_DEVICE = re.compile(r"auto|(cpu|mps|cuda)(:\d{1,3})?")


def is_hub_id(source: str) -> bool:
    """Whether a text is written like ``owner/name``, rather than like a path."""
    return source.count("/") == 1 and not source.startswith((".", "/", "~"))


def is_path(source: str) -> bool:
    """Whether a text can be a path alone; old models of the hub have names without an owner."""
    return not is_hub_id(source) and not _NAME.fullmatch(source)


def is_cached(source: str, file: str = "config.json") -> bool:
    """Whether a model of the hub, or a part of it with that file, is in the hub's cache."""
    import huggingface_hub as hub

    try:
        return isinstance(hub.try_to_load_from_cache(source, file), str)
    except ValueError:  # no name of a model
        return False


def check_hub(source: str, advice: str) -> None:
    """Raise ModelError(advice) where the hub has no such model for us, or is out of reach.

    It is asked once, about one small file; without a network that fails at once.
    """
    import huggingface_hub as hub

    try:
        hub.get_hf_file_metadata(hub.hf_hub_url(source, "config.json"), timeout=PATIENCE)
    except Exception as error:  # no id, no network, no such model, no right to it
        raise ModelError(advice) from error


def check_device(name: str) -> None:
    """Raise DeviceError for what no device is called; whether it is there, PyTorch says later."""
    if not isinstance(name, str) or not _DEVICE.fullmatch(name):
        close = nearest(str(name), ("auto", "cpu", "cuda", "mps"))
        hint = "try --device cpu." if close is None else f"did you mean '{close}'?"
        raise DeviceError(f"The device '{str(name)[:80]}' is not there; {hint}")
