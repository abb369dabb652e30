"""Chunks of a PNG that Pillow does not tell of."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from momentvos.media.blob import Place

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_WANTED = {b"IHDR", b"acTL", b"sBIT", b"cICP"}
_MOST = 1024
"""Bytes that are read of a wanted chunk; all are shorter."""


@dataclass(frozen=True)
class PngHeader:
    """What the headers of a PNG say.

    Attributes:
        bits: of a stored sample.
        animated: whether it is an APNG.
        significant: bits of the original samples (sBIT), or None.
        colours: (primaries, transfer) of ITU-T H.273 (cICP), or None.
        exif: whether it has Exif, perhaps behind the pixels.
    """

    bits: int
    animated: bool
    significant: int | None
    colours: tuple[int, int] | None
    exif: bool

    @classmethod
    def read(cls, path: Place) -> PngHeader | None:
        """Read the headers; None for other files and for a damaged header."""
        chunks: dict[bytes, bytes] = {}
        with path.open("rb") as file:
            if file.read(8) != SIGNATURE:
                return None
            while len(head := file.read(8)) == 8:
                length, kind = struct.unpack(">I4s", head)
                if kind == b"IEND":
                    break
                before = b"IDAT" not in chunks
                content = file.read(min(length, _MOST)) if kind in _WANTED and before else b""
                if before or kind == b"eXIf":
                    chunks.setdefault(kind, content)
                file.seek(length - len(content) + 4, 1)
        header, icp, bits = (chunks.get(kind, b"") for kind in (b"IHDR", b"cICP", b"sBIT"))
        if len(header) < 13:
            return None
        return cls(
            bits=header[8],
            animated=b"acTL" in chunks,
            significant=max(bits) if bits else None,
            colours=(icp[0], icp[1]) if len(icp) == 4 else None,
            exif=b"eXIf" in chunks,
        )
