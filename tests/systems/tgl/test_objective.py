"""Training clips: what is segmented, by which features, and where gradients go."""

from dataclasses import replace

import pytest
import torch

from momentvos.systems.options import LossOptions
from momentvos.systems.tgl.losses import total
from momentvos.systems.tgl.pretrain.alignment import patch_alignment, patch_similarity


@pytest.fixture(scope="module", params=["window", "moment"])
def scoped(build, request):
    return build(adapter_scope=request.param)


def query_of(batch, query):
    video = int(batch.video[query])
    return replace(
        batch,
        frames=batch.frames[video : video + 1],
        indices=batch.indices[video : video + 1],
        video=torch.zeros(1, dtype=torch.int64),
        sentences=batch.sentences[query : query + 1],
        masks=batch.masks[query : query + 1],
        moment=batch.moment[query : query + 1],
        segment=batch.segment[query : query + 1],
    )


@torch.no_grad()
def test_queries_do_not_depend_on_their_neighbours(scoped, batch):
    together = scoped(batch)
    for query in range(len(batch.sentences)):
        alone = scoped(query_of(batch, query))
        torch.testing.assert_close(together.logits[query], alone.logits[0], atol=2e-3, rtol=1e-3)
        torch.testing.assert_close(
            together.relevance[query], alone.relevance[0], atol=1e-3, rtol=1e-3
        )


@torch.no_grad()
def test_only_chosen_frames_are_segmented(scoped, batch):
    output = scoped(batch)
    assert torch.equal(output.segmented, batch.segment)
    assert (output.logits[~batch.segment] == 0).all()
    assert (output.logits[batch.segment].flatten(1).std(1) > 0).all()
    assert output.logits.shape == (4, 8, 32, 32)
    assert output.relevance.shape == (4, 8)


@torch.no_grad()
def test_frames_outside_the_moment_reach_it_only_through_windows(build, batch):
    """Scope "moment" keeps M- out of the adapters (the paper's two streams)."""
    query = query_of(batch, 0)
    changed = query.frames.clone()
    changed[:, ~query.moment[0]] = 255 - changed[:, ~query.moment[0]]
    for scope, same in (("moment", True), ("window", False)):
        model = build(adapter_scope=scope)
        inside = [
            model(replace(query, frames=f)).logits[0, query.moment[0]]
            for f in (query.frames, changed)
        ]
        assert torch.allclose(*inside, atol=1e-4) is same


@torch.no_grad()
def test_the_sentence_reaches_other_frames_only_through_memory(build, batch):
    """Eq. 5: without any memory to read, M- would not know the sentence."""
    query = query_of(batch, 0)
    other = replace(query, sentences=("the two dogs that spin",))
    model = build(adapter_scope="moment", memory_frames=0, pointers=0)
    outside = query.segment[0] & ~query.moment[0]
    first, second = model(query), model(other)
    torch.testing.assert_close(first.logits[0, outside], second.logits[0, outside])
    assert not torch.allclose(first.logits[0, query.moment[0]], second.logits[0, query.moment[0]])


def test_every_trained_parameter_that_matters_gets_a_gradient(build, batch):
    model = build(verbs=True).train()
    output = model(batch)
    total(output, batch, LossOptions(object_score=1.0, relevance=1.0))["loss"].backward()
    idle = {name for name, p in model.named_parameters() if p.requires_grad and p.grad is None}
    unused = (
        "sam.mask_decoder.iou_prediction_head",
        "sam.mask_decoder.output_hypernetworks_mlps.1",
        "sam.mask_decoder.output_hypernetworks_mlps.2",
        "sam.mask_decoder.output_hypernetworks_mlps.3",
        "sam.prompt_encoder",
        "sam.mask_downsample",
        "sam.no_memory_positional_encoding",
        "sam.no_object_pointer",
    )
    unused += ("selector",)  # which learns of tracks
    assert {name for name in idle if not name.startswith(unused)} == set()


def test_frozen_encoders_get_none(build, batch):
    model = build(backbone_trainable=False).train()
    total(model(batch), batch, LossOptions())["loss"].backward()
    for name, parameter in model.named_parameters():
        if name.startswith(("sam.vision_encoder", "text_encoder", "sam.prompt_encoder")):
            assert parameter.grad is None


def test_clips_that_do_not_split_into_windows_are_refused(build, batch):
    with pytest.raises(ValueError, match="windows of 5"):
        build(window=5)(batch)


@torch.no_grad()
def test_the_task_names_compares_every_place(mini, batch):
    similarity = patch_similarity(mini, batch, "names")
    assert similarity.shape == (4, 8, 8, 8)
    assert similarity.abs().max() <= 10.001


def test_the_task_motions_trains_the_adapters(mini, batch):
    mini.zero_grad()
    similarity = patch_similarity(mini, batch, "motions")
    assert similarity.shape == (4, 8, 8, 8)
    patch_alignment(similarity, batch)["loss"].backward()
    assert mini.adapters[0].hsa.linear.weight.grad.abs().sum() > 0
    mini.zero_grad()


def test_alignment_reaches_the_prompt_and_the_adapters(build, batch):
    model = build().train()
    losses = total(model(batch), batch, LossOptions(dice=0.0, focal=0.0, alignment=1.0))
    assert 0 <= losses["accuracy"] <= 1
    losses["loss"].backward()
    assert model.adapters[2].proj_vis_up[0].weight.grad.abs().sum() > 0
    assert model.text_prompt.project_text.layers[0].weight.grad.abs().sum() > 0


def test_the_conditional_memory_learns_from_late_frames(build, batch):
    model = build(cme=True).train()
    every = replace(
        batch, moment=torch.ones_like(batch.moment), segment=torch.ones_like(batch.segment)
    )
    output = model(every)
    classes, labels = output.cme
    assert classes.shape == (4 * 3, 2)
    assert set(labels.tolist()) <= {-1, 0, 1}
    losses = total(output, every, LossOptions(cme=1.0))
    assert "cme" in losses
    losses["loss"].backward()


def test_a_grounder_can_be_trained_alone(build, batch):
    """Nothing is segmented, and the adapters' statistics stay as they are."""
    model = build(adapter_scope="moment", adapter_norm="batch").train()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("tam."))
    before = {name: value.clone() for name, value in model.adapters.state_dict().items()}
    nothing = replace(batch, segment=torch.zeros_like(batch.segment))
    output = model(nothing)
    assert output.relevance.shape == (4, 8)
    assert not output.segmented.any()
    total(output, nothing, LossOptions(dice=0.0, focal=0.0, relevance=1.0))["loss"].backward()
    assert all(parameter.grad is not None for parameter in model.tam.parameters())
    assert model.training
    for name, value in model.adapters.state_dict().items():
        assert torch.equal(value, before[name])
