"""Memory attention that projects values last: equal to the published order."""

import copy

import pytest
import torch
from transformers import Sam2HieraDetConfig, Sam2VideoModel

from momentvos.sam2 import Reading, attend, attend_unequal, memory_attention, products
from momentvos.sam2.sizes import sam_config


@pytest.fixture(scope="module")
def sam() -> Sam2VideoModel:
    torch.manual_seed(0)
    hiera = Sam2HieraDetConfig(
        image_size=[256, 256],
        hidden_size=16,
        num_attention_heads=1,
        blocks_per_stage=[1, 1, 1, 1],
        embed_dim_per_stage=[16, 32, 64, 128],
        num_attention_heads_per_stage=[1, 1, 2, 4],
        window_size_per_stage=[8, 4, 8, 4],
        global_attention_blocks=[2],
    )
    config = sam_config(hiera, hidden=128, layers=2, feed_forward=64, pointer_encoding=True)
    return Sam2VideoModel(config).eval()


def _arguments(batch: int, memories: int, pointers: int) -> tuple[torch.Tensor, ...]:
    return (
        torch.randn(batch, 128, 16, 16),
        torch.randn(batch, memories, 64, 16, 16),
        torch.randint(0, 7, (batch, memories)),
        torch.randn(batch, pointers, 128),
        torch.rand(batch, pointers),
    )


@pytest.mark.parametrize(
    ("batch", "memories", "pointers"), [(1, 4, 0), (2, 7, 3), (3, 5, 16), (2, 0, 4), (9, 1, 1)]
)
@pytest.mark.parametrize("scores", [1 << 14, 1 << 19, 1 << 30])
def test_equal_to_the_published_order(
    sam: Sam2VideoModel,
    batch: int,
    memories: int,
    pointers: int,
    scores: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = _arguments(batch, memories, pointers)
    monkeypatch.setattr(products, "SCORES", scores)
    with torch.inference_mode():
        ours = attend(sam, *given)
        monkeypatch.setattr(memory_attention, "pays", lambda *_: False)
        theirs = attend(sam, *given)
    assert not torch.equal(ours, theirs), "the same path twice"
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_a_frame_that_many_read_for_is_as_many_copies_of_it(sam: Sam2VideoModel) -> None:
    top, *others = _arguments(3, 4, 2)
    shared = attend(sam, top[:1].expand(3, -1, -1, -1), *others)
    copied = attend(sam, top[:1].repeat(3, 1, 1, 1), *others)
    torch.testing.assert_close(shared, copied, rtol=1e-5, atol=1e-5)


def test_training_takes_the_published_order(sam: Sam2VideoModel) -> None:
    given = _arguments(1, 4, 1)
    trained = copy.deepcopy(sam).train()
    attend(trained, *given).sum().backward()
    layer = trained.memory_attention.layers[0]
    assert layer.cross_attn_image.v_proj.weight.grad is not None


@pytest.mark.parametrize("one_frame", [False, True])
@pytest.mark.parametrize("reading", [False, True])
def test_rows_that_read_unequally_much_are_as_if_each_were_alone(
    sam: Sam2VideoModel, one_frame: bool, reading: bool
) -> None:
    """With gradients, or on a GPU, by transformers' own attention, group by group."""
    torch.manual_seed(1)
    sizes = [(2, (3, 2)), (1, (7, 0)), (2, (0, 0)), (1, (0, 4)), (1, (1, 5))]
    top = torch.randn(1 if one_frame else 7, 128, 16, 16).expand(7, -1, -1, -1)
    order, groups, alone = [4, 0, 6, 1, 3, 2, 5], [], {}
    with torch.inference_mode(reading):
        for count, (memories, pointers) in sizes:
            rows, order = order[:count], order[count:]
            given = Reading(*_arguments(count, memories, pointers)[1:])
            groups.append((rows, given))
            for place, row in enumerate(rows):
                one = (part[place : place + 1] for part in vars(given).values())
                alone[row] = attend(sam, top[row : row + 1], *one)[0]
        together = attend_unequal(sam, top, groups)
    for row, wanted in alone.items():
        torch.testing.assert_close(together[row], wanted, rtol=1e-5, atol=1e-5)
