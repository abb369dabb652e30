"""The selector on true tracks."""

from dataclasses import replace

import torch

from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.stream import WorldClips
from momentvos.selection.synthetic_tracks import synthetic_logits
from momentvos.text import nouns


def test_tracks_of_named_objects_are_scored(build, batch):
    model = build(selection={"selector": True})
    asked = replace(batch, noun_objects=(((2,), (1,)), None, ((), ()), ((1, 200), ())))
    with torch.no_grad():
        torch.manual_seed(0)
        scores, scored = synthetic_logits(model, asked)
        torch.manual_seed(0)
        again = synthetic_logits(model, replace(asked, frames=255 - asked.frames))[0]
    assert torch.equal(scores, again), "pictures tell nothing"
    count = int(batch.objects.max())
    assert scores.shape == (4, count, 8)
    assert torch.equal(scored, scores.flatten(2).any(2))
    assert scored[0].nonzero().flatten().tolist() == [1]
    assert scored[1].sum() == len(batch.objects[batch.video[1]].unique()) - 1
    assert not scored[2].any()
    assert scored[3].nonzero().flatten().tolist() == [0]
    model.train()
    with torch.no_grad():
        aside = torch.stack([synthetic_logits(model, asked)[1][2] for _ in range(20)]).float()
    model.eval()
    assert 0.05 < aside.mean() < 0.6, "some that are not named are asked about"


def test_in_scenes_it_is_known_who_is_named():
    clip = ClipOptions(sampler="window", frames=8)
    for phrases in (0.0, 1.0):
        data = DataOptions(videos=4, expressions=None, size=32, phrases=phrases)
        found = WorldClips(data, clip, seed=1).batch(0)
        about = found.noun_matches()
        assert about.shape == (len(found.sentences), int(found.objects.max()), 2)
        assert about[..., 0].any() and not about[..., 0].all()
        for lane, video in enumerate(found.video.tolist()):
            for number in range(1, about.shape[1] + 1):
                if (found.active[lane] & (found.objects[video] == number)).any():
                    assert about[lane, number - 1, 0], "who acts is named"


def test_in_scenes_it_is_known_who_else_is_named():
    data = DataOptions(videos=6, expressions=None, size=32, extra_expressions=8)
    found = WorldClips(data, ClipOptions(sampler="window", frames=8), seed=1).batch(0)
    for sentence, about in zip(found.sentences, found.noun_matches(), strict=True):
        assert about[:, 1].any() <= (nouns(sentence).other is not None)
    assert found.noun_matches()[..., 1].any()
