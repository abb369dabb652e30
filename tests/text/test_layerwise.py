import pytest
import torch
from transformers import RobertaConfig, RobertaModel

from momentvos.text import embed, layers


def roberta(attention):
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=60, hidden_size=24, num_hidden_layers=4, num_attention_heads=3,
        intermediate_size=40, max_position_embeddings=20, type_vocab_size=1,
    )  # fmt: skip
    return RobertaModel._from_config(config, attn_implementation=attention).eval()


@pytest.fixture
def sentences():
    ids = torch.tensor([[0, 5, 6, 7, 8, 9, 2], [0, 11, 12, 2, 1, 1, 1], [0, 2, 1, 1, 1, 1, 1]])
    return ids, ids != 1


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("stops", [(4,), (1, 2, 4), (1, 2, 3, 4)])
def test_all_stages_equal_the_model(sentences, attention, stops):
    model, (ids, mask) = roberta(attention), sentences
    with torch.no_grad():
        x, done = embed(model, ids, mask), 0
        for stop in stops:
            x, done = layers(model, x, mask, done, stop), stop
        want = model(ids, attention_mask=mask.long()).last_hidden_state
    torch.testing.assert_close(x[mask], want[mask], atol=1e-6, rtol=0)


def test_padding_changes_nothing(sentences):
    model, (ids, mask) = roberta("sdpa"), sentences
    with torch.no_grad():
        together = layers(model, embed(model, ids, mask), mask, 0, 4)
        for row, count in enumerate(mask.sum(1).tolist()):
            alone = ids[row : row + 1, :count]
            real = torch.ones_like(alone, dtype=torch.bool)
            x = layers(model, embed(model, alone, real), real, 0, 4)
            torch.testing.assert_close(together[row, :count], x[0], atol=1e-6, rtol=0)


def test_padded_rows_start_at_zero(sentences):
    ids, mask = sentences
    assert not embed(roberta("sdpa"), ids, mask)[~mask].any()


def test_gradients_reach_the_embeddings(sentences):
    model, (ids, mask) = roberta("sdpa"), sentences
    x = layers(model, embed(model, ids, mask), mask, 0, 2)
    (layers(model, x + 1, mask, 2, 4)[mask] ** 2).sum().backward()
    assert model.embeddings.word_embeddings.weight.grad[5].any()
    assert model.encoder.layer[0].intermediate.dense.weight.grad.any()
