"""Training steps on conversations of every kind."""

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from momentvos.data.batch import Clip, collate
from momentvos.sam2 import Prompt, attend, decode, encode, remember
from momentvos.sam2.geometry import to_input
from momentvos.systems.examples import Examples
from momentvos.systems.losses import score_loss
from momentvos.systems.vrshq.examples import (
    from_clips,
    prompt_example,
    segmentation_example,
    spread,
)
from momentvos.systems.vrshq.losses import Weights, mask_losses


def test_all_kinds_in_one_batch_give_all_losses(mini, examples):
    output = mini(examples)
    assert set(output.losses) == {"loss", "language", "mask", "dice"}
    w, losses = Weights(), output.losses
    wanted = losses["language"] + 2 * losses["mask"] + 0.5 * losses["dice"]
    torch.testing.assert_close(losses["loss"], wanted)
    scored = mini(examples, Weights(object_score=0.5)).losses
    torch.testing.assert_close(scored["loss"], losses["loss"] + 0.5 * scored["object_score"])
    assert w.object_score == 0 and output.masks.shape == (3 + 3 + 1, 16, 16)
    assert [len(window.frames) for window in output.windows] == [3, 3, 1]


@pytest.mark.parametrize(
    ("row", "losses"),
    [(0, {"language", "mask", "dice"}), (1, {"language", "mask", "dice"}), (2, {"language"})],
)
def test_every_trained_parameter_has_a_gradient_in_every_batch(build, examples, row, losses):
    model = build(backbone_trainable=False)
    output = model(Examples(examples.rows[row : row + 1]))
    assert set(output.losses) == {"loss", *losses}
    output.losses["loss"].backward()
    missing = {n for n, p in model.named_parameters() if p.requires_grad and p.grad is None}
    # The three masks beside the single one are never used.
    heads = tuple(f"sam.mask_decoder.output_hypernetworks_mlps.{k}." for k in (1, 2, 3))
    assert missing == {n for n in missing if n.startswith(heads)}
    for part in ("text_mlp", "sam.mask_decoder"):
        moved = [p.grad for n, p in model.named_parameters() if n.startswith(part)]
        assert any(g is not None and bool(g.abs().sum() > 0) for g in moved) is ("mask" in losses)


def test_memory_is_in_the_graph(build, examples):
    """A neighbour's mask alone moves the token, through the memory of the keyframe."""
    model = build().train()
    row = examples.rows[0]
    output = model(Examples((row,)))
    (first, second) = output.windows
    neighbour = next(k for k, frame in enumerate(first.frames) if frame != first.key)
    output.masks[neighbour].sum().backward()
    gradients = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    assert all(torch.isfinite(g).all() for g in gradients.values())
    for part in ("sam.memory_encoder", "sam.memory_attention", "text_mlp", "mllm.model.language"):
        moved = sum(g.abs().sum() for n, g in gradients.items() if n.startswith(part))
        assert moved > 0, part
    assert second.frames


def test_an_images_token_is_decoded_without_memory_and_not_fused(build, examples):
    plain, fused = build(alpha=0.0), build(alpha=1.0)
    image, clip = Examples(examples.rows[1:2]), Examples(examples.rows[:1])
    torch.testing.assert_close(plain(image).masks, fused(image).masks)
    assert not torch.allclose(plain(clip).masks, fused(clip).masks, atol=1e-2)


def test_training_explores_and_its_keyframe_brings_its_token(build, examples):
    model = build(explore=1.0, focus=1.0)
    clip = Examples(examples.rows[:1])
    usual = model(clip).windows
    assert usual == build()(clip).windows
    assert not torch.allclose(model(clip).masks, build()(clip).masks, atol=1e-2)
    model.train()
    torch.manual_seed(0)
    assert len({model(clip).windows[0].key for _ in range(8)}) > 2


