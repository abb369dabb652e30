import pytest
import torch

from momentvos.systems.tgl.adapter import CrossModalAdapter
from momentvos.systems.tgl.motion import MotionBlock


def drawn(dim=16):
    torch.manual_seed(0)
    block = MotionBlock(dim)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return block.eval()


def test_a_new_block_is_the_identity():
    x = torch.randn(2, 5, 4, 4, 16)
    assert torch.equal(MotionBlock(16)(x), x)


def test_a_frame_sees_two_frames_and_one_place_to_each_side():
    block, x = drawn(), torch.randn(1, 9, 6, 6, 16)
    other = x.clone()
    other[0, 4, 3, 3, :8] += 1.0
    changed = (block(other) - block(x)).abs().amax(-1)[0] > 1e-6
    expected = torch.zeros_like(changed)
    expected[2:7, 2:5, 2:5] = True
    assert torch.equal(changed, expected)


def test_padding_frames_are_as_the_end_of_the_clip():
    block, x = drawn(), torch.randn(2, 6, 4, 4, 16)
    mask = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    got = block(x, mask)
    torch.testing.assert_close(got[0], block(x[:1])[0])
    torch.testing.assert_close(got[1, :4], block(x[1:, :4])[0])
    assert torch.equal(got[1, 4:], x[1, 4:])


def test_it_can_be_taught_left_from_right():
    """A dot that moves one way or the other, which single frames cannot tell."""
    torch.manual_seed(0)
    block, head = MotionBlock(8), torch.nn.Linear(8, 1)
    dots = torch.zeros(2, 6, 6, 6, 8)
    for t in range(6):
        dots[0, t, 2, t, 0] = dots[1, t, 2, 5 - t, 0] = 3.0
    optimiser = torch.optim.Adam([*block.parameters(), *head.parameters()], 1e-2)
    for _ in range(80):
        score = head(block(dots))[..., 0].flatten(1).max(1).values
        loss = torch.nn.functional.softplus(torch.stack([-score[0], score[1]])).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert score[0] > 1 and score[1] < -1


@pytest.mark.parametrize("motion", [0, 2])
def test_an_adapter_takes_blocks(motion):
    adapter = CrossModalAdapter(6, 10, 16, 2, 2, motion=motion)
    assert sum(name.startswith("motion.") for name, _ in adapter.named_parameters()) == 11 * motion
    delta, _ = adapter(torch.randn(2, 3, 4, 4, 6), torch.randn(2, 5, 10))
    assert delta.shape == (2, 3, 4, 4, 6)
