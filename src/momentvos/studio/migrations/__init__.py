"""Versions of the studio's tables."""
