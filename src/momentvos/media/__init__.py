"""Video input and output: frames with exact times, files with sound."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.media.arrays import ArrayVideo as ArrayVideo
    from momentvos.media.facts import VideoFacts as VideoFacts
    from momentvos.media.frame import Frame as Frame
    from momentvos.media.sampled import SampledVideo as SampledVideo
    from momentvos.media.video import Video as Video
    from momentvos.media.writer import VideoWriter as VideoWriter

_HOMES = {
    "ArrayVideo": "arrays",
    "Frame": "frame",
    "SampledVideo": "sampled",
    "Video": "video",
    "VideoFacts": "facts",
    "VideoWriter": "writer",
}
__all__ = [
    "ArrayVideo",
    "Frame",
    "SampledVideo",
    "Video",
    "VideoFacts",
    "VideoWriter",
]


def __getattr__(name: str) -> Any:
    """Resolve a public name on first use, so that PyAV, torch and matplotlib load when needed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
