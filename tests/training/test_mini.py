import json

import pytest
import torch
from safetensors.torch import load_file

from momentvos.data.options import ClipOptions, DataOptions
from momentvos.errors import RecipeError
from momentvos.systems.options import LossOptions, ModelOptions, PartOptions
from momentvos.training import build
from momentvos.training.loop import train
from momentvos.training.options import (
    LoggingOptions,
    Recipe,
    StageOptions,
)

LOSSES = LossOptions(size=32, object_score=0.2, relevance=1.0)


@pytest.fixture
def recipe():
    image = StageOptions(
        "image",
        steps=1,
        data=DataOptions(size=128, expressions=2, phrases=1.0),
        clip=ClipOptions(frames=1),
        losses=LOSSES,
    )
    video = StageOptions(
        "video",
        steps=2,
        data=DataOptions(size=128, expressions=2),
        clip=ClipOptions(sampler="window", frames=8, segment=3, inside=2),
        losses=LOSSES,
    )
    return Recipe(
        ModelOptions(preset="mini"),
        (image, video),
        ema=0.9,
        logging=LoggingOptions(every=1, tensorboard=False),
    )


def test_the_small_model_trains_and_resumes_to_the_same_weights(tmp_path, recipe):
    def run(folder, **options):
        model = build.model(recipe.model, recipe.seed)
        return train(recipe, model, folder, build.sources(recipe), **options)

    run(tmp_path / "straight")
    run(tmp_path / "broken", limit=2)
    run(tmp_path / "broken")
    one, other = (
        load_file(tmp_path / name / "last" / "training.safetensors")
        for name in ("straight", "broken")
    )
    assert all(torch.equal(one[name], other[name]) for name in one)
    loaded = type(build.model(recipe.model)).from_pretrained(tmp_path / "straight" / "last")
    assert loaded.tokenizer is not None
    for name, value in loaded.named_parameters():
        torch.testing.assert_close(value, one[f"average.{name}"])


def test_clips_and_pretext_tasks_mix_each_with_its_own_losses(tmp_path, recipe):
    data = DataOptions(size=128, expressions=2, phrases=1.0, kinds={"name": 1.0, "verb": 1.0})
    window = ClipOptions(sampler="window", frames=4)
    parts = (
        PartOptions("images", data=data, clip=ClipOptions(frames=1), losses=LossOptions(size=16)),
        PartOptions("tracks", objective="tracks", data=data, clip=window),
        PartOptions("motions", objective="motions", data=data, clip=window),
        PartOptions("sentences", data=data, clip=window),
    )
    stage = StageOptions("all", steps=8, mixture=parts, losses=LOSSES, init=("adapters", "memory"))
    one = Recipe(recipe.model, (stage,), logging=recipe.logging)
    source = build.sources(one)(stage)
    train(one, build.model(one.model), tmp_path, build.sources(one))
    losses = {
        "images": {"dice", "focal"},
        "tracks": {"dice", "focal", "object_score"},
        "motions": {"accuracy"},
        "sentences": {"dice", "focal", "object_score", "relevance"},
    }
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    order = [parts[source.batch(number).part].name for number in range(8)]
    assert len(set(order)) > 2
    for row, name in zip(rows, order, strict=True):
        assert {key for key in row if "/" in key} == {f"{name}/{loss}" for loss in losses[name]}


def test_tracks_in_single_frames_are_refused(tmp_path, recipe):
    stage = StageOptions("alone", objective="tracks", steps=1, clip=ClipOptions(frames=1))
    one = Recipe(recipe.model, (stage,))
    with pytest.raises(RecipeError, match="two `frames`"):
        train(one, build.model(one.model), tmp_path, build.sources(one))


def test_synthetic_tracks_train_the_selector_alone(tmp_path, recipe):
    stage = StageOptions(
        "synthetic_tracks",
        objective="synthetic_tracks",
        steps=2,
        data=DataOptions(size=32, videos=2, expressions=3, kinds={"attribute": 0.0}),
        clip=ClipOptions(sampler="window", frames=16),
    )
    one = Recipe(recipe.model, (stage,), logging=recipe.logging)
    model = build.model(one.model, one.seed)
    before = {name: value.clone() for name, value in model.named_parameters()}
    train(one, model, tmp_path, build.sources(one))
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert "selector.trajectory.weight" in changed
    assert all(name.startswith(("selector.", "text_encoder.")) for name in changed)
    losses = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[0])
    assert losses["loss"] == pytest.approx(losses["tracks"] + losses["presence"])
    assert losses["tracks"] > 0 and losses["presence"] > 0
    blind = build.model(ModelOptions(preset="mini", overrides={"selection": {"selector": False}}))
    with pytest.raises(RecipeError, match="selector"):
        train(one, blind, tmp_path / "blind", build.sources(one))
