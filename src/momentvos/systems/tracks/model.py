"""The tracks system: public weights, each in its role."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from momentvos.errors import ModelError
from momentvos.systems.base import System
from momentvos.systems.registry import title
from momentvos.systems.tracks.config import TracksConfig
from momentvos.systems.tracks.parts import Parts, front, load
from momentvos.systems.tracks.session import TracksSession


class TracksModel(System):
    """Finds what a sentence's noun names, tracks all of it, and asks which of the tracks is meant.

    Attributes:
        parts: what plays each role. A detector of your own is any object of the protocol
            `momentvos.systems.tracks.detectors.Detector`.
    """

    config_class = TracksConfig
    config: TracksConfig
    base_model_prefix = "tracks"
    session_class = TracksSession
    whole_video = "it compares tracks through the whole video"

    def __init__(self, config: TracksConfig, parts: Parts | None = None) -> None:
        """Raises ModelError as `momentvos.systems.tracks.parts.load`, where no parts are given."""
        self._check(config)
        parts = parts or load(config)
        if parts.front is None:
            parts = replace(parts, front=front(config))
        config.sam_config = parts.sam.config
        super().__init__(config)
        self.parts, self.sam = parts, parts.sam
        for role in ("detector", "selector"):  # so that they move with the model
            part = getattr(parts, role)
            for name in ("model", "tower"):
                held = getattr(part, name, None)
                held = getattr(held, "model", held)
                if isinstance(held, nn.Module):
                    self.add_module(f"{role}_weights", held)
        self.requires_grad_(False)
        self.eval()

    @classmethod
    def from_pretrained(cls, name: str | Path, *args: Any, **kwargs: Any) -> Self:
        """Load the parts that a configuration in a folder or at a hub id names.

        Raises:
            ModelError: it is of another kind, or a part cannot be had.
        """
        values = cls.config_class.get_config_dict(name)[0]
        if values.get("model_type") != cls.config_class.model_type:
            kind, wanted = values.get("model_type"), title(str(cls.config_class.model_type))
            raise ModelError(f"'{name}' is a model of type '{kind}', not a {wanted} model.")
        try:
            config = TracksConfig.from_dict(values)
        except (TypeError, ValueError) as error:
            raise ModelError(f"The configuration of '{name}' cannot be used: {error}.") from error
        config.name_or_path = str(name)
        return cls(config)

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:
        """Write the configuration, which names the parts; their weights stay where they are."""
        self.config.save_pretrained(save_directory)

    @property
    def device(self) -> torch.device:
        """Where the parts are."""
        place: torch.device = self.sam.device
        return place

    @property
    def text_model_config(self) -> Any:
        """No part of its own reads text."""
        raise ModelError("A tracks model has no tokenizer of its own.")

    @staticmethod
    def _check(config: TracksConfig) -> None:
        if config.selection is not None:
            raise ModelError("A tracks model selects tracks by itself; leave 'selection' out.")
