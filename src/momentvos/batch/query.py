"""What is asked of one video, and the names of its answers: stable, unique and safe."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from momentvos.object_store import place_of
from momentvos.paths import check_portable, slug

RESULTS, THUMBNAILS = "results", "thumbnails"
_LONGEST = 80

Key = tuple[str, str, str]
"""Id, sentence and given moment ("" for none) of a question: what is never asked twice."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One sentence about a video. id: of the row that asks it. moment: M+ as text, or None."""

    id: str
    sentence: str
    moment: str | None = None

    @property
    def key(self) -> Key:
        return self.id, self.sentence, self.moment or ""

    @property
    def folder(self) -> str:
        """Where its results lie in the folder of a batch; a function of the key alone."""
        words = slug(self.sentence)
        if self.moment or words.replace("-", " ") != self.sentence:
            words = f"{words}-{_digest(*self.key[1:])[:6]}"
        return str(PurePosixPath(RESULTS, _name(self.id), words))

    @property
    def thumbnail(self) -> str:
        """Where its picture lies in the folder of a batch."""
        digest = _digest(*self.key)
        return str(PurePosixPath(THUMBNAILS, digest[:2], f"{digest[:16]}.jpg"))


@dataclass(frozen=True, slots=True)
class Query:
    """All that is asked of one video, so that it is read once.

    video: an absolute path, an address in a store, or the file's content. name: the path as its
    user wrote it.
    """

    video: str | bytes = field(repr=False)
    name: str
    asks: tuple[Ask, ...]

    @classmethod
    def of(cls, video: str | Path | bytes, sentences: Iterable[str], name: str = "") -> Query:
        """The sentences about a file, or about the content of one.

        name: of the video in the answers; otherwise its path, or "video".
        """
        if isinstance(video, bytes):
            place: str | bytes = video
            identity = f"video-{hashlib.sha256(video).hexdigest()[:8]}"
        else:
            place = place_of(video)
            identity = video_id(place)
        asks = tuple(Ask(identity, sentence) for sentence in dict.fromkeys(sentences))
        return cls(place, name or ("video" if isinstance(video, bytes) else str(video)), asks)

    def only(self, asks: tuple[Ask, ...]) -> Query:
        """The same with some of its sentences."""
        return replace(self, asks=asks)


def video_id(path: str) -> str:
    """Id of a video: words of its name, and a digest of its absolute path or address."""
    return f"{slug(Path(path).stem, 'video')}-{_digest(path)[:8]}"


def _name(identity: str) -> str:
    """A folder's name for an id of anyone's."""
    try:
        check_portable(identity, "")
        if not identity.startswith((".", "-", "~")) and len(identity.encode()) <= _LONGEST:
            return identity
    except ValueError:
        pass
    return f"{slug(identity, 'row')}-{_digest(identity)[:8]}"


def _digest(*parts: str) -> str:
    return hashlib.sha256(b"\0".join(map(os.fsencode, parts))).hexdigest()
