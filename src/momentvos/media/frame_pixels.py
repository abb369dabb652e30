"""Frames as programs have them (arrays, tensors, Pillow images) as uint8 [H, W, 3]."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from momentvos.errors import VideoError
from momentvos.media.frame import Frame
from momentvos.media.pixels import over_black

_SLACK = 1 / 512
"""How far resized pixels may lie outside 0..1."""
_TAKEN = (
    "uint8 (0 to 255) or floats (0 to 1), with three colours in the last axis or before height and "
    "width"
)


def is_array(value: Any) -> bool:
    """Whether a value is an array or a tensor of any library that numpy can read."""
    return all(hasattr(value, name) for name in ("shape", "dtype", "__array__"))


def pixels_of(frame: Any, number: int) -> NDArray[np.uint8]:
    """One frame as uint8 [H, W, 3].

    frame: uint8 or float 0..1 as [H, W, 3], [3, H, W] or grey [H, W]; a Pillow image, laid over
    black where it is transparent; or a `Frame`. number: of the frame, for messages.
    Raises VideoError for anything else.
    """
    if isinstance(frame, Frame):
        return frame.rgb
    if isinstance(frame, Image.Image):
        return _of_image(frame, number)
    if not is_array(frame):
        raise VideoError(
            f"Frame {number} is of type {type(frame).__name__}; give arrays or Pillow images."
        )
    pixels = to_numpy(frame)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, -1)
    if pixels.ndim != 3:
        raise VideoError(
            f"Frame {number} has the shape {pixels.shape}; give [height, width, 3] or "
            "[3, height, width]."
        )
    return as_uint8(colours_last(pixels), number)


def to_numpy(array: Any) -> NDArray[Any]:
    """An array or tensor as numpy's, on the CPU and without its gradient."""
    if hasattr(array, "detach"):
        array = array.detach().cpu()
        if str(array.dtype) == "torch.bfloat16":  # numpy has none
            array = array.float()
    return np.asarray(array)


def colours_last(pixels: NDArray[Any]) -> NDArray[Any]:
    """[..., H, W, 3] of that or of [..., 3, H, W]. Raises VideoError where neither is plain."""
    last, first = pixels.shape[-1] == 3, pixels.shape[-3] == 3
    if last and first:
        raise VideoError(
            f"Frames of shape {pixels.shape} have two axes of 3, either of which could be colour; "
            "give frames that are more than 3 pixels high and wide."
        )
    if not last and not first:
        alpha = " Leave out alpha: frames[..., :3]." if pixels.shape[-1] == 4 else ""
        grey = " Grey ones: np.repeat(frames, 3, -1)." if pixels.shape[-1] == 1 else ""
        raise VideoError(
            f"Frames of shape {pixels.shape} have no axis of three colours; give them as "
            f"{_TAKEN}.{alpha}{grey}"
        )
    return pixels if last else np.moveaxis(pixels, -3, -1)


def as_uint8(pixels: NDArray[Any], number: int) -> NDArray[np.uint8]:
    """uint8 of uint8 or of floats 0..1. Raises VideoError for other types and values."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind != "f":
        raise VideoError(
            f"Frames of type {pixels.dtype} could mean several things; convert them to uint8 "
            "(0 to 255) or to floats (0 to 1)."
        )
    low, high = (float(pixels.min()), float(pixels.max())) if pixels.size else (0.0, 0.0)
    if not (low >= -_SLACK and high <= 1 + _SLACK):  # nor is NaN
        raise VideoError(
            f"Frame {number} has values from {low:.4g} to {high:.4g}; floats must be from 0 to 1: "
            "divide them by 255, or undo the normalisation."
        )
    scaled: NDArray[np.uint8] = (np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8)
    return scaled


def _of_image(image: Image.Image, number: int) -> NDArray[np.uint8]:
    if image.mode in ("F", "I") or image.mode.startswith("I;16"):
        raise VideoError(
            f"Frame {number} is a Pillow image of mode {image.mode}, whose white is not known; "
            "convert it to RGB."
        )
    if image.has_transparency_data:
        return over_black(np.asarray(image.convert("RGBA")))
    return np.asarray(image.convert("RGB"))