def test_a_sentence_is_segmented_equally_alone_and_among_others(mini, examples):
    together = mini(examples).masks
    for place, rows in ((0, slice(0, 6)), (1, slice(6, 7))):
        alone = mini(Examples(examples.rows[place : place + 1])).masks
        torch.testing.assert_close(together[rows], alone, atol=1e-3, rtol=1e-3)


@torch.no_grad()
def test_the_window_is_tracked_as_written_out(mini, examples):
    """The keyframe from its token, each neighbour from the keyframe's memory and pointer."""
    row = examples.rows[0]
    output = mini(Examples((row,)))
    window = output.windows[0]
    sam = mini.sam
    pixels, _ = to_input(row.frames[list(window.frames)], 64, "sam", "pillow")
    plain = encode(sam, pixels)
    key = window.frames.index(window.key)
    prompt = _prompt(mini, row)
    one = plain.select(torch.tensor([key]))
    made = decode(sam, one.with_top(attend(sam, one.top)), Prompt(tokens=prompt), gate=False)
    torch.testing.assert_close(made.logits[0], output.masks[key], atol=1e-3, rtol=1e-3)
    memory = remember(sam, one.top, made.logits, made.score)
    step = key + 1 if key + 1 < len(window.frames) else key - 1
    near = plain.select(torch.tensor([step]))
    slots = torch.tensor([[sam.config.num_maskmem - 1]])
    top = attend(sam, near.top, memory[:, None], slots, made.pointer[:, None])
    tracked = decode(sam, near.with_top(top), Prompt(), gate=False)
    torch.testing.assert_close(tracked.logits[0], output.masks[step], atol=1e-3, rtol=1e-3)


def _prompt(model, row):
    from momentvos.mllm import hidden_states
    from momentvos.systems.vrshq.objective import rendered
    from momentvos.systems.vrshq.tda import aggregate

    inputs = model.inputs([rendered(model, row)])
    hidden, ids = hidden_states(model.mllm, inputs)[0], inputs.ids[0].tolist()
    count = len(row.frames)
    seg = [place - 1 for place, token in enumerate(ids) if token == model.seg_token][:count]
    tak = ids.index(model.tak_token) - 1
    fused, _ = aggregate(model.prompts(hidden[seg]), model.prompts(hidden[tak]))
    return fused[None, None]


def test_one_batch_is_learned_by_heart(build, examples):
    model = build().train()
    optimiser = torch.optim.AdamW(model.parameters(), 1e-2)
    history = []
    for _ in range(20):
        optimiser.zero_grad()
        losses = model(examples, Weights(object_score=0.5)).losses
        losses["loss"].backward()
        optimiser.step()
        history.append({name: float(loss.detach()) for name, loss in losses.items()})
    for name in ("language", "mask", "dice", "object_score"):
        assert history[-1][name] < 0.8 * history[0][name], name


def test_tokens_that_do_not_match_the_masks_are_refused(mini, examples):
    row = examples.rows[0]
    broken = segmentation_example(["the dog"], row.frames, row.masks)
    with pytest.raises(ValueError, match="2 sentences in 5 frames, but 5 tokens"):
        mini(Examples((broken,)))


def test_losses_are_as_written():
    logits, truth = torch.randn(3, 8, 9), torch.rand(3, 8, 9) > 0.5
    truth[2] = False
    entropy, dice = mask_losses(logits, truth)
    p, y = logits.sigmoid().flatten(1), truth.float().flatten(1)
    torch.testing.assert_close(entropy, F.binary_cross_entropy(p, y, reduction="none").mean(1))
    ratio = (2 * (p * y).sum(1) + 1e-3) / (p.sum(1) + y.sum(1) + 1e-3)
    torch.testing.assert_close(dice, 1 - ratio)
    perfect = torch.where(truth, 30.0, -30.0)
    assert all(term[:2].max() < 1e-4 for term in mask_losses(perfect, truth))
    scores = torch.tensor([9.0, 9.0, -9.0])
    assert score_loss(scores, truth) < 1e-3 < score_loss(-scores, truth)


