"""SAM3 (arXiv 2511.16719) as a detector: every instance of a phrase, as a box and a mask.

Its weights are gated. `transformers` has an image processor of it for torchvision alone, so that
what it does is done by Pillow here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers.image_processing_backends import PilBackend

from momentvos.systems.tracks.detectors.batches import FrameDetector
from momentvos.systems.tracks.detectors.detection import Detection, distinct, inside


class Sam3Images(PilBackend):  # type: ignore[misc]
    """Pictures as SAM3 takes them: stretched to a square, values of -1 to 1."""

    resample = Image.Resampling.BILINEAR
    image_mean = (0.5, 0.5, 0.5)
    image_std = (0.5, 0.5, 0.5)
    size = {"height": 1008, "width": 1008}
    do_resize = True
    do_rescale = True
    do_normalize = True
    do_convert_rgb = True


class Sam3(FrameDetector):
    """See `Detector`; the model is a `Sam3Model`, which is asked about one phrase at a time."""

    def _detect(
        self, frames: Sequence[NDArray[np.uint8]], phrases: Sequence[str]
    ) -> list[list[Detection]]:
        size = (frames[0].shape[0], frames[0].shape[1])
        seen = self.model.get_vision_features(self.pixels(frames)["pixel_values"])
        made: list[list[Detection]] = [[] for _ in frames]
        for phrase in phrases:
            out = self._asked(seen, phrase, len(frames))
            scores = (
                out.pred_logits.float().sigmoid() * out.presence_logits.float().sigmoid()
            ).cpu()
            boxes = out.pred_boxes.float().cpu() * scores.new_tensor([*size[::-1]] * 2)
            for row, sure in enumerate(scores > self.box_threshold):
                kept = sure.nonzero()[:, 0].tolist()
                masks = _masks(out.pred_masks[row, kept], size)
                for number, mask in zip(kept, masks, strict=True):
                    box = inside(boxes[row, number].tolist(), size)
                    if box is not None and mask.any():
                        found = {phrase: float(scores[row, number])}
                        made[row].append(Detection(box, found, mask))
        return [distinct(one) for one in made]

    def _asked(self, seen: Any, phrase: str, count: int) -> Any:
        """The model's output for `count` frames and one phrase."""
        # As its processor does: "max_length" is that of the text model, 32.
        encoded = self.tokenizer(
            phrase, return_tensors="pt", padding="max_length", truncation=True,
            max_length=self.model.config.text_config.max_position_embeddings,
        )  # fmt: skip
        words = {
            name: encoded[name].to(self.model.device) for name in ("input_ids", "attention_mask")
        }
        text = self.model.get_text_features(**words)
        text.pooler_output = text.pooler_output.expand(count, -1, -1)
        mask = words["attention_mask"].expand(count, -1)
        return self.model(vision_embeds=seen, text_embeds=text, attention_mask=mask)


def _masks(logits: Tensor, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Logits [N, h, w] as masks bool [N, *size] of the frame."""
    if not len(logits):
        return np.zeros((0, *size), dtype=bool)
    sure = F.interpolate(logits.float().sigmoid()[None], size, mode="bilinear", align_corners=False)
    made: NDArray[np.bool_] = (sure[0] > 0.5).cpu().numpy()
    return made
