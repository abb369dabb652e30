"""TGL (Temporally Grounded Learning) and its baseline SAMWISE."""

from momentvos.systems.tgl.config import TglConfig
from momentvos.systems.tgl.model import TglModel
from momentvos.systems.tgl.presets import tgl_config

__all__ = ["TglConfig", "TglModel", "tgl_config"]
