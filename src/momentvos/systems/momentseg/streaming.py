"""MomentSeg on frames as they come: where its configuration is Sa2VA's, which needs no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from momentvos.systems.sa2va.streaming import Sa2VaStream

if TYPE_CHECKING:
    from momentvos.systems.momentseg.config import MomentSegConfig
    from momentvos.systems.momentseg.model import MomentSegModel


class MomentSegStream(Sa2VaStream):
    """See `Sa2VaStream`."""

    config: MomentSegConfig

    def __init__(self, model: MomentSegModel, config: MomentSegConfig, fps: float) -> None:
        super().__init__(model, config, fps, "stretch" if config.precise else "momentseg")

    @property
    def forwards(self) -> bool:
        """See `Sa2VaStream`."""
        return (
            super().forwards and self.config.grounding == "none" and self.config.walk == "forward"
        )
