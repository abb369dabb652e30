"""The rule by which an anchor clears memories."""

import pytest
import torch

from momentvos.propagation import Bank, Read, Step
from momentvos.sam2 import Decoded
from momentvos.systems.momentseg.refresh import Refresh, RefreshHook


@pytest.mark.parametrize(
    ("track", "anchor", "due"),
    [(2.0, 1.0, False), (0.9, 1.0, False), (0.89, 1.0, True), (0.5, 0.5, False), (0.4, 0.5, True)],
)
def test_an_anchor_clears_when_the_track_is_less_sure_than_nine_tenths_of_it(track, anchor, due):
    assert Refresh().due(track, anchor) is due


def walked(probabilities, anchor):
    """Frames left after a walk 1..n with these probabilities meets an anchor at n + 1."""
    bank, hook = Bank(), RefreshHook(Refresh())
    last = len(probabilities) + 1
    read = Read(6, "previous", None, reach=6, pointer_reach=15, within=(0, 99))

    def put(frame, probability, write):
        step = Step(frame, prompt="tokens", read=read if write == "recent" else None, write=write)
        bank.write(step, torch.zeros(1, 1, 1), torch.zeros(1))
        score = torch.tensor([probability]).logit()
        hook.after([step], Decoded(score, score, score, score, score))

    put(last, anchor, "conditioning")
    for frame, probability in enumerate(probabilities, 1):
        put(frame, probability, "recent")
    after = Step(last + 1, read=read, met=(last,))
    hook.before(after, bank)
    return [frame for frame in bank.select(after).pointers if frame != last]


def test_a_doubtful_track_loses_its_memories_within_seven_frames():
    assert walked([0.9] * 10, 0.99) == [3, 2, 1]
    assert walked([0.999] * 10, 0.99) == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert walked([0.9] * 10, 0.01) == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
