import pytest
import torch

from momentvos.systems.tgl.prompt import TextPrompt
from momentvos.text import encode, train_tokenizer

SENTENCES = ["the dog that jumps and turns", "the red dog", "cats spin"]


@pytest.fixture(scope="module")
def tokens():
    return encode(train_tokenizer(SENTENCES), SENTENCES, length=16, tagger="rules")


@pytest.fixture
def embeddings(tokens):
    torch.manual_seed(0)
    return torch.randn(*tokens.ids.shape, 12)


def test_published_size():
    prompt = TextPrompt(768, 256)
    assert sum(p.numel() for p in prompt.parameters()) == 328_448
    shapes = {name: tuple(p.shape) for name, p in prompt.state_dict().items()}
    assert shapes["project_text.layers.0.weight"] == (256, 768)
    assert shapes["project_text.layers.2.bias"] == (256,)
    both = TextPrompt(768, 256, verbs=True)
    assert sum(p.numel() for p in both.parameters()) == 2 * 328_448


def test_the_first_token_is_the_mlp_of_the_first_embedding(tokens, embeddings):
    prompt = TextPrompt(12, 8)
    x = embeddings[:, 0]
    for number, layer in enumerate(prompt.project_text.layers):
        x = (x.relu() if number else x) @ layer.weight.T + layer.bias
    rho = prompt(embeddings, tokens)
    assert rho.shape == (3, 1, 8)
    torch.testing.assert_close(rho[:, 0], x)


def test_the_second_token_is_the_mlp_of_the_mean_verb(tokens, embeddings):
    prompt = TextPrompt(12, 8, verbs=True)
    rho = prompt(embeddings, tokens)
    assert rho.shape == (3, 2, 8)
    for query in (0, 2):
        mean = embeddings[query, tokens.verbs[query]].mean(0)
        torch.testing.assert_close(rho[query, 1], prompt.project_motion_prompts(mean))
    assert int(tokens.verbs[0].sum()) == 2


def test_a_sentence_without_a_verb_gets_the_not_a_point_token(tokens, embeddings):
    prompt = TextPrompt(12, 8, verbs=True)
    nothing = torch.randn(1, 8)
    torch.testing.assert_close(prompt(embeddings, tokens, nothing)[1, 1], nothing[0])
    assert not prompt(embeddings, tokens)[1, 1].any()
    prompt(embeddings, tokens)[1, 1].sum().backward()
    assert all(not p.grad.any() for p in prompt.project_motion_prompts.parameters())


def test_the_other_sentences_of_a_batch_change_nothing(tokens, embeddings):
    prompt = TextPrompt(12, 8, verbs=True)
    together = prompt(embeddings, tokens)
    for query in range(3):
        one = tokens.select([query])
        alone = prompt(embeddings[query : query + 1, : one.ids.shape[1]], one)
        torch.testing.assert_close(together[query], alone[0])


def test_the_motion_mlp_can_start_as_the_text_mlp(tokens, embeddings):
    prompt = TextPrompt(12, 8, verbs=True)
    prompt.start_motion_from_text()
    torch.testing.assert_close(
        prompt.project_motion_prompts(embeddings), prompt.project_text(embeddings)
    )
    TextPrompt(12, 8).start_motion_from_text()
