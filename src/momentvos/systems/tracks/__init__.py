"""Tracks: words, a detector, SAM2's tracks and a selector, all of them published weights."""

from momentvos.systems.registry import SystemEntry

ENTRY = SystemEntry("tracks", "momentvos.systems.tracks.model:TracksModel")
