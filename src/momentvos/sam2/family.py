"""Which of the two a model is that tracks: SAM2 or EdgeTAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import Sam2VideoConfig, Sam2VideoModel


def is_edgetam(model: Sam2VideoModel | Sam2VideoConfig) -> bool:
    """Whether a model, or one of a configuration, is EdgeTAM."""
    config = getattr(model, "config", model)
    return bool(config.model_type == "edgetam_video")


def title(model: Sam2VideoModel) -> str:
    """What people call it."""
    return "EdgeTAM" if is_edgetam(model) else "SAM2"
