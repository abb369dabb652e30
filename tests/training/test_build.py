from dataclasses import replace

import pytest

from momentvos.data.options import DataOptions
from momentvos.errors import DataError, RecipeError
from momentvos.training import build
from momentvos.training.options import ModelOptions, StageOptions, ValidationOptions


def staged(recipe, *sources, **data):
    stages = tuple(
        StageOptions(source, steps=1, data=DataOptions(source=source, size=16, **data))
        for source in sources
    )
    return replace(recipe(), stages=stages)


def test_each_stage_gives_batches_of_its_own_seed(recipe):
    plan = staged(recipe, "world")
    plan = replace(plan, stages=(plan.stages[0], replace(plan.stages[0], name="more")))
    first, second = (build.sources(plan)(stage) for stage in plan.stages)
    assert first.batch(0).frames.shape == (1, 8, 3, 16, 16)
    assert first.seed != second.seed
    assert build.sources(replace(plan, seed=9))(plan.stages[0]).seed != first.seed


def test_data_that_is_not_there_is_named(recipe, tmp_path):
    plan = staged(recipe, "refcoco")
    with pytest.raises(RecipeError, match="cannot read yet"):
        build.sources(plan)(plan.stages[0])
    plan = staged(recipe, "mevis")
    with pytest.raises(RecipeError, match=r"-o stages\.mevis\.data\.root=FOLDER"):
        build.sources(plan)(plan.stages[0])
    plan = staged(recipe, "mevis", root=str(tmp_path))
    with pytest.raises(DataError, match=r"meta_expressions\.json is missing"):
        build.sources(plan)(plan.stages[0])


def test_stages_need_names_of_their_own(recipe):
    with pytest.raises(RecipeError, match="same name"):
        build.sources(staged(recipe, "world", "world"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (ModelOptions(), "either `preset` or `path`"),
        (ModelOptions(preset="mini", path="there"), "either `preset` or `path`"),
        (ModelOptions(path="there", overrides={"cme": True}), "keeps its .cme."),
        (ModelOptions(preset="huge"), "huge"),
        (ModelOptions(preset="mini", overrides={"tamdim": 3}), "'tamdim'"),
        (ModelOptions(preset="mini", weights={"sam": "x"}), "`sam` and `text`"),
    ],
)
def test_models_that_cannot_be_built(options, message):
    with pytest.raises(RecipeError, match=message):
        build.model(options)


def test_validation_scores_with_predicted_and_true_moments(monkeypatch):
    import momentvos.evaluation.world as world

    class Score:
        def __init__(self, moments):
            self.moments = moments

        def summary(self):
            return {"jf": {"model": 0.4, "oracle": 0.7}[self.moments], "tiou": None, "scored": 3}

    asked = []

    def evaluate_world(model, split, videos, seed, moments, size):
        asked.append((model, split, videos, seed, size))
        return Score(moments)

    monkeypatch.setattr(world, "evaluate_world", evaluate_world)
    options = ValidationOptions(every=1, videos=2, seed=5, size=64)
    figures = build.validator(options)("model")
    assert figures == {"jf": 0.4, "scored": 3.0, "oracle_jf": 0.7}
    assert asked == [("model", "val", 2, 5, 64)] * 2
    build.validator(replace(options, oracle=False))("model")
    assert len(asked) == 3
