import math

import torch
from torch.nn import functional as F

from momentvos.systems.tgl.cme import (
    IGNORED,
    ConditionalMemoryEncoder,
    due,
    label,
    loss,
    reweight,
)


def test_published_names_and_size():
    encoder = ConditionalMemoryEncoder()
    assert sum(p.numel() for p in encoder.parameters()) == 331_394
    block = "transformerBlock."
    want = {
        "decision_token.weight": (1, 256),
        "decision_class_head.weight": (2, 256),
        "decision_class_head.bias": (2,),
        block + "self_attn.in_proj_weight": (768, 256),
        block + "self_attn.in_proj_bias": (768,),
        block + "self_attn.out_proj.weight": (256, 256),
        block + "self_attn.out_proj.bias": (256,),
        block + "linear1.weight": (128, 256),
        block + "linear1.bias": (128,),
        block + "linear2.weight": (256, 128),
        block + "linear2.bias": (256,),
    }
    for norm in ("norm1", "norm2", "norm3"):
        want |= {f"{block}{norm}.{part}": (256,) for part in ("weight", "bias")}
    assert {name: tuple(p.shape) for name, p in encoder.state_dict().items()} == want


def test_arithmetic():
    torch.manual_seed(0)
    encoder = ConditionalMemoryEncoder(16, heads=2, hidden=8).eval()
    block = encoder.transformerBlock
    pointer, early = torch.randn(3, 16), torch.randn(3, 16)
    logits = encoder(pointer, early)
    assert logits.shape == (3, 2)
    for row in range(3):
        x = torch.stack([encoder.decision_token.weight[0], pointer[row], early[row]])
        q, k, v = (
            (x @ w.T + b).view(3, 2, 8)
            for w, b in zip(
                block.self_attn.in_proj_weight.chunk(3),
                block.self_attn.in_proj_bias.chunk(3),
                strict=True,
            )
        )
        weights = (torch.einsum("qhc,khc->hqk", q, k) / math.sqrt(8)).softmax(-1)
        read = torch.einsum("hqk,khc->qhc", weights, v).reshape(3, 16)
        x = block.norm1(x + block.self_attn.out_proj(read))
        x = block.norm3(x + block.linear2(block.linear1(x).relu()))
        torch.testing.assert_close(logits[row], encoder.decision_class_head(x[0]))


def test_pointers_get_no_gradient():
    pointer, early = torch.randn(2, 16, requires_grad=True), torch.randn(2, 16, requires_grad=True)
    encoder = ConditionalMemoryEncoder(16, heads=2)
    encoder(pointer, early).sum().backward()
    assert pointer.grad is None and early.grad is None
    assert encoder.decision_token.weight.grad.any()


def test_schedule():
    assert [index for index in range(8) if due(index)] == [5, 6, 7]
    assert [index for index in range(12) if due(index, switched=6)] == [9, 10, 11]


def box(top, left, height, width):
    mask = torch.zeros(20, 20, dtype=torch.bool)
    mask[top : top + height, left : left + width] = True
    return mask


def test_labels():
    empty, here, there, speck = (
        box(0, 0, 0, 0),
        box(0, 0, 10, 10),
        box(10, 10, 10, 10),
        box(0, 0, 5, 5),
    )
    grazing = box(9, 0, 10, 10)  # shares 10 of 100 pixels
    cases = [
        (here, here, 1.0, 0),
        (here, there, 1.0, 1),
        (here, there, -1.0, IGNORED),
        (speck, speck, 1.0, IGNORED),
        (empty, empty, 1.0, IGNORED),
        (empty, here, 1.0, 1),
        (here, empty, 1.0, 1),
        (here, speck, 1.0, 0),
        (here, grazing, 1.0, 0),
        (here, box(10, 0, 10, 10), 1.0, 1),
    ]
    first, second, scores, want = zip(*cases, strict=True)
    got = label(torch.stack(first), torch.stack(second), torch.tensor(scores))
    assert got.tolist() == list(want)


def test_loss_leaves_ignored_frames_out():
    logits = torch.tensor([[1.0, -1.0], [0.5, 2.0], [3.0, 3.0]], requires_grad=True)
    labels = torch.tensor([0, 1, IGNORED])
    weight = torch.tensor([1.0, 2.0])
    want = F.cross_entropy(logits, labels, weight, ignore_index=IGNORED)
    torch.testing.assert_close(loss(logits, labels), want)
    nothing = loss(logits, torch.full((3,), IGNORED))
    nothing.backward()
    assert nothing == 0 and not logits.grad.any()


def test_reweight_writes_what_the_sentence_alone_shows():
    logits = torch.tensor([[[-1.0, 2.0, 3.0]], [[-1.0, 2.0, 3.0]]])
    alone = torch.tensor([[[0.5, -1.0, 4.0]], [[0.5, -1.0, 4.0]]])
    out = reweight(logits, alone, torch.tensor([True, False]))
    assert out.tolist() == [[[5.0, 2.0, 40.0]], [[-1.0, 2.0, 3.0]]]
