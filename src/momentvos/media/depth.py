"""White of pictures with more than eight bits, whose files often do not say how many they use.

The rule, for integers:

1. A TIFF's WhiteLevel is white. Its MaxSampleValue and SMaxSampleValue are the largest value that
   occurs, so white is the next 2^n - 1. Samples stored in fewer than 16 bits end at their own
   largest value. A PNG whose sBIT is 16 uses all bits.
2. Otherwise the largest value of the pictures decides: white is the least of 2^n - 1, for n = 8,
   10, 12, 14, 16, 24 or 32, that no value exceeds. A PNG with a lesser sBIT n keeps to its
   standard, by which its samples are scaled to all bits, unless its values fit n bits and have
   no scaled form.
3. Pictures of a folder that are alike in format, and in being integers or not, share one white:
   the largest that any of them has.

Floating point numbers end at SMaxSampleValue, else at 1 (up to 2 is overshoot), 255, 65,535, or
their largest value.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from momentvos.media.png import PngHeader

if TYPE_CHECKING:
    from PIL.Image import Image

_BITS_PER_SAMPLE, _SAMPLE_FORMAT, _WHITE_LEVEL = 258, 339, 50717
_LARGEST_VALUES = (341, 281)
_SIGNED, _FLOAT = 2, 3
_DEPTHS = (8, 10, 12, 14, 16, 24, 32)
_FLOAT_WHITES = ((2.0, 1.0), (255.0, 255.0), (65535.0, 65535.0))
"""(largest value, white)."""


def stored_bits(image: Image, png: PngHeader | None) -> int:
    """Bits of a stored sample, 8 where the format has no others."""
    if png is not None:
        return png.bits
    tags = _tags(image)
    if _BITS_PER_SAMPLE in tags:
        return int(max(tags[_BITS_PER_SAMPLE]))
    return {"I": 16, "F": 32}.get(image.mode, 16 if image.mode.startswith("I;16") else 8)


def declared_white(image: Image, png: PngHeader | None) -> float | None:
    """White of a picture that is not decoded yet, as its headers state it; or None."""
    if png is not None:
        return 65535.0 if png.significant == 16 else None
    tags = _tags(image)
    if not tags:
        return None
    bits, form = stored_bits(image, png), _first(tags.get(_SAMPLE_FORMAT), 1)
    if (level := _first(tags.get(_WHITE_LEVEL), 0)) > 0:
        return level
    largest = max(_first(tags.get(tag), 0) for tag in _LARGEST_VALUES)
    if form == _FLOAT:
        return largest if largest > 0 and math.isfinite(largest) else None
    if largest > 0:
        return float(_all_ones(max(math.ceil(math.log2(largest + 1)), 8)))
    return float(_all_ones(bits)) if bits < 16 else None


def white_of_values(values: NDArray[Any], png: PngHeader | None) -> float:
    """White by a picture's values, without its opacity; 0 for a black one, which says nothing."""
    if values.dtype.kind == "f":
        top = float(values.max(initial=0, where=np.isfinite(values)))
        if not top:
            return 0.0
        return next((white for limit, white in _FLOAT_WHITES if top <= limit), top)
    top = int(values.max(initial=0))
    if not top:
        return 0.0
    bits = None if png is None else png.significant
    if bits is not None and bits < 16:
        return 65535.0 if top >= 1 << bits or _is_scaled(values, bits) else float(_all_ones(bits))
    return float(next(_all_ones(depth) for depth in _DEPTHS if top <= _all_ones(depth)))


def to_8_bit(values: NDArray[Any], white: float) -> NDArray[np.uint8]:
    """Scale to 8 bits, white to 255; what lies beyond is clipped, what is no number is black."""
    if values.dtype == np.uint16:
        levels = np.arange(65536, dtype=np.float64)
        table = np.clip(np.rint(levels * (255 / white)), 0, 255).astype(np.uint8)
        return np.take(table, values)
    scaled = np.nan_to_num(values.astype(np.float64), posinf=white, neginf=0) * (255 / white)
    clipped: NDArray[np.uint8] = np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)
    return clipped


def _is_scaled(values: NDArray[Any], bits: int) -> bool:
    """Whether 16-bit values are those of `bits` bits, shifted up with zeros or their own bits."""
    spare = 16 - bits
    low, high = values & _all_ones(spare), values >> spare
    filled = high >> (bits - spare) if bits >= spare else None
    return not low.any() or (filled is not None and np.array_equal(low, filled))


def _all_ones(bits: int) -> int:
    return (1 << bits) - 1


def _tags(image: Image) -> dict[int, Any]:
    """Tags of a TIFF, which Pillow parses lazily and which may be damaged."""
    found = {}
    tags = getattr(image, "tag_v2", {})
    for tag in (_BITS_PER_SAMPLE, _SAMPLE_FORMAT, _WHITE_LEVEL, *_LARGEST_VALUES):
        try:
            if (value := tags.get(tag)) is not None:
                found[tag] = value
        except Exception:  # noqa: S112 - as if the tag were not there
            continue
    return found


def _first(value: Any, otherwise: float) -> float:
    """Largest number of a tag's value, which may be a tuple."""
    try:
        return float(max(value) if isinstance(value, tuple) else value)
    except (TypeError, ValueError, ZeroDivisionError):
        return otherwise
