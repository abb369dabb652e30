"""Options of the heat-map system."""

from __future__ import annotations

from typing import Any

from transformers import CLIPSegConfig

from momentvos.systems.config import SystemConfig


class HeatmapConfig(SystemConfig):
    """Options beside those that every system has.

    Args:
        clipseg_config: the image-text model.
        keyframes: most frames that it is shown for a sentence, evenly spread.
        picture: side of the square that it is shown, in pixels.
        relevance_threshold: strength of the heat above which a frame is of the moment, 0..1.
    """

    model_type = "momentvos_heatmap"
    sub_configs = SystemConfig.sub_configs | {"clipseg_config": CLIPSegConfig}
    switches = SystemConfig.switches | {"keyframes", "picture", "relevance_threshold"}

    clipseg_config: Any = None
    keyframes: int = 12
    picture: int = 352
    relevance_threshold: float = 0.5
