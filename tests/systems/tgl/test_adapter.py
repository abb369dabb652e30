import math

import pytest
import torch
from torch.nn import functional as F

from momentvos.systems.tgl.adapter import CrossModalAdapter

WINDOWS, FRAMES, SIDE, CHANNELS, TOKENS, TEXT = 2, 3, 4, 6, 5, 10


def small(**options):
    torch.manual_seed(0)
    options = {"dim": 16, "heads": 2, "patch": 2} | options
    adapter = CrossModalAdapter(CHANNELS, TEXT, **options)
    with torch.no_grad():
        for name, buffer in adapter.named_buffers():
            if "running_mean" in name:
                buffer.normal_(std=0.05)
            elif "running_var" in name:
                buffer.uniform_(0.05, 0.2)
        for parameter in adapter.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return adapter.eval()


@pytest.fixture
def inputs():
    torch.manual_seed(1)
    return torch.randn(WINDOWS, FRAMES, SIDE, SIDE, CHANNELS), torch.randn(WINDOWS, TOKENS, TEXT)


def heads_by_hand(module, query, key, mask=None):
    """Multi-head attention of one sequence, head by head, from its textbook formula."""
    weights, biases = module.in_proj_weight.chunk(3), module.in_proj_bias.chunk(3)
    q, k, v = (x @ w.T + b for x, w, b in zip((query, key, key), weights, biases, strict=True))
    width = q.shape[-1] // module.num_heads
    parts = []
    for head in range(module.num_heads):
        at = slice(head * width, (head + 1) * width)
        scores = q[:, at] @ k[:, at].T / math.sqrt(width)
        if mask is not None:
            scores[:, ~mask] = -math.inf
        parts.append(scores.softmax(-1) @ v[:, at])
    return torch.cat(parts, -1) @ module.out_proj.weight.T + module.out_proj.bias


def norm_by_hand(norm, x):
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return (x - norm.running_mean) * scale + norm.bias


