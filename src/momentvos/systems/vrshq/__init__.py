"""VRS-HQ."""

from momentvos.systems.vrshq.config import VrsHqConfig
from momentvos.systems.vrshq.model import VrsHqModel
from momentvos.systems.vrshq.presets import vrshq_mini

__all__ = ["VrsHqConfig", "VrsHqModel", "vrshq_mini"]
