"""A chat model on this machine, loaded where the tracks model is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from momentvos.grounding.chat import chat_model
from momentvos.mllm.yes_no import YesNo
from momentvos.systems.tracks.asking import Parts


@dataclass
class LocalChat:
    """See `Chat`; in bfloat16 on a GPU, else in float32.

    source: a folder or hub id.
    """

    source: str
    note: str = ""
    _model: Any = field(default=None, repr=False)
    _device: str = ""

    def place(self, device: torch.device) -> None:
        """Load it on a device, unless it is there. Raises ModelError."""
        if self._model is None or self._device != str(device):
            self._model = None
            self._model = chat_model.load("chat", self.source, str(device))
            self._device = str(device)

    def generate(self, parts: Parts) -> str:
        """See `Chat`."""
        text: str = self._model.generate(parts)
        return text

    def yes_no(self, parts: Parts) -> YesNo | None:
        """See `Chat`; read from the logits of the first token."""
        said: YesNo | None = self._model.yes_no(parts)
        return said
