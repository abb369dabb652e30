"""Hiera's blocks: equal to those of transformers wherever windows fit, and where they do not."""

import copy

import pytest
import torch
from transformers import Sam2HieraDetConfig, Sam2VideoModel

from momentvos.sam2 import encode
from momentvos.sam2.precision import reduce_products
from momentvos.sam2.sizes import sam_config


def _model(side: int, windows: tuple[int, ...]) -> Sam2VideoModel:
    torch.manual_seed(0)
    hiera = Sam2HieraDetConfig(
        image_size=[side, side],
        hidden_size=16,
        num_attention_heads=1,
        blocks_per_stage=[2, 2, 4, 2],
        embed_dim_per_stage=[16, 32, 64, 128],
        num_attention_heads_per_stage=[1, 2, 4, 8],
        window_size_per_stage=list(windows),
        global_attention_blocks=[5, 7],
    )
    sam = Sam2VideoModel(sam_config(hiera, hidden=64, layers=1, feed_forward=64)).eval()
    for parameter in sam.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return sam


def _theirs(sam: Sam2VideoModel, pixels: torch.Tensor) -> list[torch.Tensor]:
    flat = sam.get_image_features(pixels, return_dict=True).fpn_hidden_states
    side = sam.config.image_size
    sizes = [side // stride for stride in (4, 8, 16)]
    return [
        one.permute(1, 2, 0).unflatten(2, (size, size))
        for one, size in zip(flat, sizes, strict=True)
    ]


@pytest.mark.parametrize(
    ("side", "windows"),
    [
        (128, (8, 4, 8, 4)),  # all fit
        (128, (8, 4, 14, 7)),  # of the last two stages none does
        (96, (8, 4, 4, 2)),
        (160, (8, 4, 14, 7)),  # 10 x 10 cells: less than a window
        (192, (8, 4, 14, 6)),  # the last stage's first block has windows of another size
    ],
)
@torch.no_grad()
def test_features_are_those_of_transformers(side: int, windows: tuple[int, ...]) -> None:
    sam, pixels = _model(side, windows), torch.randn(2, 3, side, side)
    for ours, theirs in zip(encode(sam, pixels).levels, _theirs(sam, pixels), strict=True):
        assert theirs.std() > 0.05
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_gradients_are_those_of_transformers() -> None:
    sam, pixels = _model(96, (8, 4, 14, 7)), torch.randn(1, 3, 96, 96)
    theirs = copy.deepcopy(sam)
    encode(sam, pixels).top.square().mean().backward()
    neck = theirs.vision_encoder(pixels, return_dict=True).fpn_hidden_states
    neck[-1].square().mean().backward()
    for name, parameter in theirs.vision_encoder.named_parameters():
        if parameter.grad is not None and parameter.grad.abs().max() > 0:
            ours = sam.vision_encoder.get_parameter(name).grad
            torch.testing.assert_close(ours, parameter.grad, rtol=1e-3, atol=1e-5)


@torch.no_grad()
def test_positions_and_products_follow_changed_weights() -> None:
    sam, pixels = _model(96, (8, 4, 8, 4)), torch.randn(1, 3, 96, 96)
    encode(sam, pixels)
    sam.vision_encoder.backbone.pos_embed.add_(1.0)
    sam.mask_decoder.conv_s0.weight.mul_(2.0)
    sam.vision_encoder.neck.convs[-1].bias.data = torch.ones(64)
    for ours, theirs in zip(encode(sam, pixels).levels, _theirs(sam, pixels), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_reduced_products_are_close() -> None:
    sam, pixels = _model(96, (8, 4, 14, 7)), torch.randn(1, 3, 96, 96)
    whole = encode(sam, pixels)
    reduce_products(sam)
    for ours, exact in zip(encode(sam, pixels).levels, whole.levels, strict=True):
        assert ours.dtype == torch.float32
        assert not torch.equal(ours, exact)
        assert (ours - exact).std() < 0.03 * exact.std()
