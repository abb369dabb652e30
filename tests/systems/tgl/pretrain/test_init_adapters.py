import pytest
import torch

from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.stream import WorldClips
from momentvos.systems.tgl.pretrain.alignment import patch_similarity
from momentvos.systems.tgl.pretrain.init_adapters import init_adapters


@pytest.fixture(scope="module")
def motions():
    data = DataOptions(videos=2, expressions=2, phrases=1.0, kinds={"verb": 1.0})
    return WorldClips(data, ClipOptions(sampler="window", frames=16), seed=3).batch(0)


def heads(model, batch):
    """Mean look-ahead in frames of the middle adapter's heads, over the window's middle frames."""
    hsa, looks = model.adapters[1].hsa, []

    def hook(module, inputs):
        weight, bias = module.self_attn.in_proj_weight, module.self_attn.in_proj_bias
        q, k, _ = torch.nn.functional.linear(inputs[0], weight, bias).chunk(3, -1)
        q, k = (x.unflatten(-1, (8, -1)).transpose(1, 2) for x in (q, k))
        when = torch.arange(16).repeat_interleave(inputs[0].shape[1] // 16).float()
        share = (q @ k.transpose(-1, -2) / 4).softmax(-1)
        ahead = (share * (when[None] - when[:, None])).sum(-1)
        looks.append(ahead[..., (when >= 6) & (when < 10)].mean((0, 2)))

    handle = hsa.register_forward_pre_hook(hook)
    patch_similarity(model, batch, "motions")
    handle.remove()
    return looks[0]


@torch.no_grad()
def test_heads_look_ahead_and_back_and_the_delta_counts(build, motions):
    torch.manual_seed(0)
    model = build().eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    init_adapters(model, motions)
    looks = heads(model, motions)
    assert looks[0] < -1.5 and looks[5] > 1.5
    assert (looks[1:6].diff() > 0).all()
    changed = {
        name for name, value in model.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed and all(name.startswith(("adapters.", "motion.up.")) for name in changed)
    for adapter in model.adapters:
        sizes = []
        hook = adapter.register_forward_hook(
            lambda _, inputs, out, sizes=sizes: sizes.append((inputs[0], out[0]))
        )
        patch_similarity(model, motions, "motions")
        hook.remove()
        visual, delta = sizes[0]
        spread = (visual - visual.flatten(0, -2).mean(0)).std()
        torch.testing.assert_close(delta.std(), spread, rtol=0.1, atol=0.0)


@pytest.mark.slow
def test_adapters_without_attention_over_time_only_get_their_scale(build, motions):
    model = build(adapter_hsa=False)
    init_adapters(model, motions)
    assert torch.isfinite(patch_similarity(model, motions, "motions")).all()


def test_narrow_adapters_are_refused(build, motions):
    with pytest.raises(ValueError, match="too narrow"):
        init_adapters(build(adapter_dim=32, adapter_heads=2), motions)
