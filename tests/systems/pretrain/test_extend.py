"""Trained models with further parts."""

import pytest
import torch

from momentvos.errors import RecipeError
from momentvos.systems.options import ModelOptions
from momentvos.systems.pretrain.extend import extended
from momentvos.training import build as training

SENTENCE = "the turtle that jumps"


def test_a_new_part_leaves_all_other_weights(mini):
    made = extended(mini, {"patch_dim": 16}, {})
    assert made.config.patch_dim == 16
    assert not mini.config.patch_dim
    before, after = mini.state_dict(), made.state_dict()
    assert all(torch.equal(one, after[name]) for name, one in before.items())
    new = after.keys() - before.keys()
    assert new
    assert all(name.startswith(("patches.", "patch_prompt.")) for name in new)


def test_a_new_part_changes_no_masks_before_it_has_learned(mini, video):
    made = extended(mini, {"patch_dim": 16}, {})
    answers = [one.segment(video, SENTENCE, moment="0.5s-0.9s") for one in (mini, made)]
    assert answers[0].masklet == answers[1].masklet


def test_patches_alone_say_when(mini, video):
    made = extended(mini, {"patch_dim": 16, "tam_layers": 0}, {})
    assert made.tam is None
    assert made.can_ground
    prediction = made.segment(video, SENTENCE)
    assert prediction.method == "TGL"
    assert len(set(prediction.relevance)) > 1
    assert made.ground(video, SENTENCE)[0] == pytest.approx(prediction.relevance, abs=1e-5)


def test_a_recipe_may_add_a_part(mini, tmp_path):
    mini.save_pretrained(tmp_path)
    mini.tokenizer.save_pretrained(tmp_path)
    options = {"path": str(tmp_path)}
    made = training.model(ModelOptions(**options, overrides={"patch_dim": 16, "gate": True}))
    assert made.patches is not None
    assert made.config.gate
    with pytest.raises(RecipeError, match="tam_dim"):
        training.model(ModelOptions(**options, overrides={"tam_dim": 16}))


def test_a_new_part_and_sam2_may_be_another_models(mini, tmp_path):
    own = extended(mini, {"patch_dim": 16}, {})
    torch.manual_seed(1)
    for parameter in own.parameters():
        torch.nn.init.normal_(parameter)
    own.save_pretrained(tmp_path)
    mini.tokenizer.save_pretrained(tmp_path)
    lender = dict(own.named_parameters())
    for part in ("sam", "patch_prompt"):
        made = extended(mini, {"patch_dim": 16}, {part: str(tmp_path)})
        names = dict(made.named_parameters())
        equal = {name for name, one in names.items() if torch.equal(one, lender[name])}
        taken = {name for name in names if name.startswith(f"{part}.")}
        assert taken
        assert equal == taken
    with pytest.raises(RecipeError, match="no new part 'text'"):
        extended(mini, {"patch_dim": 16}, {"text": str(tmp_path)})
