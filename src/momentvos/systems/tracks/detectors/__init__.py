"""Detectors: boxes of what phrases name, in single frames."""

from momentvos.systems.tracks.detectors.detection import Detection, Detector

__all__ = ["Detection", "Detector"]
