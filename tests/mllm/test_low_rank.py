"""Changes of a language model that can be switched on and off."""

import copy
import importlib.util

import pytest
import torch

from momentvos.mllm import Lora, Turn, add_lora, collate, hidden_states, render_chat
from momentvos.mllm.low_rank import LowRank


@pytest.fixture
def inputs(tokenizer):
    return collate([render_chat(tokenizer, [Turn(("the dog",))])], 0)


def taught(mllm, rank=2):
    changes = LowRank(mllm, rank)
    for one in changes.up:
        torch.nn.init.normal_(one)
    return changes


@torch.no_grad()
def test_changes_hold_inside_alone_and_are_none_at_first(qwen, inputs):
    before = hidden_states(qwen, inputs)
    with LowRank(qwen, 2).on(qwen):
        assert torch.equal(hidden_states(qwen, inputs), before)
    changes = taught(qwen)
    with changes.on(qwen):
        assert not torch.allclose(hidden_states(qwen, inputs), before)
    assert torch.equal(hidden_states(qwen, inputs), before)


@torch.no_grad()
def test_they_end_with_an_error_too(qwen, inputs):
    before = hidden_states(qwen, inputs)
    with pytest.raises(KeyError), taught(qwen).on(qwen):
        raise KeyError
    assert torch.equal(hidden_states(qwen, inputs), before)


@torch.no_grad()
def test_a_change_is_a_matrix_of_that_rank(qwen, inputs):
    changes, merged = taught(qwen, 3), copy.deepcopy(qwen)
    with changes.on(qwen):
        adapted = hidden_states(qwen, inputs)
    names = [
        name
        for name, layer in merged.named_modules()
        if "language_model" in name and isinstance(layer, torch.nn.Linear)
    ]
    assert len(names) == len(changes.down) == 2 * 7
    for name, down, up in zip(names, changes.down, changes.up, strict=True):
        merged.get_submodule(name).weight += 2 * up @ down
        assert torch.linalg.matrix_rank(up @ down) == 3
    torch.testing.assert_close(hidden_states(merged, inputs), adapted, atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_the_layer_that_gives_words_may_change_too(qwen, inputs):
    changes = LowRank(qwen, 3, head=True)
    torch.nn.init.normal_(changes.up[-1])
    states = hidden_states(qwen, inputs)
    with changes.on(qwen):
        torch.testing.assert_close(hidden_states(qwen, inputs), states)
        adapted = qwen.lm_head(states)
    change = 2 * changes.up[-1] @ changes.down[-1]
    expected = states @ (qwen.lm_head.weight + change).T
    torch.testing.assert_close(adapted, expected, atol=1e-4, rtol=1e-3)
    assert not torch.allclose(adapted, qwen.lm_head(states))


def test_the_model_itself_learns_nothing_from_them(qwen, inputs):
    mllm = copy.deepcopy(qwen).requires_grad_(False)
    changes = LowRank(mllm, 2)
    with changes.on(mllm):
        hidden_states(mllm, inputs).square().sum().backward()
    assert all(one.grad is not None and one.grad.any() for one in changes.up)


@pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="peft is not installed")
def test_a_model_with_adapters_has_them_too(qwen):
    mllm = copy.deepcopy(qwen)
    add_lora(mllm, Lora(4, 8, 0.0))
    assert len(LowRank(mllm, 2).down) == 2 * 7
    assert len(LowRank(mllm, 2, head=True).down) == 2 * 7 + 1
