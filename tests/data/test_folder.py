import numpy as np
import pytest

from momentvos.data.folder import SampleClips
from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.sample import Sample, Target
from momentvos.data.square import square
from momentvos.errors import DataError
from momentvos.moment import Moment


class Ramp(Sample):
    """Frame i is the colour i; the only object covers the left half."""

    def frames(self, indices):
        values = np.array(indices, dtype=np.uint8)[:, None, None, None]
        return np.broadcast_to(values, (len(indices), *self.size, 3))

    def masks(self, indices):
        masks = np.zeros((len(self.targets), len(indices), *self.size), dtype=bool)
        masks[..., : self.size[1] // 2] = True
        return masks


def ramp(video, number, length=20):
    targets = (Target("1", Moment([(2, 6)])),)
    sentence = f"  sentence {video} {number}\n"
    return Ramp(video, str(number), sentence, "motion", length, (8, 8), 8.0, targets)


def clips(samples, **data):
    values = {"source": "mevis", "size": 8, "videos": 2} | data
    return SampleClips(samples, DataOptions(**values), ClipOptions(frames=8), seed=5)


def test_an_epoch_shows_every_expression_once_a_turn():
    source = clips([ramp("a", 0), ramp("a", 1), ramp("b", 0, length=9)])
    assert source.length == 4  # 3 + 3 + 2 items of 8 frames, two a batch
    sentences = [sentence for number in range(4) for sentence in source.batch(number).sentences]
    assert sorted(sentences) == ["sentence a 0"] * 3 + ["sentence a 1"] * 3 + ["sentence b 0"] * 2
    after = [sentence for number in range(4, 8) for sentence in source.batch(number).sentences]
    assert sorted(after) == sorted(sentences) and after != sentences


def test_batches_may_be_read_in_any_order():
    source, again = clips([ramp("a", 0), ramp("b", 0)]), clips([ramp("a", 0), ramp("b", 0)])
    forward = [source.batch(number) for number in range(6)]
    for number in reversed(range(6)):
        batch = again.batch(number)
        assert batch.sentences == forward[number].sentences
        assert (batch.indices == forward[number].indices).all()


def test_frames_follow_their_numbers_and_half_lie_in_the_moment():
    batch = clips([ramp("a", 0)]).batch(0)
    assert (batch.frames[:, :, 0, 0, 0] == batch.indices).all()
    assert (batch.moment.sum(1) >= 4).all() and batch.segment.all()
    assert batch.masks[..., :4].all() and not batch.masks[..., 4:].any()


def test_several_expressions_share_a_video():
    source = clips([ramp("a", number) for number in range(5)], expressions=3, videos=1)
    batch = source.batch(0)
    assert batch.frames.shape[0] == 1 and len(set(batch.sentences)) == 3
    assert source.length == 3


def test_no_samples_is_an_error():
    with pytest.raises(DataError, match="nothing to train on"):
        clips([])


def test_square_scales_the_long_side_and_pads_right_or_bottom():
    frames = np.full((2, 10, 20, 3), 200, dtype=np.uint8)
    fitted = square(frames, 16)
    assert fitted.shape == (2, 16, 16, 3)
    assert (fitted[:, :8] == 200).all() and (fitted[:, 8:] == (124, 116, 104)).all()
    masks = np.zeros((1, 2, 20, 10), dtype=bool)
    masks[..., :10, :] = True
    small = square(masks, 10)
    assert small.shape == (1, 2, 10, 10)
    assert small[..., :5, :5].all() and small.sum() == 50
    assert square(np.zeros((0, 2, 4, 6), dtype=bool), 3).shape == (0, 2, 3, 3)
