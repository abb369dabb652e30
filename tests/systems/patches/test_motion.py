import pytest
import torch

from momentvos.grounding.dual.model import DualConfig, DualEncoder
from momentvos.systems.patches.motion import MotionEncoder


def drawn(channels=8):
    torch.manual_seed(0)
    encoder = MotionEncoder(channels, (6, 10), blocks=1)
    with torch.no_grad():
        for up in encoder.up:
            up.weight.normal_()
    return encoder.eval()


def test_a_new_encoder_adds_nothing_at_both_strides():
    near, far = MotionEncoder(8, (6, 10))(torch.randn(2, 3, 3, 32, 32))
    assert near.shape == (2, 3, 8, 8, 6) and far.shape == (2, 3, 4, 4, 10)
    assert not near.any() and not far.any()


def test_it_starts_from_a_dual_encoder_of_its_width():
    dual = DualEncoder(DualConfig(channels=8, blocks=1))
    encoder, pixels = drawn(), torch.randn(1, 4, 3, 32, 32)
    before = encoder(pixels)[1]
    encoder.start_from(dual)
    assert not torch.allclose(encoder(pixels)[1], before)
    torch.testing.assert_close(encoder.far[0].over.weight, dual.far[0].over.weight)
    with pytest.raises(ValueError, match="does not fit"):
        MotionEncoder(16, (6, 10), blocks=1).start_from(dual)


def test_padding_gets_nothing_and_changes_nothing():
    encoder, pixels = drawn(), torch.randn(3, 6, 3, 32, 32)
    mask = torch.tensor([[True] * 6, [True, False, True, True, True, False], [False] * 6])
    for got, every, some in zip(
        encoder(pixels, mask), encoder(pixels[:1]), encoder(pixels[1:2, mask[1]]), strict=True
    ):
        torch.testing.assert_close(got[0], every[0])
        torch.testing.assert_close(got[1, mask[1]], some[0])
        assert not got[~mask].any()


def test_it_can_be_taught_left_from_right():
    """A square that moves one way or the other, which single frames cannot tell."""
    torch.manual_seed(0)
    encoder, head = drawn(), torch.nn.Linear(10, 1)
    clips = torch.zeros(2, 6, 3, 32, 32)
    for t in range(6):
        clips[0, t, :, 12:18, 4 * t : 4 * t + 6] = 3.0
        clips[1, t, :, 12:18, 20 - 4 * t : 26 - 4 * t] = 3.0
    optimiser = torch.optim.Adam([*encoder.parameters(), *head.parameters()], 1e-2)
    for _ in range(60):
        score = head(encoder(clips)[1])[..., 0].flatten(1).max(1).values
        loss = torch.nn.functional.softplus(torch.stack([-score[0], score[1]])).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert score[0] > 1 and score[1] < -1
