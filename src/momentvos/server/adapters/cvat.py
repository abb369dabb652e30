"""A detection function for CVAT's auto-annotation: masks of sentences about a video, per frame.

CVAT asks about one picture at a time, a sentence about a video needs all of it: so the video is
sent to a server of ours once, and each picture is answered by its number in it.

cvat-cli task auto-annotate TASK --function-module momentvos.server.adapters.cvat
    -p video=str:clip.mp4 -p "sentences=str:the dog that jumps|the cat"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from momentvos.errors import ArgumentError
from momentvos.regular_file import read_text
from momentvos.results.export.outline import outline
from momentvos.results.prediction import Prediction
from momentvos.server.client import Client

if TYPE_CHECKING:
    from cvat_sdk import auto_annotation as cvat

SCORE = 0.0
"""Confidence from which on a mask is given where CVAT names none."""
_NUMBER = re.compile(r"(\d+)\D*$")


class Detections:
    """What CVAT calls: see `cvat_sdk.auto_annotation.DetectionFunction`.

    Args:
        predictions: of one video, one for each sentence; these are the names of the labels.
        first: number that the first frame has in the names of CVAT's pictures.
        moment_only: leave out frames in which the sentence does not hold.
    """

    def __init__(
        self, predictions: Sequence[Prediction], first: int = 0, moment_only: bool = False
    ) -> None:
        self._predictions, self._first, self._moment_only = predictions, first, moment_only

    @property
    def spec(self) -> cvat.DetectionFunctionSpec:
        """The labels, numbered from 0."""
        from cvat_sdk import auto_annotation as cvat

        names = enumerate(one.sentence for one in self._predictions)
        return cvat.DetectionFunctionSpec(
            labels=[cvat.label_spec(name, number) for number, name in names]
        )

    def detect(self, context: cvat.DetectionFunctionContext, image: Any) -> list[Any]:
        """A mask, or a polygon where CVAT asks for these, of each sentence in a picture.

        Raises ArgumentError for a picture that is no frame of the video.
        """
        from cvat_sdk import auto_annotation as cvat
        from cvat_sdk.masks import encode_mask

        frame, least = self._frame(context.frame_name, image.size), context.conf_threshold
        shapes = []
        for label, one in enumerate(self._predictions):
            if one.masklet.rle(frame) is None or (self._moment_only and frame not in one.moment):
                continue
            if one.scores[frame] < (SCORE if least is None else least):
                continue
            mask = one.masklet.get(frame)
            if context.conv_mask_to_poly:
                ring = outline(mask)
                if ring is not None and len(ring[0]) >= 3:
                    shapes.append(cvat.polygon(label, ring[0].ravel().tolist()))
            else:
                shapes.append(cvat.mask(label, encode_mask(mask)))
        return shapes

    def _frame(self, name: str, size: tuple[int, int]) -> int:
        """The number in a picture's name, "frame_000012.jpg"."""
        facts = self._predictions[0].video
        found = _NUMBER.search(PurePosixPath(name).stem)
        if found is None:
            raise ArgumentError(f"'{name}' has no number in its name, so its frame is not known.")
        frame = int(found[1]) - self._first
        if not 0 <= frame < facts.length:
            raise ArgumentError(
                f"'{name}' would be frame {frame}, and the video has frames 0 to "
                f"{facts.length - 1}; say by `first` what number the first one has."
            )
        if size != (facts.width, facts.height):
            raise ArgumentError(
                f"'{name}' has {size[0]} x {size[1]} pixels, the video {facts.width} x "
                f"{facts.height}: it is of another video."
            )
        return frame


def create(
    video: str,
    sentences: str,
    url: str = "http://127.0.0.1:8600",
    token_file: str = "",
    model: str = "",
    first: int = 0,
    moment_only: bool = False,
) -> Detections:
    """Ask a server about a video; CVAT's command line calls it with what `-p` gives.

    Args:
        video: the file whose frames are the task's pictures.
        sentences: what to find, with | between several; each is a label of the task.
        url, token_file: of the server.
        model: of the server; "" for its first one.
        first, moment_only: see `Detections`.

    Raises ServerError where the server refuses, ArgumentError for what is no sentence.
    """
    asked = list(dict.fromkeys(part.strip() for part in sentences.split("|") if part.strip()))
    if not asked:
        raise ArgumentError("There is no sentence to ask; give -p sentences=str:'the dog'.")
    token = read_text(Path(token_file)).strip() if token_file else None
    with Client(url, token) as client:
        job = client.ask(client.upload(video)["id"], asked, model or None)
        ended = client.wait(job["id"])
        for answer in ended["answers"]:
            if answer["status"] == "failed":
                raise ArgumentError(f"'{answer['sentence']}' has no answer: {answer['error']}")
        return Detections(
            [client.prediction(job["id"], number) for number in range(len(asked))],
            int(first),
            bool(moment_only),
        )
