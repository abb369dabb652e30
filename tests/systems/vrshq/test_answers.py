"""Questions in words, answered from what patches show."""

import pytest
import torch

from momentvos.data.conversation import Conversation, ConversationBatch
from momentvos.data.options import ConversationOptions
from momentvos.systems.options import StageTask
from momentvos.systems.pretrain.extend import extended
from momentvos.systems.vrshq.train import check, losses, precompute

PARTS = {"patch_dim": 16, "motion_dim": 8, "answer_dim": 16, "answer_rank": 2, "answer_head": True}
STAGE = StageTask("answers", "answers", conversation=ConversationOptions(tasks={"ask": 1.0}))
QUESTION = "Is there a dog that jumps?"


@pytest.fixture(scope="module")
def model(mini):
    torch.manual_seed(0)
    made = extended(mini, PARTS, {})
    made.config.patch_span = 8
    return made


def test_it_learns_to_answer_and_the_paper_s_way_stays(mini, model, video):
    check(STAGE)
    made = extended(model, {}, {}).train()
    side = made.config.image_size
    frames = torch.zeros(12, side, side, 3, dtype=torch.uint8)
    batch = ConversationBatch((Conversation(turns=((QUESTION, "dog dog"),), context=frames),))
    ready = precompute(made, batch, STAGE)
    optimiser = torch.optim.AdamW(made.patch_answers.parameters(), 5e-3)
    course = []
    for _ in range(60):
        optimiser.zero_grad()
        loss = losses(made, ready, STAGE)["loss"]
        loss.backward()
        optimiser.step()
        course.append(loss.item())
    assert course[-1] < course[0] - 0.3
    made.eval()
    assert isinstance(made.ask(video, QUESTION), str)
    assert made.ask(video, QUESTION, published=True) == mini.ask(video, QUESTION)
