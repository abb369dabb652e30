import torch

from momentvos.systems.tgl.similarity import match, similarity


def test_a_frame_matches_by_the_patches_of_its_noun(mini):
    """Two frames, two places: the dog stands and another object jumps, then the dog jumps."""
    tokens = mini.tokenize(["the dog jumps"])
    name, motion, other = torch.eye(3)
    prompts = torch.stack([name, motion])[None]
    stands, jumps = torch.stack([name, motion + other]), torch.stack([name + motion, other])
    top = torch.stack([stands, jumps])[None].transpose(2, 3)[..., None]
    names, motions, *features = match(prompts, tokens, top)[0].unbind(1)
    assert motions[1] > motions[0] + 2
    assert names[0] > 0 and names[1] > 0
    assert features[1][1] > 5 * features[1][0]
    logits = similarity(prompts, tokens, top)
    torch.testing.assert_close(logits[0, 0, 0, 0], torch.tensor(5.0))
    torch.testing.assert_close(logits[0, 1, 0, 0], torch.tensor(10 / 2**0.5))


def test_a_sentence_without_verbs_matches_by_its_first_token(mini):
    tokens = mini.tokenize(["the dog"])
    top = torch.randn(1, 3, 8, 2, 2)
    first, second, *features = match(torch.randn(1, 2, 8), tokens, top)[0].unbind(1)
    assert len(features) == 8
    assert first.any() and not second.any()
