import math

import torch
import torch.nn.functional as F

from momentvos.mllm.distillation import contrastive_loss
from momentvos.mllm.distillation import dual_encoder_distillation_loss as video_loss
from momentvos.mllm.distillation import prompt_distillation_loss as prompt_loss


def test_what_is_heard_right_costs_least():
    torch.manual_seed(0)
    wanted = 20 * torch.randn(12, 32) + 5
    right = prompt_loss(wanted, wanted)
    assert right < 0.05
    assert prompt_loss(wanted + torch.randn(12, 32), wanted) < prompt_loss(
        wanted.roll(1, 0), wanted
    )
    average = wanted.mean(0).expand(12, -1)
    assert abs(float(prompt_loss(average, wanted)) - (1 + math.log(12))) < 0.02


def test_the_same_sentence_twice_is_no_rival():
    torch.manual_seed(0)
    once = torch.randn(6, 16)
    twice = torch.cat([once, once])
    assert prompt_loss(twice, twice) < 0.1


def test_a_single_prompt_has_a_finite_loss_and_gradient():
    prompt = torch.randn(1, 8, requires_grad=True)
    loss = prompt_loss(prompt, torch.randn(1, 8))
    loss.backward()
    assert torch.isfinite(loss) and prompt.grad.isfinite().all()


def test_states_of_one_meaning_are_to_be_near_each_other():
    torch.manual_seed(0)
    base = torch.randn(8, 32)
    states = torch.cat([base, 3 * base])
    meanings = torch.arange(8).repeat(2)
    assert contrastive_loss(states, meanings) < 0.1
    assert contrastive_loss(states, meanings.view(2, 8)[:, torch.randperm(8)].flatten()) < 0.1
    shifted = torch.cat([meanings[:8], meanings[:8].roll(1)])
    assert contrastive_loss(states, shifted) > 5


def test_agreement_has_a_gradient_that_brings_its_own_nearer():
    torch.manual_seed(0)
    states = torch.randn(6, 8, requires_grad=True)
    meanings = torch.tensor([0, 0, 1, 1, 2, 2])
    optimiser = torch.optim.Adam([states], 0.1)
    first = contrastive_loss(states, meanings).item()
    for _ in range(30):
        optimiser.zero_grad()
        contrastive_loss(states, meanings).backward()
        optimiser.step()
    assert contrastive_loss(states, meanings).item() < first / 4


def test_what_is_watched_right_costs_nothing_and_spare_dimensions_should_be_empty():
    torch.manual_seed(0)
    cells, said = torch.randn(4 * 3, 5), torch.randn(2, 5)
    tokens, finds = F.pad(cells, (0, 3)), F.pad(said, (0, 3))
    assert video_loss(tokens, 7 * finds, cells, said, 4).abs() < 1e-5
    assert video_loss(tokens + F.pad(torch.ones(12, 3), (5, 0)), finds, cells, said, 4) > 0.1
    other = video_loss(tokens.roll(3, 0), finds, cells, said, 4)
    assert other > 1 + video_loss(tokens, finds, cells, said, 4)
    assert abs(float(video_loss(tokens, -finds, cells, said, 4)) - 2) < 1e-4