def clip(frames, length, sentences, segment=None):
    masks = np.zeros((sentences, length, 40, 56), dtype=bool)
    masks[0, :, 5:20, 5:20] = True
    every = np.ones((sentences, length), dtype=bool)
    return Clip(
        frames[:length],
        tuple(range(length)),
        tuple(f"the dog number {k}." for k in range(sentences)),
        masks,
        masks,
        masks.any(0),
        every,
        every if segment is None else segment,
    )


def test_clips_become_one_conversation_a_video(mini, frames):
    batch = collate([clip(frames, 6, 2), clip(frames, 6, 1)])
    first, second = from_clips(batch, rule="written").rows
    assert first.masks.shape == (2, 6, 40, 56) and second.masks.shape == (1, 6, 40, 56)
    assert first.frames.shape == (6, 40, 56, 3)
    assert "the dog number 1 in the" in first.turns[1][0]
    assert all(answer.count("[SEG]") == 6 for _, answer in first.turns)
    assert not first.masks[1].any() and "[TAK]" in first.turns[1][1]
    assert {"language", "mask", "dice"} < set(mini(batch).losses)


def test_queries_without_anything_to_segment_are_left_out(frames):
    segment = np.array([[True] * 4, [False] * 4])
    (row,) = from_clips(collate([clip(frames, 4, 2, segment)])).rows
    assert len(row.turns) == len(row.masks) == 1
    assert not from_clips(collate([clip(frames, 4, 1, segment[1:])])).rows


def test_long_clips_are_thinned_to_one_frame_of_each_part(frames):
    batch = collate([clip(frames, 17, 1)])
    (row,) = from_clips(batch, 5).rows
    assert len(row.frames) == row.masks.shape[1] == row.turns[0][1].count("[SEG]") == 5
    torch.manual_seed(1)
    again = from_clips(batch, 5).rows[0].frames
    torch.manual_seed(1)
    assert torch.equal(from_clips(batch, 5).rows[0].frames, again)
    for seed in range(20):
        chosen = spread(17, 5, random.Random(seed))
        borders = [0, 3, 6, 10, 13, 17]
        assert all(a <= k < b for a, k, b in zip(borders, chosen, borders[1:], strict=False))


def test_gradient_checkpointing_changes_no_gradient(build, examples):
    gradients = []
    for wanted in (False, True):
        model = build().train()
        if wanted:
            old = model.gradient_checkpointing_enable  # its name in transformers 5.17
            getattr(model, "activation_checkpointing_enable", old)()
        model(examples).losses["loss"].backward()
        gradients.append(model.mllm.model.language_model.layers[0].mlp.up_proj.weight.grad)
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-4, rtol=1e-3)


def test_states_may_be_taken_at_the_tokens_own_places(build, examples):
    model = build()
    before = model(examples).masks
    model.config.shifted = False
    assert not torch.allclose(model(examples).masks, before)


def test_what_is_read_alone_trains_both_tokens(mini):
    width = mini.config.sam_config.vision_config.fpn_hidden_size
    text = prompt_example(["the dog", "the dog that jumps"], torch.randn(2, width), 3)
    losses = mini(Examples((text,)), Weights(prompt_distillation=2.0)).losses
    assert set(losses) == {"loss", "language", "prompt_distillation"}
    torch.testing.assert_close(
        losses["loss"], losses["language"] + 2 * losses["prompt_distillation"]
    )


def test_with_inject_tracked_frames_are_prompted_too(build, examples):
    """The keyframe is what it was; the others are decoded from the token as well."""
    model = build()
    before = model(examples)
    model.config.inject = True
    after = model(examples)
    keys = [frame == one.key for one in before.windows for frame in one.frames]
    assert after.windows == before.windows and not all(keys)
    key = torch.tensor(keys)
    torch.testing.assert_close(after.masks[key], before.masks[key], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(after.masks[~key], before.masks[~key], atol=1e-3)
