"""Chrono: a BLIP-2 with input frame, time, frame, time, ..., question, and spans as output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from momentvos.grounding import weights
from momentvos.grounding.chrono.timestamps import Timestamps, Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BACKBONE = "Salesforce/blip2-flan-t5-xl"
"""The paper's initial weights: EVA ViT-G and Flan-T5-XL."""

BLOCK = 8
LONGEST_SENTENCE, LONGEST_ANSWER = 256, 96


@dataclass(frozen=True)
class Chrono:
    """The model with its image processor and tokenizer.

    blip: Blip2ForConditionalGeneration with an encoder-decoder, whose config carries `chrono`:
    {"unit": of the timestamps, "frames": number of input frames}. images: its image processor.
    """

    blip: Any
    images: Any
    tokenizer: Any

    @property
    def unit(self) -> Unit:
        unit: Unit = self.blip.config.chrono["unit"]
        return unit

    @property
    def frames(self) -> int:
        return int(self.blip.config.chrono["frames"])

    def encode_frames(self, frames: Sequence[NDArray[np.uint8]]) -> Tensor:
        """Query tokens [n, Q, C] of n frames uint8 [H, W, 3], a few at a time."""
        features = []
        for start in range(0, len(frames), BLOCK):
            pixels = weights.pixels(self.images, frames[start : start + BLOCK])
            pixels = pixels["pixel_values"].to(self.blip.device, self.blip.dtype)
            features.append(self.blip.get_image_features(pixels).pooler_output)
        return torch.cat(features)

    def build_inputs(self, features: Tensor, timestamps: Timestamps, sentence: str) -> Tensor:
        """Build the input [1, N, C] of the language model.

        Each frame's query tokens and its time, then the end of the video, then the question.
        """
        parts = []
        for tokens, mark in zip(features, timestamps.marks, strict=True):
            parts += [tokens, self._words(f"{mark}>")]
        parts.append(self._words(f"{timestamps.end}\n"))
        parts.append(self._words(f"Sentence: {sentence}\n", LONGEST_SENTENCE))
        parts.append(self._words("Windows of time in which it holds: ", end=True))
        return torch.cat(parts)[None]

    def loss(self, inputs: Tensor, answer: str) -> Tensor:
        """Cross-entropy of the answer's tokens."""
        labels = self._ids(answer, LONGEST_ANSWER, end=True)[None]
        mask = torch.ones(inputs.shape[:2], dtype=torch.long, device=inputs.device)
        output = self.blip.language_model(inputs_embeds=inputs, attention_mask=mask, labels=labels)
        loss: Tensor = output.loss
        return loss

    def generate(self, inputs: Tensor) -> str:
        """Generate the answer greedily."""
        mask = torch.ones(inputs.shape[:2], dtype=torch.long, device=inputs.device)
        ids = self.blip.language_model.generate(
            inputs_embeds=inputs,
            attention_mask=mask,
            max_new_tokens=LONGEST_ANSWER,
            do_sample=False,
            num_beams=1,
        )
        text: str = self.tokenizer.decode(ids[0], skip_special_tokens=True)
        return text.strip()

    def save_pretrained(self, folder: str | Path, state: dict[str, Tensor] | None = None) -> None:
        """Write config, safetensors, tokenizer and image processor into a folder.

        state: weights in place of the model's own.
        """
        self.blip.save_pretrained(folder, state_dict=state)
        for part in (self.tokenizer, self.images):
            part.save_pretrained(folder)

    def _words(self, text: str, limit: int = LONGEST_SENTENCE, end: bool = False) -> Tensor:
        embedded: Tensor = self.blip.get_input_embeddings()(self._ids(text, limit, end))
        return embedded

    def _ids(self, text: str, limit: int, end: bool = False) -> Tensor:
        ids = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        ids = ids[:limit]
        if end:
            ids = [*ids, self.tokenizer.eos_token_id]
        return torch.tensor(ids, dtype=torch.long, device=self.blip.device)


def load(source: str | Path, device: str = "auto", start: tuple[Unit, int] | None = None) -> Chrono:
    """Load a trained Chrono, or with `start` a BLIP-2 to train into one.

    Args:
        source: a folder or a hub id.
        device: auto, cpu, cuda, cuda:1 or mps.
        start: unit of the timestamps and number of frames of a new Chrono.

    Raises:
        ModelError: it cannot be had, is no BLIP-2 with an encoder-decoder, or is not trained yet.
        DeviceError: the device is not there.
    """
    from transformers import Blip2ForConditionalGeneration

    from momentvos.errors import ModelError

    target = weights.resolve_device(device)
    # A model that trains keeps its weights in full precision.
    dtype = torch.float32 if start is not None else weights.precision(target)

    def parts(source: str, local: bool) -> Chrono:
        blip = weights.model(Blip2ForConditionalGeneration, source, local, ("blip-2",), dtype=dtype)
        if blip.config.use_decoder_only_language_model:
            raise ModelError(
                f"'{source}' is a BLIP-2 with a decoder-only language model; Chrono needs an "
                f"encoder-decoder, such as {BACKBONE}."
            )
        if start is not None:
            blip.config.chrono = {"unit": start[0], "frames": start[1]}
        elif not isinstance(getattr(blip.config, "chrono", None), dict):
            raise ModelError(
                f"'{source}' is a BLIP-2, but no Chrono yet: train it with "
                "`momentvos train-grounder recipes/grounding/chrono-mevis-m.yaml`."
            )
        images = weights.images(source, local)
        return Chrono(blip.to(target), images, weights.tokenizer(source, local))

    return weights.obtain("chrono", str(source), parts)
