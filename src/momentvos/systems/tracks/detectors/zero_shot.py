"""Detectors of `transformers`: Grounding DINO and its relatives, and OWLv2.

Grounding DINO (arXiv 2303.05499), MM-Grounding-DINO (2401.02361) and LLMDet (2501.18954) read all
phrases as one text; OWLv2 (2306.09683) compares boxes with each phrase alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from momentvos.systems.tracks.detectors.batches import FrameDetector
from momentvos.systems.tracks.detectors.detection import Detection, distinct, inside

TOGETHER = 24
"""Phrases that Grounding DINO reads as one text, whose tokens are limited."""


class ZeroShotDetector(FrameDetector):
    """A detector of `AutoModelForZeroShotObjectDetection`, whose boxes serve all phrases."""

    def _detect(
        self, frames: Sequence[NDArray[np.uint8]], phrases: list[str]
    ) -> list[list[Detection]]:
        pixels = self.pixels(frames)
        made: list[list[Detection]] = [[] for _ in frames]
        size = frames[0].shape[:2]
        for group in self._groups(phrases):
            boxes, scores = self._scores(pixels, group, size)
            for row, (places, probabilities) in enumerate(zip(boxes, scores, strict=True)):
                sure = probabilities > self.box_threshold
                for number in sure.any(-1).nonzero()[:, 0].tolist():
                    box = inside(places[number].tolist(), (size[0], size[1]))
                    if box is not None:
                        values = probabilities[number].tolist()
                        named = zip(group, values, sure[number].tolist(), strict=True)
                        scores_of = {phrase: value for phrase, value, there in named if there}
                        made[row].append(Detection(box, scores_of))
        return [distinct(one) for one in made]

    def _groups(self, phrases: list[str]) -> Iterator[list[str]]:
        for start in range(0, len(phrases), TOGETHER):
            yield phrases[start : start + TOGETHER]

    def _scores(
        self, pixels: dict[str, Tensor], phrases: list[str], size: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        """Boxes [N, Q, 4] in pixels of the frames, and scores 0..1 of each phrase [N, Q, K]."""
        raise NotImplementedError


class GroundingDino(ZeroShotDetector):
    """Grounding DINO, MM-Grounding-DINO and LLMDet: a phrase scores as its best token does."""

    def _scores(
        self, pixels: dict[str, Tensor], phrases: list[str], size: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        text, spans = _text(phrases)
        encoded = self.tokenizer(
            text, return_tensors="pt", return_offsets_mapping=True, truncation=True,
            max_length=self.model.config.max_text_len,
        )  # fmt: skip
        offsets = encoded.pop("offset_mapping")[0].tolist()
        count = len(pixels["pixel_values"])
        inputs = {
            name: value.expand(count, -1).to(self.model.device) for name, value in encoded.items()
        }
        out = self.model(**pixels, **inputs)
        probabilities = out.logits.float().sigmoid()
        columns = []
        for start, stop in spans:
            tokens = [n for n, (a, b) in enumerate(offsets) if a < b and a >= start and b <= stop]
            columns.append(
                probabilities[..., tokens].amax(-1)
                if tokens
                else torch.zeros_like(probabilities[..., 0])
            )
        return _corners(out.pred_boxes.float(), size[1], size[0]), torch.stack(columns, -1)


class Owlv2(ZeroShotDetector):
    """OWLv2, whose pictures are padded to a square, to the right and below."""

    def _scores(
        self, pixels: dict[str, Tensor], phrases: list[str], size: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        # As its processor does: "max_length" is that of the text model, 16.
        text = [f"a photo of {_article(phrase)}" for phrase in phrases]
        encoded = self.tokenizer(
            text, return_tensors="pt", padding="max_length", truncation=True,
            max_length=self.model.config.text_config.max_position_embeddings,
        )  # fmt: skip
        count = len(pixels["pixel_values"])
        inputs = {
            name: encoded[name].repeat(count, 1).to(self.model.device)
            for name in ("input_ids", "attention_mask")
        }
        out = self.model(**pixels, **inputs)
        side = max(size)
        return _corners(out.pred_boxes.float(), side, side), out.logits.float().sigmoid()


def _text(phrases: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Phrases as "a. b." in lower case, and where each stands."""
    text, spans = "", []
    for phrase in phrases:
        plain = phrase.lower().replace(".", " ").strip()
        spans.append((len(text), len(text) + len(plain)))
        text += f"{plain}. "
    return text.strip(), spans


def _article(phrase: str) -> str:
    return f"{'an' if phrase[:1] in 'aeiou' else 'a'} {phrase}"


def _corners(boxes: Tensor, width: int, height: int) -> Tensor:
    """Centres and sizes 0..1 as corners in pixels, [..., 4]."""
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    scale = boxes.new_tensor([width, height, width, height])
    return torch.cat([centre - half, centre + half], -1) * scale
