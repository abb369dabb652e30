"""Streams: frames that come one by one, answers a bounded time later, memory that stays flat."""

from momentvos.systems.streaming.stream import Stream
from momentvos.systems.streaming.update import Update

__all__ = ["Stream", "Update"]
