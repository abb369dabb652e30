"""A training-free system for MomentVOS: heat maps give points, SAM2 tracks from them."""

from momentvos.systems.registry import SystemEntry

ENTRY = SystemEntry("Heat map", "heatmap_system.model:HeatmapModel", weights="heatmap_system")
