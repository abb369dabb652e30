"""Adapters that change nothing at first, train alone, and fold away."""

import copy
import importlib.util
import sys

import pytest
import torch

from momentvos.errors import ModelError
from momentvos.mllm import Lora, Turn, add_lora, collate, hidden_states, merge_lora, render_chat

has_peft = importlib.util.find_spec("peft") is not None


@pytest.mark.skipif(not has_peft, reason="peft is not installed")
def test_adapters_start_at_zero_train_alone_and_merge(tokenizer, qwen):
    mllm = copy.deepcopy(qwen)
    inputs = collate([render_chat(tokenizer, [Turn(("the dog",))])], 0)
    before = hidden_states(mllm, inputs)
    add_lora(mllm, Lora(4, 8, 0.0))
    mllm.eval()
    torch.testing.assert_close(hidden_states(mllm, inputs), before)
    trained = [name for name, p in mllm.named_parameters() if p.requires_grad]
    assert trained and all("lora_" in name and "language_model" in name for name in trained)
    assert len(trained) == 2 * 7 * 2
    for name, parameter in mllm.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter)
    adapted = hidden_states(mllm, inputs)
    assert not torch.allclose(adapted, before)
    merge_lora(mllm)
    assert set(mllm.state_dict()) == set(qwen.state_dict())
    torch.testing.assert_close(hidden_states(mllm, inputs), adapted, atol=1e-4, rtol=1e-3)


def test_without_peft_the_error_says_how_to_get_it(qwen, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ModelError, match=r"momentvos\[mllm\]"):
        add_lora(copy.deepcopy(qwen), Lora())


def test_options_survive_a_configuration():
    assert Lora.from_dict(Lora(8, 16, 0.0, ("q_proj",)).to_dict()) == Lora(8, 16, 0.0, ("q_proj",))
