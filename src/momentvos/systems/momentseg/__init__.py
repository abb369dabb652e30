"""MomentSeg and its baseline Sa2VA."""

from momentvos.systems.momentseg.config import MomentSegConfig
from momentvos.systems.momentseg.model import MomentSegModel
from momentvos.systems.momentseg.presets import momentseg_mini

__all__ = ["MomentSegConfig", "MomentSegModel", "momentseg_mini"]
