"""Frames as they come: the same masks as about the whole video."""

import numpy as np
import pytest

from momentvos.errors import ModelError
from momentvos.media.arrays import ArrayVideo

DOG = "the dog that jumps"


@pytest.mark.parametrize("length", [1, 3, 12])
def test_it_gives_the_answer_of_the_whole_video(model, frames, length):
    video = ArrayVideo(frames[:length], 8.0)
    stream = model.stream(video, DOG)
    assert [update.frame for update in stream] == list(range(length))
    (answer,), whole = stream.predictions, model.segment(video, DOG)
    assert answer.method == "Sa2VA, streamed" and answer.moment == whole.moment
    pairs = [(answer.masklet.get(k), whole.masklet.get(k)) for k in range(length)]
    assert all(np.array_equal(*pair) for pair in pairs)


@pytest.mark.parametrize("values", [{"sampling": "uniform"}, {"decoder": "original"}])
def test_other_modes_need_the_whole_video(build, values):
    with pytest.raises(ModelError, match="frames of the whole video"):
        build(**values).stream(DOG, fps=8)
