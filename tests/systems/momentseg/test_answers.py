"""Questions in words, answered from what patches show."""

import numpy as np
import pytest
import torch

from momentvos.data.conversation import Conversation, ConversationBatch
from momentvos.data.options import ConversationOptions, DataOptions
from momentvos.data.world.motion import VERBS
from momentvos.errors import RecipeError
from momentvos.media.arrays import ArrayVideo
from momentvos.systems.momentseg.model import MomentSegModel
from momentvos.systems.momentseg.train import check, losses, precompute
from momentvos.systems.options import StageTask
from momentvos.systems.patches.evidence import PARTS
from momentvos.systems.pretrain.extend import extended

PATCHES = {"patch_dim": 16, "patch_motions": len(VERBS), "motion_dim": 8}
ANSWERS = {"answer_dim": 16, "answer_rank": 4}
ASKED = ConversationOptions(tasks={"ask": 1.0})
STAGE = StageTask(
    "answers", "answers", data=DataOptions(source="world", size=64), conversation=ASKED
)
QUESTION = "What is the dog doing?"


def film(seed, length=16):
    frames = np.random.default_rng(seed).integers(0, 256, (length, 64, 64, 3), dtype=np.uint8)
    frames[..., seed % 3] //= 4
    return frames


def asked(*turns, seed=0, **arrays):
    video = arrays.get("context", torch.from_numpy(film(seed)))
    return Conversation(turns=turns, context=video)


@pytest.fixture(scope="module")
def model(taught):
    torch.manual_seed(0)
    made = extended(taught, PATCHES | ANSWERS, {})
    made.config.patch_span = 8
    made.config.patch_rate = 8.0
    return made


@pytest.fixture(scope="module")
def answering(model):
    """A model that has learned to answer one question about two films."""
    made = extended(model, {}, {}).train()
    batch = ConversationBatch(
        (asked((QUESTION, "it jumps"), seed=0), asked((QUESTION, "the dog"), seed=1))
    )
    ready = precompute(made, batch, STAGE)
    optimiser = torch.optim.AdamW(made.patch_answers.parameters(), 5e-3)
    for _ in range(300):
        optimiser.zero_grad()
        loss = losses(made, ready, STAGE)["loss"]
        loss.backward()
        optimiser.step()
        if loss < 0.01:
            break
    return made.eval()


def test_answers_depend_on_the_video(answering):
    said = [answering.ask(ArrayVideo(film(seed), 8.0), QUESTION) for seed in (0, 1)]
    assert said == ["it jumps", "the dog"]


def test_several_questions_are_answered_in_their_order(model):
    video = ArrayVideo(film(3), 8.0)
    questions = ["Is there a dog?", "What jumps?", "How many cats are there?", "?"] * 3
    together = model.ask(video, questions)
    assert together == [model.ask(video, one) for one in questions]
    assert model.ask(video, []) == []


def test_all_else_stays_as_it_was(taught, answering):
    video = ArrayVideo(film(2), 8.0)
    image = ArrayVideo(film(2, 1), 8.0)
    assert answering.ask(image, "What is this?") == taught.ask(image, "What is this?")
    published = answering.ask(video, "What is this?", published=True)
    assert published == taught.ask(video, "What is this?")
    assert answering.mllm.state_dict().keys() == taught.mllm.state_dict().keys()
    for name, weight in taught.mllm.state_dict().items():
        assert torch.equal(weight, answering.mllm.state_dict()[name])


def test_answers_survive_saving(answering, tmp_path):
    answering.save_pretrained(tmp_path)
    loaded = MomentSegModel.from_pretrained(tmp_path)
    video = ArrayVideo(film(1), 8.0)
    assert loaded.ask(video, QUESTION) == "the dog"


@pytest.mark.parametrize("length", [2, 5, 12, 30])
def test_videos_of_any_length_are_answered(model, length):
    assert isinstance(model.ask(ArrayVideo(film(0, length), 8.0), "How many dogs are there?"), str)


def test_what_is_precomputed(model):
    batch = ConversationBatch(
        (asked(("Is there a dog?", "Yes."), ("What is there?", "A dog.")), asked(("?", "No.")))
    )
    made = precompute(model, batch, STAGE).tensors
    assert made["shown"].shape[:2] == (3, PARTS)
    assert made["shown"].isfinite().all()
    assert made["ids"].shape == made["labels"].shape == made["positions"].shape[1:]
    assert not torch.equal(made["shown"][0], made["shown"][1])


def test_what_cannot_learn_answers(taught, model):
    batch = ConversationBatch((asked(("Is there a dog?", "Yes.")),))
    with pytest.raises(RecipeError, match="answer_dim"):
        precompute(taught, batch, STAGE)
    with pytest.raises(RecipeError, match="ask: 1"):
        precompute(model, ConversationBatch((Conversation(sentences=("a dog",)),)), STAGE)
    with pytest.raises(RecipeError, match="conversation"):
        check(StageTask("answers", "answers"))
    check(STAGE)


def test_the_part_needs_patches(taught):
    with pytest.raises(ValueError, match="patch_dim"):
        extended(taught, ANSWERS, {})
