"""The selector on true tracks."""

from dataclasses import replace

import torch

from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.stream import WorldClips
from momentvos.selection.synthetic_tracks import synthetic_logits
from momentvos.text import nouns


def test_tracks_that_fit_the_noun_are_scored(build, batch):
    model = build(selection={"selector": True})
    changed = replace(batch, noun_objects=(((2,), (1,)), None, ((), ()), ((1, 200), ())))
    with torch.no_grad():
        torch.manual_seed(0)
        scores, scored = synthetic_logits(model, changed)
        torch.manual_seed(0)
        again = synthetic_logits(model, replace(changed, frames=255 - changed.frames))[0]
    assert torch.equal(scores, again), "frames are not read"
    count = int(batch.objects.max())
    assert scores.shape == (4, count, 8)
    assert torch.equal(scored, scores.flatten(2).any(2))
    assert scored[0].nonzero().flatten().tolist() == [1]
    assert scored[1].sum() == len(batch.objects[batch.video[1]].unique()) - 1
    assert not scored[2].any()
    assert scored[3].nonzero().flatten().tolist() == [0]
    model.train()
    with torch.no_grad():
        negatives = torch.stack([synthetic_logits(model, changed)[1][2] for _ in range(20)]).float()
    model.eval()
    assert 0.05 < negatives.mean() < 0.6, "some that do not fit are scored"


def test_scenes_have_noun_matches_of_the_subject():
    clip = ClipOptions(sampler="window", frames=8)
    for phrases in (0.0, 1.0):
        data = DataOptions(videos=4, expressions=None, size=32, phrases=phrases)
        clips = WorldClips(data, clip, seed=1).batch(0)
        matches = clips.noun_matches()
        assert matches.shape == (len(clips.sentences), int(clips.objects.max()), 2)
        assert matches[..., 0].any() and not matches[..., 0].all()
        for query, video in enumerate(clips.video.tolist()):
            for number in range(1, matches.shape[1] + 1):
                if (clips.active[query] & (clips.objects[video] == number)).any():
                    assert matches[query, number - 1, 0], "the noun fits what is active"


def test_scenes_have_noun_matches_of_the_other_object():
    data = DataOptions(videos=6, expressions=None, size=32, extra_expressions=8)
    clips = WorldClips(data, ClipOptions(sampler="window", frames=8), seed=1).batch(0)
    for sentence, matches in zip(clips.sentences, clips.noun_matches(), strict=True):
        assert matches[:, 1].any() <= (nouns(sentence).other is not None)
    assert clips.noun_matches()[..., 1].any()
