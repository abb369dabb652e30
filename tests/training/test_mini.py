import pytest
import torch
from safetensors.torch import load_file

from momentvos.data.options import ClipOptions, DataOptions
from momentvos.training import build
from momentvos.training.loop import train
from momentvos.training.losses import LossOptions
from momentvos.training.options import LoggingOptions, ModelOptions, Recipe, StageOptions

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
