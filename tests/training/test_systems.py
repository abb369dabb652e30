from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from momentvos.data.options import DataOptions, TalkOptions
from momentvos.errors import RecipeError
from momentvos.training import build, systems
from momentvos.training.loop import train
from momentvos.training.options import (
    LoggingOptions,
    ModelOptions,
    PartOptions,
    Recipe,
    StageOptions,
)

DATA = DataOptions(size=64, expressions=2)
TASKS = {
    "image": TalkOptions(images=1, film=0),
    "video": TalkOptions(images=2, film=4),
    "words": TalkOptions(tasks={"ask": 1.0}, film=4),
    "moments": TalkOptions(tasks={"ground": 1.0}, ground_frames=6),
}
NAMES = ("momentseg", "vrshq")


def parts(name):
    names = [one for one in TASKS if name == "momentseg" or one != "moments"]
    return tuple(PartOptions(one, data=DATA, talk=TASKS[one]) for one in names)


@pytest.fixture(scope="module")
def recipe_of():
    def make(name, **others):
        stage = StageOptions("all", steps=6, mixture=parts(name), terms={"object_score": 0.1})
        values = {"ema": 0.9, "logging": LoggingOptions(every=1, tensorboard=False)}
        return Recipe(ModelOptions(system=name, preset="mini"), (stage,), **(values | others))

    return make


@pytest.fixture(scope="module")
def minis():
    return {name: build.model(ModelOptions(system=name, preset="mini")) for name in NAMES}


@pytest.mark.parametrize("name", ["momentseg", pytest.param("vrshq", marks=pytest.mark.slow)])
def test_all_kinds_train_in_one_run_and_resume_to_the_same_weights(tmp_path, recipe_of, name):
    plan = recipe_of(name)

    def run(folder, **options):
        return train(plan, build.model(plan.model), folder, build.sources(plan), **options)

    assert run(tmp_path / "straight").reason == "done"
    run(tmp_path / "broken", limit=2)
    run(tmp_path / "broken")
    one, other = (
        load_file(tmp_path / at / "last" / "training.safetensors") for at in ("straight", "broken")
    )
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)
    loaded = build.model(ModelOptions(path=str(tmp_path / "straight" / "last")))
    assert systems.of(loaded) is systems.named(name) and loaded.tokenizer is not None
    log = (tmp_path / "straight" / "log.jsonl").read_text()
    assert '"language"' in log and '"dice"' in log and ('"find"' in log) == (name == "momentseg")


@pytest.mark.parametrize("name", NAMES)
def test_a_start_from_scratch_knows_the_words_of_the_world(minis, name):
    words = minis[name].words
    for text in (" octopuses", " twirl", " purple"):
        assert len(words.tokenize(text)) == 1, text
    said = "Two octopuses and an airplane."
    assert words.decode(words.encode(said)) == said


@pytest.mark.parametrize("name", NAMES)
def test_activations_computed_twice_give_the_same_gradients(recipe_of, name):
    plan = recipe_of(name)
    stage = plan.stages[0]
    batch = build.sources(plan)(stage).sources[1].batch(0)
    gradients, calls = [], []
    for twice in (False, True):
        model = build.model(replace(plan.model, gradient_checkpointing=twice)).train()
        layer = model.mllm.model.language_model.layers[0]
        layer.mlp.register_forward_pre_hook(lambda *_, twice=twice: calls.append(twice))
        torch.manual_seed(0)
        systems.of(model).terms(model, batch, stage)["loss"].backward()
        gradients.append({key: p.grad for key, p in model.named_parameters()})
    assert calls.count(True) == 2 * calls.count(False) > 0
    for key, value in gradients[0].items():
        assert (value is None) == (gradients[1][key] is None)
        if value is not None:
            torch.testing.assert_close(value, gradients[1][key])


def test_another_models_sam2_can_be_the_start(minis):
    lent = build.model(ModelOptions(system="momentseg", preset="mini", weights={"sam": "tgl-mini"}))
    own = build.model(ModelOptions(path="tgl-mini"))
    theirs = own.sam.state_dict()
    assert all(torch.equal(value, theirs[key]) for key, value in lent.sam.state_dict().items())


def test_a_loaded_model_takes_its_own_switches(tmp_path, minis):
    minis["momentseg"].save_pretrained(tmp_path)
    made = build.model(ModelOptions(path=str(tmp_path), overrides={"frames": 3}))
    assert made.config.frames == 3
    with pytest.raises(RecipeError, match="keeps its 'memory'"):
        build.model(ModelOptions(path=str(tmp_path), overrides={"memory": "all"}))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("tgl", {"terms": {"mask": 1.0}}, "TGL has not"),
        ("tgl", {"talk": TalkOptions()}, "learns from clips"),
        ("momentseg", {"terms": {"focal": 1.0}}, "no term 'focal'"),
        ("momentseg", {"objective": "names"}, "no `objective`"),
        ("vrshq", {"talk": TASKS["moments"]}, "cannot learn the task"),
    ],
)
def test_what_a_system_has_not_is_named(name, change, message):
    with pytest.raises(RecipeError, match=message):
        systems.named(name).check(replace(StageOptions("all"), **change))


def test_a_model_that_cannot_compute_activations_twice_says_so():
    with pytest.raises(RecipeError, match="gradient_checkpointing"):
        build.model(ModelOptions(path="tgl-mini", gradient_checkpointing=True))
