from dataclasses import replace

import pytest
import torch

from momentvos.systems.options import LossOptions
from momentvos.systems.tgl.losses import total
from momentvos.systems.tgl.pretrain.tracks import track_clip
from momentvos.systems.tgl.train import init_part


@pytest.fixture
def clip(batch):
    """The queries of the batch, of which the last shows nothing."""
    masks = batch.masks.clone()
    masks[-1] = False
    return replace(batch, masks=masks)


def test_some_masks_are_given_and_all_other_frames_are_segmented(mini, clip):
    for seed in range(4):
        torch.manual_seed(seed)
        with torch.no_grad():
            output = track_clip(mini, clip)
        assert output.logits.shape == (4, 8, 32, 32) and output.scores.shape == (4, 8)
        assert output.relevance is None and not output.segmented[-1].any()
        for query, segmented in enumerate(output.segmented[:3]):
            given = ~segmented
            assert 1 <= given.sum() <= 4
            assert clip.masks[query].flatten(1).any(1)[given].all()
        assert not output.logits[~output.segmented].any()


def test_wrong_masks_are_remembered_as_they_are(build, clip):
    """Frames far from the given masks depend on those in between, as at inference."""
    model = build(gate=False)
    init_part(model, "memory", clip)

    def answer(count):
        torch.manual_seed(3)
        with torch.no_grad():
            return track_clip(model, _first(clip, count))

    def _first(batch, count):
        masks = batch.masks.clone()
        masks[:, 1:] = False
        frames = batch.frames.clone()
        frames[:, 1:count] = 0
        return replace(batch, masks=masks, frames=frames)

    plain, dark = answer(1), answer(7)
    both = plain.segmented & dark.segmented
    assert both[0, 7]
    torch.testing.assert_close(plain.logits[0, 0], dark.logits[0, 0])
    assert (plain.logits[0, 7] - dark.logits[0, 7]).abs().max() > 1e-3


def test_tracks_depend_on_the_given_masks_and_not_on_the_sentence(build, clip):
    model = build()
    init_part(model, "memory", clip)

    def answer(batch):
        torch.manual_seed(4)
        with torch.no_grad():
            return track_clip(model, batch)

    plain = answer(clip)
    renamed = answer(replace(clip, sentences=("jumping",) * 4))
    torch.testing.assert_close(renamed.logits, plain.logits)
    other = clip.masks.clone()
    other[0] = other[0].flip(2)
    changed = answer(replace(clip, masks=other))
    same, moved = plain.segmented & changed.segmented, (changed.logits - plain.logits).abs()
    assert moved[0][same[0]].max() > 1e-3
    assert moved[1:].max() < 1e-5


def test_memory_learns(build, clip):
    model = build().train()
    torch.manual_seed(1)
    losses = total(track_clip(model, clip), clip, LossOptions(size=32, object_score=0.3))
    assert set(losses) == {"loss", "dice", "focal", "object_score"}
    losses["loss"].backward()
    reached = {name for name, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    attention = "sam.memory_attention.layers.1.cross_attn_image.q_proj.weight"
    assert {"sam.memory_encoder.projection.weight", attention} <= reached
    assert not any(name.startswith(("text_encoder", "adapters", "tam")) for name in reached)


def test_without_any_visible_query_absence_is_learned(build, clip):
    model = build().train()
    nothing = replace(clip, masks=torch.zeros_like(clip.masks))
    output = track_clip(model, nothing)
    assert output.segmented[0].any() and not output.segmented[1:].any()
    total(output, nothing, LossOptions(size=32, object_score=0.3))["loss"].backward()
    assert model.sam.mask_decoder.obj_score_token.weight.grad.any()
