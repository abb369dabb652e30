from dataclasses import replace

import pytest
import torch

from momentvos.systems.options import LossOptions
from momentvos.systems.tgl.losses import total
from momentvos.systems.tgl.pretrain.tracks import track_clip
from momentvos.systems.tgl.train import init_part


@pytest.fixture
def seen(batch):
    """The queries of the batch, of which the last shows nothing."""
    masks = batch.masks.clone()
    masks[-1] = False
    return replace(batch, masks=masks)


def test_some_frames_are_shown_and_all_others_are_asked(mini, seen):
    for seed in range(4):
        torch.manual_seed(seed)
        with torch.no_grad():
            output = track_clip(mini, seen)
        assert output.logits.shape == (4, 8, 32, 32) and output.scores.shape == (4, 8)
        assert output.relevance is None and not output.segmented[-1].any()
        for query, asked in enumerate(output.segmented[:3]):
            shown = ~asked
            assert 1 <= shown.sum() <= 4
            assert seen.masks[query].flatten(1).any(1)[shown].all()
        assert not output.logits[~output.segmented].any()


def test_what_was_followed_wrongly_is_remembered_so(build, seen):
    """Frames far from what is shown depend on those in between, as at inference."""
    model = build(gate=False)
    init_part(model, "memory", seen)

    def answer(count):
        torch.manual_seed(3)
        with torch.no_grad():
            return track_clip(model, _first(seen, count))

    def _first(batch, count):
        masks = batch.masks.clone()
        masks[:, 1:] = False
        frames = batch.frames.clone()
        frames[:, 1:count] = 0
        return replace(batch, masks=masks, frames=frames)

    plain, dark = answer(1), answer(7)
    shown = plain.segmented & dark.segmented
    assert shown[0, 7]
    torch.testing.assert_close(plain.logits[0, 0], dark.logits[0, 0])
    assert (plain.logits[0, 7] - dark.logits[0, 7]).abs().max() > 1e-3


def test_the_answer_depends_on_what_is_shown_and_not_on_the_sentence(build, seen):
    model = build()
    init_part(model, "memory", seen)

    def answer(batch):
        torch.manual_seed(4)
        with torch.no_grad():
            return track_clip(model, batch)

    plain = answer(seen)
    renamed = answer(replace(seen, sentences=("jumping",) * 4))
    torch.testing.assert_close(renamed.logits, plain.logits)
    other = seen.masks.clone()
    other[0] = other[0].flip(2)
    told = answer(replace(seen, masks=other))
    same, moved = plain.segmented & told.segmented, (told.logits - plain.logits).abs()
    assert moved[0][same[0]].max() > 1e-3
    assert moved[1:].max() < 1e-5


def test_memory_learns(build, seen):
    model = build().train()
    torch.manual_seed(1)
    losses = total(track_clip(model, seen), seen, LossOptions(size=32, object_score=0.3))
    assert set(losses) == {"loss", "dice", "focal", "object_score"}
    losses["loss"].backward()
    reached = {name for name, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    attention = "sam.memory_attention.layers.1.cross_attn_image.q_proj.weight"
    assert {"sam.memory_encoder.projection.weight", attention} <= reached
    assert not any(name.startswith(("text_encoder", "adapters", "tam")) for name in reached)


def test_where_no_query_shows_anything_absence_is_learned(build, seen):
    model = build().train()
    nothing = replace(seen, masks=torch.zeros_like(seen.masks))
    output = track_clip(model, nothing)
    assert output.segmented[0].any() and not output.segmented[1:].any()
    total(output, nothing, LossOptions(size=32, object_score=0.3))["loss"].backward()
    assert model.sam.mask_decoder.obj_score_token.weight.grad.any()
