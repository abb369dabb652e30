"""Which of the things that were followed does a sentence mean, and when? Not part of the papers."""

from momentvos.systems.judge.judge import Listener, ThingJudge, Tracks
from momentvos.systems.judge.lanes import Lanes, of_lanes
from momentvos.systems.judge.lesson import outlines
from momentvos.systems.judge.things import ThingGrounder

__all__ = [
    "Lanes",
    "Listener",
    "ThingGrounder",
    "ThingJudge",
    "Tracks",
    "of_lanes",
    "outlines",
]
