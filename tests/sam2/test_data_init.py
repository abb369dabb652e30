import pytest
import torch
from torch.nn import functional as F
from transformers import Sam2VideoModel

from momentvos.sam2 import Pyramid, attend, encode, remember
from momentvos.sam2.data_init import start_memory
from momentvos.sam2.init_weights import draw_layers, draw_tokens
from momentvos.sam2.sizes import sam_mini

GROUND, THING, OTHER = torch.randn(3, 128, generator=torch.Generator().manual_seed(5)).unbind()


def fresh():
    torch.manual_seed(0)
    sam = Sam2VideoModel(sam_mini()).eval()
    draw_layers(sam.modules())
    draw_tokens(sam)
    return sam


def picture(thing, other):
    """Features [1,128,8,8] of two things that stand at (row, column), on noisy ground."""
    top = GROUND[:, None, None] + 0.1 * torch.randn(128, 8, 8)
    top[:, *thing], top[:, *other] = THING, OTHER
    return top[None]


@torch.no_grad()
def test_memory_finds_a_masked_thing_where_it_went():
    sam = fresh()
    torch.manual_seed(1)
    pictures = [picture((k % 8, 1), (3, (k + 2) % 8)) for k in range(16)]
    start_memory(sam, torch.cat(pictures))
    seen, moved = picture((1, 2), (6, 5)), picture((5, 6), (2, 1))
    mask = torch.full((1, 32, 32), -10.0)
    mask[:, 4:8, 8:12] = 10
    slots = torch.zeros(1, 1, dtype=torch.int64)

    def read(logits):
        memory = remember(sam, seen, logits, torch.ones(1))
        return attend(sam, moved, memory[:, None], slots)

    told = (read(mask) - read(torch.full_like(mask, -10.0))).norm(dim=1)[0]
    assert divmod(int(told.argmax()), 8) == (5, 6)
    assert told[5, 6] > 3 * told[2, 1]


@torch.no_grad()
def test_features_get_unit_deviation_and_only_memory_changes():
    sam = fresh()
    pixels = torch.rand(6, 3, 128, 128, generator=torch.Generator().manual_seed(2))
    sam.vision_encoder.neck.convs[1].weight *= 40
    before = {name: value.clone() for name, value in sam.state_dict().items()}
    pyramid: Pyramid = encode(sam, pixels)
    start_memory(sam, pyramid.top)
    after = encode(sam, pixels)
    torch.testing.assert_close(after.top, pyramid.top / pyramid.top.std(), rtol=1e-4, atol=1e-5)
    for level, same in zip(after.levels[:2], pyramid.levels[:2], strict=True):
        torch.testing.assert_close(level, same)
    changed = {name for name, value in sam.state_dict().items() if not value.equal(before[name])}
    assert changed and all(
        name.startswith(("vision_encoder.neck", "memory_encoder", "memory_attention"))
        for name in changed
    )


def test_attention_in_several_heads_is_refused():
    sam = fresh()
    for layer in sam.memory_attention.layers:
        layer.cross_attn_image.num_attention_heads = 2
    with pytest.raises(ValueError, match="one head"):
        start_memory(sam, F.normalize(torch.randn(2, 128, 8, 8)))
