"""Training steps on conversations of every kind."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from momentvos.data.batch import Clip, collate
from momentvos.systems.examples import Examples
from momentvos.systems.losses import score_loss
from momentvos.systems.momentseg.examples import from_clips, paraphrase_example, prompt_example
from momentvos.systems.momentseg.losses import Weights, mask_losses
from momentvos.systems.momentseg.pretrain.losses import iou_loss, patch_alignment


def test_all_kinds_in_one_batch_give_all_losses(mini, examples):
    output = mini(examples)
    assert set(output.losses) == {"loss", "language", "mask", "dice", "find"}
    w, losses = Weights(), output.losses
    wanted = sum(getattr(w, name) * term for name, term in losses.items() if name != "loss")
    torch.testing.assert_close(losses["loss"], wanted)
    scored = mini(examples, Weights(object_score=1.0, iou=1.0)).losses
    extra = scored["object_score"] + scored["iou"]
    torch.testing.assert_close(scored["loss"], losses["loss"] + extra)
    assert output.masks.shape == (2 * 3 + 1, 16, 16)
    assert [row.shape for row in output.relevance] == [(1, 6)]


@pytest.mark.parametrize(
    ("row", "losses"),
    [
        (0, {"language", "mask", "dice"}),
        (1, {"language", "mask", "dice"}),
        (2, {"language", "find"}),
        (3, {"language"}),
    ],
)
def test_every_trained_parameter_has_a_gradient_in_every_batch(build, examples, row, losses):
    model = build(backbone_trainable=False)
    output = model(Examples(examples.rows[row : row + 1]))
    assert set(output.losses) == {"loss", *losses}
    output.losses["loss"].backward()
    missing = {n for n, p in model.named_parameters() if p.requires_grad and p.grad is None}
    # The single mask of SAM2 is never used.
    assert missing == {n for n in missing if "output_hypernetworks_mlps.0." in n}
    reached = {
        part: any(
            p.grad is not None and bool(p.grad.abs().sum() > 0)
            for n, p in model.named_parameters()
            if n.startswith(part)
        )
        for part in ("seg_mlp", "find_mlp", "sam.mask_decoder")
    }
    assert reached["seg_mlp"] is reached["sam.mask_decoder"] is ("mask" in losses)
    assert reached["find_mlp"] is ("find" in losses)


def test_a_mask_is_decoded_equally_alone_and_among_others(mini, examples):
    together = mini(examples).masks[-1]
    alone = mini(Examples(examples.rows[1:2])).masks[0]
    torch.testing.assert_close(together, alone, atol=1e-3, rtol=1e-3)


def test_masks_are_learned(build, examples):
    model = build().train()
    optimiser = torch.optim.AdamW(model.parameters(), 1e-2)
    torch.manual_seed(0)
    history = []
    for _ in range(30):
        optimiser.zero_grad()
        losses = model(examples).losses
        losses["loss"].backward()
        optimiser.step()
        history.append({name: float(loss.detach()) for name, loss in losses.items()})
    for name in ("language", "mask", "dice", "find"):
        assert history[-1][name] < 0.8 * history[0][name], name


def test_points_and_all_pixels_agree_about_a_good_and_a_bad_mask():
    truth = torch.zeros(2, 32, 32, dtype=torch.bool)
    truth[:, 8:24, 8:24] = True
    good = torch.where(truth, 9.0, -9.0)
    for weights in (Weights(), Weights(points=300)):
        entropy, dice = mask_losses(good, truth, weights)
        assert entropy < 0.5 and dice < 0.25
        entropy, dice = mask_losses(-good, truth, weights)
        assert entropy > 4 and dice > 0.8


def test_scores_are_of_the_masks_made():
    truth = torch.zeros(3, 8, 8, dtype=torch.bool)
    truth[:2, :4] = True
    logits = torch.full((3, 8, 8), -1.0)
    logits[0, 2:6] = 1.0
    scores, iou = torch.tensor([9.0, 9.0, -9.0]), torch.tensor([1 / 3, 0.0, 0.0])
    assert score_loss(scores, truth) < 1e-3 and iou_loss(logits, iou, truth) < 1e-3
    assert score_loss(-scores, truth) > 0.1 and iou_loss(logits, 1 - iou, truth) > 0.1


def test_dense_losses_are_as_written():
    logits, truth = torch.randn(3, 8, 8), torch.rand(3, 8, 8) > 0.5
    entropy, dice = mask_losses(logits, truth, Weights())
    p, y = logits.sigmoid(), truth.float()
    torch.testing.assert_close(entropy, -(y * p.log() + (1 - y) * (1 - p).log()).mean())
    ratio = (2 * (p * y).sum((1, 2)) + 1) / (p.sum((1, 2)) + y.sum((1, 2)) + 1)
    torch.testing.assert_close(dice, (1 - ratio).mean())


def clip(frames, moment, masks):
    expressions, length = moment.shape
    return Clip(
        frames[:length],
        tuple(range(length)),
        tuple(f"the dog number {k}." for k in range(expressions)),
        masks,
        masks,
        masks.any(0),
        moment,
        np.ones((expressions, length), dtype=bool),
    )


def test_clips_become_grounding_and_segmentation(mini, frames):
    moment = np.zeros((2, 6), dtype=bool)
    moment[0, 2:4] = True
    masks = np.zeros((2, 6, 40, 56), dtype=bool)
    masks[0, :, 5:20, 5:20] = True
    batch = collate([clip(frames, moment, masks)])
    find, seg = from_clips(batch).rows
    assert find.moments.tolist() == moment[:1].tolist()
    assert len(find.turns) == 1 and "[FIND]" in find.turns[0][1]
    assert find.context.shape == (6, 40, 56, 3) and find.images is None
    assert [("[SEG]" in answer) for _, answer in seg.turns] == [True, False]
    assert len(seg.masks) == 1 and seg.masks.shape[1] == len(seg.images) == 4
    assert "the dog number 0" in seg.turns[0][0] and "0." not in seg.turns[0][0]
    assert {"language", "mask", "dice", "find"} < set(mini(batch).losses)


def test_a_clip_of_one_frame_is_an_image(frames):
    batch = collate([clip(frames, np.ones((1, 1), bool), np.ones((1, 1, 40, 56), bool))])
    (only,) = from_clips(batch).rows
    assert only.context is None and only.images.shape == (1, 40, 56, 3)
    assert "image" in only.turns[0][0]


def test_clips_are_drawn_by_torchs_seed(frames):
    batch = collate([clip(frames, np.ones((2, 6), bool), np.ones((2, 6, 40, 56), bool))])

    def drawn(seed):
        torch.manual_seed(seed)
        return [row.turns for row in from_clips(batch).rows]

    assert drawn(1) == drawn(1)
    assert any(drawn(1) != drawn(seed) for seed in range(2, 6))


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


def test_alignment_tells_what_is_meant_from_what_the_others_mean():
    """Two objects on a background, which counts for nothing."""
    masks = torch.zeros(2, 1, 32, 32, dtype=torch.bool)
    masks[0, :, :16], masks[1, :, 16:, :16] = True, True
    prompts = torch.eye(3)[:2]
    top = torch.zeros(1, 3, 4, 4)
    top[:, 0, :2], top[:, 1, 2:, :2], top[:, 2, 2:, 2:] = 1.0, 1.0, 1.0
    right, swapped = (
        patch_alignment(prompts, top, masks),
        patch_alignment(prompts.flip(0), top, masks),
    )
    torch.testing.assert_close(right, torch.tensor(-10.0).exp().log1p() + torch.tensor(2.0).log())
    assert swapped > right + 5
    ground = top.clone()
    ground[:, :, 2:, 2:] = torch.tensor([1.0, 1.0, 0.0])[:, None, None]
    torch.testing.assert_close(patch_alignment(prompts, ground, masks), right)
    assert (
        float(patch_alignment(prompts[:1], top, torch.zeros(1, 1, 32, 32, dtype=torch.bool))) == 0
    )


def test_alignment_is_a_loss_where_it_has_a_weight(mini, examples):
    losses = mini(examples, Weights(patch_alignment=0.5)).losses
    plain = mini(examples).losses
    torch.testing.assert_close(losses["loss"], plain["loss"] + 0.5 * losses["patch_alignment"])


def learned(model, batch, weights):
    """The losses of the first and the last of 25 steps on one batch."""
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    history = []
    for _ in range(25):
        optimiser.zero_grad()
        losses = model(batch, weights).losses
        losses["loss"].backward()
        optimiser.step()
        history.append({name: float(loss.detach()) for name, loss in losses.items()})
    return history[0], history[-1]


def test_find_learns_patches_from_context_masks(build, examples):
    torch.manual_seed(0)
    model, example = build().train(), examples.rows[2]
    places = torch.zeros(1, 6, 40, 56, dtype=torch.bool)
    places[0, 2:4, :20, :28] = True
    batch = Examples((replace(example, context_masks=places),))
    plain = model(Examples((example,))).losses
    assert "find_patches" not in plain
    first, last = learned(model, batch, Weights(find_patches=2.0))
    assert first["loss"] == pytest.approx(
        plain["loss"].item() + 2 * first["find_patches"], rel=1e-4
    )
    assert last["find_patches"] < 0.5 * first["find_patches"]


def test_find_learns_the_words_of_its_query(build, examples):
    torch.manual_seed(0)
    model, queries = build().train(), ("the dog that jumps", "a red cat")
    rows = Examples(
        (paraphrase_example(queries, torch.arange(2)), paraphrase_example(queries, torch.arange(2)))
    )
    assert rows.rows[0].queries == queries and "find_words" not in model(rows).losses
    first, last = learned(model, rows, Weights(find_words=1.0))
    assert last["find_words"] < 0.85 * first["find_words"]
    assert "find_words" not in model(Examples(examples.rows[:1]), Weights(find_words=1.0)).losses


def test_text_alone_is_learned_beside_videos(mini, examples):
    """Sentences without anything to see train the same prompts, and no mask."""
    torch.manual_seed(0)
    width = mini.config.sam_config.vision_config.fpn_hidden_size
    text = prompt_example(["the dog", "the dog that jumps"], torch.randn(2, width))
    one, two = (
        paraphrase_example(["the dog", text], torch.arange(2)) for text in ("a dog", "it jumps")
    )
    alone = mini(
        Examples((text, one, two)), Weights(prompt_distillation=1.0, paraphrase=1.0)
    ).losses
    assert set(alone) == {"loss", "language", "prompt_distillation", "paraphrase"}
    torch.testing.assert_close(
        alone["loss"], alone["language"] + alone["prompt_distillation"] + alone["paraphrase"]
    )
    mixed = mini(Examples((*examples.rows, text)), Weights(prompt_distillation=1.0)).losses
    assert {"mask", "find", "prompt_distillation"} <= set(mixed)
    torch.testing.assert_close(
        mixed["prompt_distillation"], alone["prompt_distillation"], atol=1e-3, rtol=1e-3
    )
