"""The argument VIDEO: a path, ``-`` for a pipe, an object of a store, or an allowed address."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from momentvos.cli.activity import Activity, announce, announced
from momentvos.errors import VideoError
from momentvos.object_store import SCHEMES, check_installed, place_of

if TYPE_CHECKING:
    from momentvos.media import Video

HELP = (
    "A video file, a folder of frames, or one image; - reads a pipe. It may be in a store "
    "(s3://bucket/clip.mp4) and, with --allow-url, an address."
)
PIPE, PIPE_NAME = "-", "stdin"


@dataclass(frozen=True)
class VideoArgument:
    """What was given, and what is allowed.

    text: as on the command line. urls: whether it may be an address; private: also one of this
    machine or its network. limit: most bytes of a pipe or a download, such as "4GB".
    """

    text: str
    urls: bool = False
    private: bool = False
    limit: str = "4GB"

    @property
    def path(self) -> Path:
        """A path whose last part is the video's name, for the folder of its results."""
        if self.text == PIPE:
            return Path(PIPE_NAME)
        if self._in_store:
            return Path(PurePosixPath(self._place.partition("://")[2]).name)
        if self._is_address:
            from momentvos.media.remote import file_name

            return Path(file_name(self.text))
        return Path(self._place)

    @property
    def streamed(self) -> str:
        """What `run --stream` reads: a path, or "-". Raises VideoError for what is elsewhere."""
        if self._in_store or self._is_address:
            raise VideoError(
                "--stream reads a pipe or a file: leave it out, or pipe what fetches the address "
                "into `momentvos run - ... --stream`."
            )
        return self.text if self.text == PIPE else self._place

    def check(self) -> None:
        """Raise VideoError for an address that is not allowed, and a pipe that is none.

        Raises StoreError for what is no address of an object, ExtraError for a store whose package
        is missing.
        """
        from momentvos.media.spool import size

        size(self.limit)
        if self.text == PIPE:
            if sys.stdin is None or sys.stdin.isatty():
                raise VideoError(
                    "- reads a video from a pipe, and there is none: write `ffmpeg ... -f matroska "
                    "- | momentvos ...`, or give a file."
                )
        elif self._in_store:
            check_installed(self._place)
        elif self._is_address:
            self._check_address()

    @contextmanager
    def opened(self, quiet: bool, rate: float | None = None) -> Iterator[Video]:
        """The open video; what was fetched or read from a pipe is removed behind it.

        rate: frames a second that are read; None: all.
        """
        from momentvos.media import Video
        from momentvos.media.named import NamedVideo

        with ExitStack() as stack:
            name, path = None, Path(self._place)
            if self.text == PIPE or self._is_address:
                folder = stack.enter_context(TemporaryDirectory(prefix="momentvos-"))
                name, path = self._kept(Path(folder), quiet)
            with announced(f"Reading {name or self.text}", quiet):
                if self._in_store:
                    video = self._stored()
                else:
                    video = Video.open(path) if name is None else _open(path, name)
                if rate is not None:
                    from momentvos.media import SampledVideo

                    video = SampledVideo(video, rate)
            yield video if name is None else NamedVideo(video, name)

    @property
    def _place(self) -> str:
        """The text; of file:// the path that it means."""
        scheme = self.text.partition("://")[0].lower()
        return place_of(self.text) if scheme in (*SCHEMES, "file") else self.text

    @property
    def _in_store(self) -> bool:
        return self._place.partition("://")[0] in SCHEMES

    @property
    def _is_address(self) -> bool:
        from momentvos.media.remote import is_address

        return not self._in_store and is_address(self._place)

    def _stored(self) -> Video:
        """An object of a store, of which only what is looked at is fetched."""
        from momentvos.media.blob_video import open_blob
        from momentvos.media.spool import readable, size
        from momentvos.media.stored import stored

        blob, most = stored(self._place), size(self.limit)
        if blob.size > most:
            raise VideoError(f"'{blob}' has more than {readable(most)}; --input-limit allows more.")
        return open_blob(blob)

    def _check_address(self) -> None:
        from momentvos.media.remote import plain_name

        scheme, shown = self.text.partition("://")[0].lower(), plain_name(self.text)
        if scheme not in ("http", "https"):
            raise VideoError(
                f"'{shown}' is an address that is not read: give a file, a folder, https://... or "
                "s3://..."
            )
        if not (self.urls or self.private):
            raise VideoError(
                f"'{shown}' is an address, and nothing is fetched without --allow-url: add it, or "
                "download the video and give the file."
            )

    def _kept(self, folder: Path, quiet: bool) -> tuple[str, Path]:
        """Name and place of a file with the whole of a pipe or an address."""
        from momentvos.media.spool import blocks, size, spool

        with Activity(quiet, unit="bytes") as activity:
            if self.text == PIPE:
                announce("Reading the video from a pipe, into a temporary file", quiet)
                path = folder / PIPE_NAME
                activity.begin("reading the pipe")
                spool(blocks(sys.stdin.buffer), path, size(self.limit), "The pipe")
                return PIPE_NAME, path
            from momentvos.media.remote import fetch, file_name, plain_name

            shown = plain_name(self.text)
            announce(f"Fetching {shown}", quiet)
            suffix = PurePosixPath(file_name(self.text)).suffix[:8]
            path = folder / f"video{suffix if suffix[1:].isalnum() else ''}"
            activity.begin("fetching")
            fetch(
                self.text,
                path,
                size(self.limit),
                self.private,
                lambda done, total: activity("fetching", done, total or done),
            )
            return shown, path


def _open(path: Path, name: str) -> Video:
    """Open a temporary file; errors call it by its name."""
    from momentvos.media import Video

    try:
        return Video.open(path)
    except VideoError as error:
        raise VideoError(str(error).replace(str(path), name)) from None
