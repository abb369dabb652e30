"""What tells one question to a model from another: video, sentences, weights, and how they run."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from momentvos.json_text import to_text
from momentvos.media import Video
from momentvos.sam2.precision import dtype, large_products
from momentvos.systems.session import Request

if TYPE_CHECKING:
    from momentvos.systems.base import System

LOOKED_AT = 5
"""Frames of a video that are compared."""
VALUES = 64
"""Values of a tensor that are compared, evenly spaced."""


def question(model: System, request: Request) -> dict[str, Any]:
    """Facts by name, plain values for JSON; answers to two questions are the same if these are.

    Of videos and weights samples are compared: a few frames and the time of each, some values of
    every tensor. A file's size and its time of change count too.
    """
    from momentvos import __version__

    return {
        "version": __version__,
        "video": _video(request.video),
        "sentences": list(request.sentences),
        "moments": [None if one is None else one.to_list() for one in request.moments],
        "model": model.name,
        "configuration": _digest(_configuration(request.config)),
        "dtype": _dtype(model),  # before the weights, which are others too in another format
        "weights": _digest(_weights(model)),
        "device": model.device.type,
        "relevance": None if request.relevance is None else list(request.relevance),
    }


def _video(video: Video) -> dict[str, Any]:
    height, width = video.size
    length = len(video)
    facts: dict[str, Any] = {"frames": length, "width": width, "height": height}
    path = Path(video.path)
    if path.is_file() and str(path) == video.facts.path:  # no temporary file of a pipe
        known = path.stat()
        facts |= {"bytes": known.st_size, "changed": known.st_mtime_ns}
    chosen = sorted({part * (length - 1) // (LOOKED_AT - 1) for part in range(LOOKED_AT)})
    facts["hash"] = _digest(
        [to_text(list(video.times)).encode(), *(one.rgb.tobytes() for one in video.read(chosen))]
    )
    return facts


def _configuration(config: Any) -> Iterator[bytes]:
    values = config.to_dict()
    values.pop("_name_or_path", None)
    yield to_text(values, sort_keys=True, default=str).encode()


def _dtype(model: System) -> str:
    """The number format of SAM2's large products, as `Execution` names it."""
    layer: Any = next(iter(large_products(model.sam)))
    return str(dtype(layer)).removeprefix("torch.")


def _weights(model: System) -> Iterator[bytes]:
    for name, module in model.named_modules():
        yield f"{name}:{type(module).__name__}".encode()
    for name, value in model.state_dict().items():
        yield f"{name}:{value.dtype}:{tuple(value.shape)}".encode()
        flat = value.detach().flatten()
        if flat.numel():
            some = flat[:: max(flat.numel() // VALUES, 1)]
            yield str(some.to("cpu", torch.float64).tolist()).encode()


def _digest(parts: Iterator[bytes] | list[bytes]) -> str:
    made = blake2b(digest_size=16)
    for part in parts:
        made.update(len(part).to_bytes(8, "little"))
        made.update(part)
    return made.hexdigest()
