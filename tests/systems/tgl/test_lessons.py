from dataclasses import replace

import torch

from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.stream import WorldClips
from momentvos.systems.tgl.lessons import match, similarity


def test_a_frame_matches_by_what_the_named_place_does(mini):
    """Two frames, two places: the dog stands and another thing jumps, then the dog jumps."""
    tokens = mini.tokenize(["the dog jumps"])
    name, motion, other = torch.eye(3)
    prompts = torch.stack([name, motion])[None]
    stands, jumps = torch.stack([name, motion + other]), torch.stack([name + motion, other])
    top = torch.stack([stands, jumps])[None].transpose(2, 3)[..., None]
    names, motions, *features = match(prompts, tokens, top)[0].unbind(1)
    assert motions[1] > motions[0] + 2
    assert names[0] > 0 and names[1] > 0
    assert features[1][1] > 5 * features[1][0]
    alike = similarity(prompts, tokens, top)
    torch.testing.assert_close(alike[0, 0, 0, 0], torch.tensor(5.0))
    torch.testing.assert_close(alike[0, 1, 0, 0], torch.tensor(10 / 2**0.5))


def test_a_sentence_without_verbs_matches_by_its_first_token(mini):
    tokens = mini.tokenize(["the dog"])
    top = torch.randn(1, 3, 8, 2, 2)
    first, second, *features = match(torch.randn(1, 2, 8), tokens, top)[0].unbind(1)
    assert len(features) == 8
    assert first.any() and not second.any()


def test_a_thing_matches_by_what_lies_inside_its_masks(mini):
    """Of two places the second is asked of, in the first of two frames; half a place is enough."""
    tokens = mini.tokenize(["the dog jumps"])
    prompts, top = torch.randn(1, 2, 8), torch.randn(1, 2, 8, 1, 2)
    where = torch.zeros(1, 3, 2, 1, 2)
    where[0, 1, 0, 0, 1] = 0.5
    where[0, 2, :, 0, :] = 1.0
    found = match(prompts, tokens, top, where)
    assert found.shape == (1, 3, 2, 10)
    assert not found[0, 0].any() and not found[0, 1, 1].any()
    torch.testing.assert_close(found[0, 1, 0, 2:], top[0, 0, :, 0, 1])
    torch.testing.assert_close(
        found[0, 1, 0, :2].sum(), similarity(prompts, tokens, top)[0, 0, 0, 1]
    )
    torch.testing.assert_close(found[0, 2, :, 2:], top[0].mean((2, 3)))


def test_outlines_are_asked_of_the_things_that_are_named(build, batch):
    model = build()
    asked = replace(batch, named=((2,), None, (), (1, 200)))
    with torch.no_grad():
        scores = model(asked, "outlines")
        again = model(replace(asked, frames=255 - asked.frames), "outlines")
    assert torch.equal(scores, again), "pictures tell nothing"
    count = int(batch.objects.max())
    assert scores.shape == (4, count, 8)
    asked_of = scores.flatten(2).any(2)
    assert asked_of[0].nonzero().flatten().tolist() == [1]
    assert asked_of[1].all() and not asked_of[2].any()
    assert asked_of[3].nonzero().flatten().tolist() == [0]
    with torch.no_grad():
        shaken = model.train()(asked, "outlines")
    model.eval()
    assert not torch.allclose(scores, shaken)


def test_in_scenes_it_is_known_who_is_named():
    clip = ClipOptions(sampler="window", frames=8)
    for phrases in (0.0, 1.0):
        data = DataOptions(videos=4, expressions=None, size=32, phrases=phrases)
        found = WorldClips(data, clip, seed=1).batch(0)
        about = found.about()
        assert about.shape == (len(found.sentences), int(found.objects.max()))
        assert about.any() and not about.all()
        for lane, video in enumerate(found.video.tolist()):
            for number in range(1, about.shape[1] + 1):
                if (found.active[lane] & (found.objects[video] == number)).any():
                    assert about[lane, number - 1], "who acts is named"