def hsa_by_hand(adapter, x):
    frames, height, width, dim = x.shape
    p = adapter.patch
    out = torch.empty_like(x)
    for top in range(0, height, p):
        for left in range(0, width, p):
            sequence = []
            for t in range(frames):
                angle = (t + 1) / frames * 2 * math.pi
                when = [
                    f(angle / 10000 ** (2 * i / dim))
                    for i in range(dim // 2)
                    for f in (math.sin, math.cos)
                ]
                patch = x[t, top : top + p, left : left + p].reshape(p * p, dim)
                sequence.append(patch + torch.tensor(when) + adapter.spatial_pos_embed[0, 0, 0])
            tokens = F.layer_norm(
                torch.cat(sequence), (dim,), adapter.norm_pre_HSA.weight, adapter.norm_pre_HSA.bias
            )
            tokens = heads_by_hand(adapter.hsa.self_attn, tokens, tokens)
            tokens = tokens @ adapter.hsa.linear.weight.T + adapter.hsa.linear.bias
            out[:, top : top + p, left : left + p] = tokens.view(frames, p, p, dim)
    return out


def adapter_by_hand(adapter, x, e, text_mask=None):
    """One window of section "CMT" of SAMWISE, in evaluation mode."""
    down = adapter.proj_vis_down[0].weight[:, :, 0, 0]
    visual = norm_by_hand(adapter.proj_vis_down[1], x @ down.T).relu()
    text = e @ adapter.proj_text_down[0].weight.T
    attended = visual + hsa_by_hand(adapter, visual) if adapter.hsa else visual
    gate = heads_by_hand(
        adapter.ca_V2T.multihead_attn, attended.flatten(0, 2), text, text_mask
    ).view_as(attended)
    up = adapter.proj_vis_up[0].weight[:, :, 0, 0]
    delta_x = norm_by_hand(adapter.proj_vis_up[1], (attended * gate) @ up).relu()
    read = heads_by_hand(adapter.ca_T2V.multihead_attn, text, visual.mean(0).flatten(0, 1))
    return delta_x, (text * read) @ adapter.proj_text_up[0].weight.T


@pytest.mark.parametrize("hsa", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_arithmetic(inputs, hsa, masked):
    adapter, (x, e) = small(hsa=hsa), inputs
    mask = torch.ones(WINDOWS, TOKENS, dtype=torch.bool)
    mask[1, 3:] = False
    with torch.no_grad():
        delta_x, delta_e = adapter(x, e, mask if masked else None)
        for window in range(WINDOWS):
            want_x, want_e = adapter_by_hand(
                adapter, x[window], e[window], mask[window] if masked else None
            )
            assert (want_x > 0.01).float().mean() > 0.1
            torch.testing.assert_close(delta_x[window], want_x, atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(delta_e[window], want_e, atol=1e-4, rtol=1e-4)


def keys(visual, text, dim, patch):
    attention = {
        "in_proj_weight": (3 * dim, dim),
        "in_proj_bias": (3 * dim,),
        "out_proj.weight": (dim, dim),
        "out_proj.bias": (dim,),
    }
    shapes = {
        "spatial_pos_embed": (1, 1, 1, patch * patch, dim),
        "proj_vis_down.0.weight": (dim, visual, 1, 1),
        "proj_vis_up.0.weight": (dim, visual, 1, 1),
        "proj_text_down.0.weight": (dim, text),
        "proj_text_up.0.weight": (text, dim),
        "hsa.linear.weight": (dim, dim),
        "hsa.linear.bias": (dim,),
        "norm_pre_HSA.weight": (dim,),
        "norm_pre_HSA.bias": (dim,),
    }
    for part in ("ca_V2T.multihead_attn", "ca_T2V.multihead_attn", "hsa.self_attn"):
        shapes |= {f"{part}.{name}": shape for name, shape in attention.items()}
    for part, channels in (("proj_vis_down.1", dim), ("proj_vis_up.1", visual)):
        for name in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{part}.{name}"] = (channels,)
        shapes[f"{part}.num_batches_tracked"] = ()
    return shapes


@pytest.mark.parametrize(
    ("visual", "patch", "count"),
    [
        (224, 8, 1_381_056),
        (448, 4, 1_483_904),
        (896, 2, 1_711_104),
        (288, 8, 1_413_952),
        (576, 4, 1_549_696),
        (1152, 2, 1_842_688),
    ],
)
def test_published_shapes(visual, patch, count):
    with torch.device("meta"):
        adapter = CrossModalAdapter(visual, 768, patch=patch)
    assert sum(p.numel() for p in adapter.parameters()) == count
    state = {name: tuple(value.shape) for name, value in adapter.state_dict().items()}
    assert state == keys(visual, 768, 256, patch)
    assert len(state) == 31


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_a_ragged_batch_equals_its_windows_alone(inputs, norm):
    adapter, (x, e) = small(norm=norm), inputs
    mask = torch.tensor([[True, True, True], [True, False, True]])
    with torch.no_grad():
        delta_x, delta_e = adapter(x, e, None, mask)
        for window in range(WINDOWS):
            alone_x, alone_e = adapter(x[window : window + 1, mask[window]], e[window : window + 1])
            torch.testing.assert_close(delta_x[window, mask[window]], alone_x[0])
            torch.testing.assert_close(delta_e[window], alone_e[0])
    assert not delta_x[1, 1].any()


def test_padding_frames_stay_out_of_the_statistics(inputs):
    x, e = inputs
    mask = torch.tensor([[True, False, False], [True, True, False]])
    spoiled = torch.where(mask[:, :, None, None, None], x, 1e3)
    first, second = small().train(), small().train()
    first(x, e, None, mask)
    second(spoiled, e, None, mask)
    mean = first.proj_vis_down[1].running_mean
    torch.testing.assert_close(mean, second.proj_vis_down[1].running_mean)


@pytest.mark.parametrize("training", [True, False])
def test_a_window_without_frames(inputs, training):
    adapter, (x, e) = small().train(training), inputs
    mask = torch.tensor([[True] * 3, [False] * 3])
    delta_x, delta_e = adapter(x, e, None, mask)
    assert delta_x.isfinite().all() and not delta_x[1].any() and not delta_e[1].any()
    nothing_x, nothing_e = adapter(x, e, None, torch.zeros_like(mask))
    assert not nothing_x.any() and not nothing_e.any()
    (delta_x.sum() + delta_e.sum() + nothing_x.sum()).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in adapter.parameters())
    assert all(buffer.isfinite().all() for buffer in adapter.buffers())


def test_one_frame(inputs):
    x, e = inputs
    delta_x, delta_e = small()(x[:, :1], e)
    assert delta_x.shape == (WINDOWS, 1, SIDE, SIDE, CHANNELS) and delta_e.shape == e.shape


def test_padding_tokens_matter_only_without_a_mask(inputs):
    adapter, (x, e) = small(), inputs
    mask = torch.arange(TOKENS).expand(WINDOWS, -1) < 3
    other = torch.where(mask[..., None], e, 7.0)
    with torch.no_grad():
        torch.testing.assert_close(adapter(x, e, mask)[0], adapter(x, other, mask)[0])
        assert not torch.allclose(adapter(x, e)[0], adapter(x, other)[0])


def test_frames_see_each_other_and_their_order(inputs):
    adapter, (x, e) = small(), inputs
    with torch.no_grad():
        forward = adapter(x, e)[0]
        backward = adapter(x.flip(1), e)[0].flip(1)
    assert not torch.allclose(forward, backward)


def test_a_map_that_the_patch_does_not_divide(inputs):
    x, e = inputs
    with pytest.raises(ValueError, match="3x4 map"):
        small()(x[:, :, :3], e)
    small(hsa=False)(x[:, :, :3], e)


def test_out_activation(inputs):
    with torch.no_grad():
        assert small()(*inputs)[0].min() == 0
        assert small(out_activation=False)(*inputs)[0].min() < 0


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_zero_init_is_the_identity_and_learns(inputs, norm):
    adapter = CrossModalAdapter(
        CHANNELS, TEXT, 16, 2, 2, norm=norm, zero_init=True, out_activation=False
    )
    delta_x, delta_e = adapter(*inputs)
    assert not delta_x.any() and not delta_e.any()
    ((delta_x - 1) ** 2).sum().add(((delta_e - 1) ** 2).sum()).backward()
    assert adapter.proj_vis_up[1].weight.grad.any() and adapter.proj_text_up[0].weight.grad.any()


def test_options_that_cannot_be():
    with pytest.raises(ValueError, match="out_activation"):
        small(zero_init=True)
    with pytest.raises(ValueError, match="norm"):
        small(norm="group")


@torch.no_grad()
def test_what_no_sentence_changes_can_be_shared(inputs):
    """Two sentences about one window: looked at once, the same as looked at twice."""
    visual, text = inputs
    adapter = small()
    one = visual[:1].expand(2, -1, -1, -1, -1)
    features = adapter.encode(visual[:1]).select(torch.tensor([0, 0]))
    for got, expected in zip(adapter.fuse(features, text), adapter(one, text), strict=True):
        torch.testing.assert_close(got, expected)
