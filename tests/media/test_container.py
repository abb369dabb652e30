"""A file that is being read is let go at once, however far it was read."""

import gc
import weakref

import pytest

from momentvos.media import Video, container


@pytest.mark.parametrize("count", [0, 1, 5, None])
def test_a_reader_that_stops_leaves_nothing_for_the_collector(film, monkeypatch, count):
    made = []

    class Seen(container._Cursor):
        def __init__(self, *given):
            super().__init__(*given)
            made.append(weakref.ref(self))

    video = Video.open(film("plain.mkv", 24, options={"g": "12"}))
    monkeypatch.setattr(container, "_Cursor", Seen)
    gc.collect()
    gc.disable()
    try:
        frames = video.frames(3)
        for _ in range(len(video) if count is None else count):
            next(frames, None)
        del frames
        assert len(made) == (count != 0)
        assert all(one() is None for one in made)
    finally:
        gc.enable()
