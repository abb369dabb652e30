"""What untrained vision towers are told of what they show."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from momentvos.data.world import scene
from momentvos.mllm.alignment import (
    AXES,
    MOTION_GAIN,
    MOTION_UNIT,
    content_words,
    coverage,
    displacements,
    motion_word_loss,
    sentence_word_loss,
    word_alignment_loss,
    word_bank,
    word_tokens,
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the dog that jumps into the air", ("dog", "jumps", "air")),
        ("find the two big cats which are moving to the left", ("big", "cats", "moving", "left")),
        ("hopping up and down", ("hopping", "up", "and", "down")),
        ("going down, then up", ("going", "down", "then", "up")),
        ("the", ()),
    ],
)
def test_words_that_can_be_seen(text, said):
    assert content_words(text) == said


def test_every_sentence_of_a_scene_says_something_to_be_seen():
    for number in range(20):
        for one in scene(number, "train").expressions:
            said = content_words(one.sentence)
            assert set(one.verbs) <= set(said) and len(said) == len(set(said))


@pytest.mark.parametrize("frames", [5, 6])
def test_a_token_is_covered_by_its_share_of_place_and_time(frames):
    places = torch.zeros(1, frames, 8, 8, dtype=torch.bool)
    places[0, 2, :4, 4:] = True
    places[0, 4:, 4:, :2] = True
    covered = coverage(places, (3, 2, 2), 2)
    assert covered.tolist() == [[0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0]]


BANK = torch.eye(6) * 5
"""Words 0..4, and 5 for nothing."""


def places(*numbers):
    """States that say one word each; -1 says none."""
    return torch.stack([10 * (BANK[n] if n >= 0 else torch.zeros(6)) for n in numbers])


def test_places_are_right_with_any_word_of_what_covers_them():
    covered = torch.tensor([[0.9, 0.4, 0.0, 0.0], [0.0, 0.4, 0.0, 0.05]])
    empty = torch.tensor([0.0, 0.0, 1.0, 0.95])
    said = [[0, 1], [2], [5]]
    loss, right = word_alignment_loss(places(1, 2, 5, 3), covered, said, empty, BANK)
    assert right == 1
    for wrong, share in (((2, 2, 5, 3), 0.5), ((3, 3, 5, 3), 0.0)):
        worse, right = word_alignment_loss(places(*wrong), covered, said, empty, BANK)
        assert right == share and worse > loss + 0.1
    doubtful, _ = word_alignment_loss(places(1, 2, 5, 0), covered, said, empty, BANK)
    assert doubtful == loss
    crowded, _ = word_alignment_loss(places(1, 2, 3, 3), covered, said, empty, BANK)
    assert crowded > loss


def test_the_words_themselves_do_not_learn_and_no_place_counts_for_nothing():
    states = torch.randn(3, 6, requires_grad=True)
    bank = BANK.clone().requires_grad_()
    covered, empty = torch.zeros(0, 3), torch.full((3,), 0.5)
    loss, right = word_alignment_loss(states, covered, [[5]], empty, bank)
    assert loss == 0 and right == 0
    loss.backward()
    word_alignment_loss(states, torch.ones(1, 3), [[0], [5]], empty, bank)[0].backward()
    assert states.grad.abs().sum() > 0 and bank.grad is None


@given(
    st.integers(-6, 6),
    st.integers(-6, 6),
    st.sampled_from([2, 3, 4, 5]),
    st.sampled_from([3, 4, 6]),
)
def test_a_square_drifts_as_far_as_it_is_moved(right, down, before, after):
    things = torch.zeros(2, 3, 32, 32, dtype=torch.bool)
    y, x = 12, 12
    things[0, 0, y : y + 2 * before, x : x + 2 * before] = True
    y, x = y + down + before - after, x + right + before - after
    things[0, 2, y : y + 2 * after, x : x + 2 * after] = True
    things[1, 2] = True
    moved = displacements(things)
    growth = torch.tensor(after / before).log()
    torch.testing.assert_close(moved[0], torch.tensor([right / 32, down / 32, growth]))
    assert not moved[1].isfinite().all()


def test_motion_is_said_by_the_difference_of_opposite_words():
    axes = torch.eye(len(AXES), 8)
    moved = torch.tensor([[MOTION_UNIT[0], -MOTION_UNIT[1], 0.0], [float("nan")] * 3])
    covered = torch.tensor([[0.8, 0.0, 0.0], [0.0, 0.9, 0.1]])
    states = torch.zeros(3, 8)
    states[:, 3:] = torch.tensor([2.0, -2.0, 1.0, -1.0, 0.0])
    level = torch.nn.functional.layer_norm(states[:1], (8,))
    told = level.clone()
    told[:, :3] = torch.tensor([[1.0, -1.0, 0.0]]) / MOTION_GAIN
    scale = torch.nn.functional.layer_norm(told, (8,))[0, 0] / told[0, 0]
    right, still = torch.cat([told, states[1:]]), states
    near = motion_word_loss(right, covered, moved * scale, axes)
    assert near < 1e-6 < 0.1 < motion_word_loss(still, covered, moved * scale, axes)
    states.requires_grad_()
    nobody = motion_word_loss(states, covered, moved * float("nan"), axes)
    nobody.backward()
    assert nobody == 0 and states.grad.abs().max() == 0


def test_a_sentence_is_echoed_by_any_of_its_own_words(tokenizer):
    texts = ("the dog that jumps", "two cats")
    said, known = word_bank(tokenizer, texts)
    assert said[-1] == [] and sorted({n for one in said for n in one}) == list(range(len(known)))
    for text, numbers in zip(texts, said, strict=False):
        ids = [token for word in content_words(text) for token in word_tokens(tokenizer, word)]
        assert [known[n] for n in numbers] == ids
    rows = torch.eye(len(known)) * 4
    alone = [next(n for n in said[one] if n not in said[1 - one]) for one in (0, 1)]
    own, other = rows[alone], rows[alone[::-1]]
    assert sentence_word_loss(own, said, rows) + 0.3 < sentence_word_loss(other, said, rows)
    assert word_bank(tokenizer, texts, nothing="nothing")[0][-1]
