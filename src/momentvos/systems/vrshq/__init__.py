"""VRS-HQ."""

from momentvos.systems.vrshq.config import VrsHqConfig

__all__ = ["VrsHqConfig"]
