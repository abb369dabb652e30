"""SAM2 at another size of picture: in place as if it had been built for it."""

import copy

import pytest
import torch
from transformers import Sam2VideoModel

from momentvos.propagation import DecoderOptions, both_ways, run
from momentvos.sam2 import Prompt, encode
from momentvos.sam2.sizes import at_size, resize, sam_mini, step


@pytest.fixture(scope="module")
def sam() -> Sam2VideoModel:
    torch.manual_seed(0)
    sam = Sam2VideoModel(sam_mini()).eval()
    for parameter in sam.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return sam


def _tracked(sam: Sam2VideoModel, side: int) -> torch.Tensor:
    torch.manual_seed(1)
    frames, mask = torch.randn(4, 3, side, side), torch.zeros(1, 1, side, side)
    mask[..., side // 4 : side // 2, side // 4 : side // 2] = 1
    with torch.inference_mode():
        features = encode(sam, frames)
        rows = run(
            sam,
            both_ways(range(4), [0]),
            lambda steps: features.select(torch.tensor([one.frame for one in steps])),
            lambda steps: Prompt(mask=mask),
            DecoderOptions.of_sam2(sam.config, 4),
        )
        return torch.cat([one.decoded.logits for one in rows])


@pytest.mark.parametrize("side", [96, 160, 192])
def test_as_if_built_for_it(sam: Sam2VideoModel, side: int) -> None:
    built = Sam2VideoModel(at_size(sam.config, side)).eval()
    built.load_state_dict(sam.state_dict())
    changed = copy.deepcopy(sam)
    before = _tracked(changed, 128)  # whatever is kept of the size before
    resize(changed, side)
    ours = _tracked(changed, side)
    assert ours.shape == (4, side // 4, side // 4)
    torch.testing.assert_close(ours, _tracked(built, side))
    resize(changed, 128)
    torch.testing.assert_close(_tracked(changed, 128), before)


@pytest.mark.parametrize("side", [100, 0, -32])
def test_sizes_that_cells_do_not_fill_are_refused(sam: Sam2VideoModel, side: int) -> None:
    assert step(sam.config) == 32
    with pytest.raises(ValueError, match="a multiple of 32 pixels"):
        resize(copy.deepcopy(sam), side)
