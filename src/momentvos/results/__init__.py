"""Predictions and their renderings: result folder, overlay, timeline."""
