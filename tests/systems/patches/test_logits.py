"""Scores of patches in whole videos, and what they do there."""

import pytest
import torch

from momentvos.selection import SelectionConfig
from momentvos.systems.patches.logits import clip_maps
from momentvos.systems.session import Request
from momentvos.systems.tgl.objective import segment_clip
from momentvos.systems.tgl.shared_cache import SharedCache

SENTENCES = ["the turtle that jumps", "the blue turtle"]


@pytest.fixture(scope="module")
def model(build):
    return build(patch_dim=16, presence_threshold=0.0, gate=False)


@torch.no_grad()
def test_a_whole_video_in_one_window_is_a_clip(video_logits, model, video):
    logits = video_logits(model, SharedCache(model, video), SENTENCES)
    assert logits.relevance.shape == (2, 12)
    assert logits.presence.shape == (2,)
    features = SharedCache(model, video).patches(range(12))
    maps = clip_maps(model, features, torch.zeros(2, dtype=torch.long), SENTENCES)
    found = logits.maps.read(range(12))
    assert found.shape == (2, 12, 2, 8, 8)
    torch.testing.assert_close(found.float(), maps, atol=2e-3, rtol=2e-3)
    assert torch.equal(logits.maps.of(1, 7), found[1, 7])


@torch.no_grad()
def test_maps_of_long_videos_lie_on_disk(video_logits, model, video, monkeypatch):
    held = video_logits(model, SharedCache(model, video), SENTENCES)
    monkeypatch.setattr("momentvos.systems.patches.averages.HELD", 1)
    stored = video_logits(model, SharedCache(model, video), SENTENCES)
    assert torch.equal(held.maps.read(range(12)), stored.maps.read(range(12)))


@torch.no_grad()
@pytest.mark.parametrize(("span", "rate"), [(1, 8.0), (5, 8.0), (12, 4.0), (4, 4.0)])
def test_every_frame_is_scored_in_windows_of_any_length(video_logits, build, video, span, rate):
    model = build(patch_dim=16, tam_span=span, rate=rate)
    logits = video_logits(model, SharedCache(model, video), SENTENCES)
    assert logits.relevance.isfinite().all()
    assert logits.maps.read(range(12)).flatten(2).any(2).all()
    assert (logits.relevance[0] != logits.relevance[1]).all()


@torch.no_grad()
def test_frames_of_several_windows_get_the_mean(video_logits, build, video):
    whole = SharedCache(build(patch_dim=16), video)
    model = build(patch_dim=16, tam_span=8)
    logits = video_logits(model, SharedCache(model, video), SENTENCES)
    parts = [
        clip_maps(
            model,
            whole.patches(range(first, first + 8)),
            torch.zeros(2, dtype=torch.long),
            SENTENCES,
        )
        for first in (0, 4)
    ]
    torch.testing.assert_close(
        logits.maps.read([5])[:, 0].float(),
        (parts[0][:, 5] + parts[1][:, 1]) / 2,
        atol=2e-3,
        rtol=2e-3,
    )


def test_relevance_is_the_mean_of_tam_s_and_the_patches(video_logits, build, model, video):
    plain = build(presence_threshold=0.0, gate=False)
    plain.load_state_dict(model.state_dict(), strict=False)
    with torch.no_grad():
        patches = video_logits(model, SharedCache(model, video), SENTENCES[:1]).relevance[0]
    tam, both = (torch.tensor(one.ground(video, SENTENCES[0])[0]).logit() for one in (plain, model))
    torch.testing.assert_close(both, (tam + patches) / 2, atol=1e-3, rtol=1e-3)


def test_the_dense_prompt_changes_prompted_frames_alone(build, model, video):
    changed = build(patch_dim=16, presence_threshold=0.0, gate=False, moment_reads=False)
    changed.load_state_dict(model.state_dict())
    before = changed.segment(video, SENTENCES[0], moment="0.5s-0.9s")
    torch.manual_seed(0)
    torch.nn.init.normal_(changed.patch_prompt.layers[2].weight, std=3.0)
    after = changed.segment(video, SENTENCES[0], moment="0.5s-0.9s")
    assert before.moment == after.moment
    assert (before.masklet.get(5) != after.masklet.get(5)).any()


def test_training_prompts_with_the_patches_too(build, batch):
    model = build(patch_dim=16, gate=False).train()
    torch.nn.init.normal_(model.patch_prompt.layers[2].weight)
    segment_clip(model, batch).logits.square().mean().backward()
    assert model.patch_prompt.layers[0].weight.grad.any()
    assert model.patches.score.weight.grad.any()


@torch.no_grad()
def test_sentences_of_a_batch_are_about_their_own_clip(clip_of, model, batch):
    maps = clip_of(model, batch.frames, batch.video, batch.sentences)
    second = batch.video == 1
    sentences = [one for one, there in zip(batch.sentences, second, strict=True) if there]
    apart = clip_of(
        model, batch.frames[1:], torch.zeros(len(sentences), dtype=torch.long), sentences
    )
    torch.testing.assert_close(maps[second], apart, atol=1e-4, rtol=1e-3)


def test_candidates_of_track_selection_are_prompted_by_patches_too(build, model, video):
    chosen = build(patch_dim=16, selection=SelectionConfig(max_tracks=2))
    chosen.load_state_dict(model.state_dict())
    torch.manual_seed(0)
    torch.nn.init.normal_(chosen.patch_prompt.layers[2].weight)
    session = chosen.open_session(Request(video, SENTENCES, [None, None], chosen.config))
    with torch.no_grad():
        grounded = list(session.ground())
        session.plan(0, grounded[0])
        prompt = session.prompts([session.candidate_step(0, 3)])
        told = chosen.patch_prompt(session.patches.logits().maps.read([3])[0].float())
    torch.testing.assert_close(prompt.dense, told)
    assert prompt.dense.any()
