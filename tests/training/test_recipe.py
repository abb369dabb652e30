import json
import sys
from pathlib import Path

import pytest

from momentvos.errors import RecipeError
from momentvos.training.recipe import load

FOLDER = Path(__file__).parents[2] / "recipes"
SYSTEMS = ("tgl", "momentseg", "vrshq")
RECIPES = [
    *(path for name in SYSTEMS for path in sorted((FOLDER / name).glob("*.yaml"))),
    FOLDER / "ablations" / "mini.yaml",
]
SHORT = """\
model:
  preset: mini
stages:
  - name: first
    steps: 10
    optimiser:
      lr: 1e-3
      groups:
        - pattern: text
          scale: 0.5
"""


@pytest.fixture
def short(tmp_path):
    path = tmp_path / "short.yaml"
    path.write_text(SHORT)
    return path


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_shipped_recipes_are_valid_and_start_with_their_command(path):
    recipe = load(path)
    first, second = path.read_text().splitlines()[:2]
    if first.endswith("\\"):
        start, config, first = first.partition("--config_file ")
        assert start == "# accelerate launch " and first and config
        assert (FOLDER.parent / first.rstrip("\\ ")).is_file()
        first = second.replace("#   -m", "#")
    assert first.startswith(f"# momentvos train recipes/{path.parent.name}/{path.name}")
    assert all((stage.steps is None) != (stage.epochs is None) for stage in recipe.stages)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_shipped_recipes_ask_of_their_system_what_it_has(path):
    from momentvos.training import contract

    recipe = load(path)
    for stage in recipe.stages:
        contract.named(recipe.model.system).check(stage)


def test_the_papers_mixtures():
    """Repeat factors and schedules as released."""
    ours = load(FOLDER / "momentseg" / "paper-7b.yaml")
    (stage,) = ours.stages
    repeats = {part.name: part.repeat for part in stage.mixture}
    assert repeats == {
        **dict.fromkeys(("refcoco", "refcoco+", "refcocog"), 2),
        **dict.fromkeys(("reasonseg", "mevis", "ref-youtube-vos", "charades-sta"), 10),
        "revos": 20,
        "ref-sav": 4,
        "activitynet": 5,
        "video-chat": 1,
    }
    assert stage.micro_batches * stage.mixture[0].data.videos == 64
    rates = stage.optimiser
    assert (rates.lr, rates.weight_decay, rates.warmup, rates.clip) == (4e-5, 0.05, 0.05, 1.0)
    assert ours.model.overrides["lora"] == {"rank": 128, "alpha": 256, "dropout": 0.05}
    theirs = load(FOLDER / "vrshq" / "paper-7b.yaml").stages[0]
    assert (theirs.steps, theirs.micro_batches, theirs.optimiser.lr) == (15000, 4 * 32, 3e-4)
    assert theirs.optimiser.betas == (0.9, 0.95) and theirs.optimiser.warmup == 100


def test_the_paper_s_hyper_parameters():
    recipes = {path.stem: load(path) for path in RECIPES if path.parent.name == "tgl"}
    images, clips = recipes["refcoco-pretrain"].stages[0], recipes["mevis-m"].stages[0]
    assert (images.epochs, images.optimiser.lr, images.optimiser.clip) == (6, 1e-4, 0.1)
    assert images.data.videos == 32 and images.clip.frames == 1
    assert (clips.epochs, clips.optimiser.lr, clips.optimiser.clip) == (1, 1e-5, 1.0)
    assert clips.data.videos == 4 and clips.clip.frames == 8 and clips.optimiser.weight_decay == 0
    assert clips.clip.sampler == "moment" and clips.clip.oss


def test_a_resolved_recipe_reads_back_without_pydantic_or_yaml(tmp_path, monkeypatch):
    recipes = [load(path) for path in RECIPES]
    for name in ("pydantic", "yaml"):
        monkeypatch.setitem(sys.modules, name, None)
    for recipe in recipes:
        path = tmp_path / "recipe.json"
        path.write_text(json.dumps(recipe.to_json()))
        assert load(path) == recipe
        changed = load(path, ["seed=7", "stages.0.clip.sampler=random"])
        assert changed.seed == 7 and changed.stages[0].clip.sampler == "random"


def test_overrides_reach_keys_and_list_items(short):
    recipe = load(
        short,
        ["stages.0.steps=3", "stages.first.optimiser.lr=2e-4", "validation.every=5", "ema=0.9"],
    )
    assert recipe.stages[0].steps == 3 and recipe.stages[0].optimiser.lr == 2e-4
    assert recipe.validation.every == 5 and recipe.ema == 0.9
    assert recipe.stages[0].optimiser.groups[0].scale == 0.5
    assert load(short, ["model.overrides.tam_dim=64"]).model.overrides == {"tam_dim": 64}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lr: 1e-3", "lrr: 1e-3", r"line 7: 'stages.0.optimiser.lrr': there is no such key"),
        ("steps: 10", "steps: many", r"line 5: 'stages.0.steps'"),
        ("name: first", "nam: first", r"line 4: 'stages.0"),
        ("preset: mini", "preset: [mini", r"line 3"),
        ("model:", "modell:", r"line 1: 'modell'"),
        (SHORT, "- 1", "not a mapping"),
    ],
)
def test_errors_name_the_key_and_its_line(short, old, new, message):
    short.write_text(SHORT.replace(old, new))
    with pytest.raises(RecipeError, match=message):
        load(short)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed", "key=value"),
        ("stages.4.steps=1", "no item '4'"),
        ("stages.first.steps.extra_expressions=1", "plain value"),
        ("sead=1", "'sead': there is no such key"),
        ("stages=[]", "'stages' is empty"),
    ],
)
def test_bad_overrides(short, override, message):
    with pytest.raises(RecipeError, match=message):
        load(short, [override])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sead": 1}, "no key 'sead'"),
        ({"seed": "x"}, "seed must be of type int"),
        ({"stages": {}}, "must be a list"),
        ({"stages": []}, "'stages' is empty"),
        ({"precision": "fp8"}, "one of"),
        ({"model": 3}, "must be an object"),
    ],
)
def test_errors_in_a_resolved_recipe(short, tmp_path, change, message):
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(load(short).to_json() | change))
    with pytest.raises(RecipeError, match=message):
        load(path)


def test_a_missing_recipe_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"none\.yaml cannot be read"):
        load(tmp_path / "none.yaml")


OLD = """\
model:
  system: momentseg
  preset: mini
  weights: {judge: tgl-mini}
  overrides: {consensus: 3, judge: true, film_frames: 9}
stages:
  - name: talk
    steps: 10
    terms: {heard: 1.0, agree: 0.5}
    start: [visual]
    optimiser: {frozen: ["^judge.courses"], groups: [{pattern: "^judge.(course)"}]}
    talk: {film: 8, places: true}
  - name: outlines
    objective: outlines
    steps: 1
    data: {crowd: 6, more: 2}
    losses: {alike: [1.4, 0.8], unlike: [-2.6, 1.8]}
  - name: lanes
    mixture:
      - {name: a, objective: lanes, data: {things: true}, talk: {film_size: 64}}
    keep: 4
"""


def test_old_keys_and_objectives_still_load_with_a_note_that_names_the_new_ones(tmp_path):
    path = tmp_path / "old.yaml"
    path.write_text(OLD)
    with pytest.warns(FutureWarning) as notes:
        recipe = load(path, ["stages.talk.terms.agree=0.7", "stages.talk.talk.film=9"])
    messages = " ".join(str(note.message) for note in notes)
    for old, new in (
        ("terms", "loss_weights"),
        ("keep", "precompute"),
        ("crowd", "dense"),
        ("outlines", "synthetic_tracks"),
        ("alike", "positive_similarity"),
        ("unlike", "negative_similarity"),
    ):
        assert f"'{old}' is '{new}' now" in messages
    chosen = recipe.model.overrides["selection"]
    assert chosen == {"max_tracks": 3, "selector": True}
    first, second, third = recipe.stages
    assert first.optimiser.frozen == ("^selector.trajectories",)
    assert first.optimiser.groups[0].pattern == "^selector.(trajectory)"
    assert first.loss_weights == {"prompt_distillation": 1.0, "paraphrase": 0.7}
    assert first.init == ("visual",)
    assert recipe.model.weights == {"selector": "tgl-mini"}
    assert first.conversation.context_frames == 9 and first.conversation.context_masks
    assert second.objective == "synthetic_tracks"
    assert (second.data.dense, second.data.extra_expressions) == (6, 2)
    assert tuple(second.losses.positive_similarity) == (1.4, 0.8)
    assert tuple(second.losses.negative_similarity) == (-2.6, 1.8)
    (part,) = third.mixture
    assert part.objective == "model_tracks" and part.data.objects and third.precompute == 4
    assert part.conversation.context_size == 64


def test_errors_below_an_old_key_name_its_line(tmp_path):
    path = tmp_path / "old.yaml"
    path.write_text(OLD.replace("film: 8", "flim: 8"))
    message = r"line 12: 'stages.0.conversation.flim': there is no such key"
    with pytest.warns(FutureWarning), pytest.raises(RecipeError, match=message):
        load(path)


def test_an_old_resolved_recipe_reads_back(tmp_path):
    path = tmp_path / "recipe.json"
    stage = {"name": "a", "steps": 1, "objective": "lanes", "keep": 3, "terms": {}, "talk": None}
    path.write_text(json.dumps({"model": {"preset": "mini"}, "stages": [stage]}))
    with pytest.warns(FutureWarning):
        (read,) = load(path).stages
    assert (read.objective, read.precompute, read.conversation) == ("model_tracks", 3, None)


@pytest.mark.filterwarnings("error::FutureWarning")
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_shipped_recipes_have_the_names_of_now(path):
    load(path)


@pytest.mark.parametrize("name", ["/tmp/x", "..", "../other", "a/b", "", "x" * 300, '"a\\x01"'])
def test_a_stage_s_name_is_plain(short, tmp_path, name):
    short.write_text(SHORT.replace("name: first", f"name: {name or repr(name)}"))
    with pytest.raises(RecipeError, match=r"line 4: 'stages.0.*': the stage's name .* folder"):
        load(short)
    short.write_text(SHORT)
    with pytest.raises(RecipeError, match="the stage's name"):
        load(short, ["stages.0.name=../other"])
    values = load(short).to_json()
    values["stages"][0]["name"] = name
    (tmp_path / "recipe.json").write_text(json.dumps(values))
    if name != '"a\\0"':
        with pytest.raises(RecipeError, match="the stage's name"):
            load(tmp_path / "recipe.json")


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf"])
def test_options_are_finite(short, tmp_path, value):
    short.write_text(SHORT.replace("lr: 1e-3", f"lr: {value}"))
    with pytest.raises(RecipeError, match=r"line 7: 'stages.0.optimiser.lr': must be a finite"):
        load(short)
    short.write_text(SHORT)
    with pytest.raises(RecipeError, match=r"'ema': must be a finite"):
        load(short, [f"ema={value}"])
    text = json.dumps(load(short).to_json() | {"ema": float(value.replace(".", ""))})
    (tmp_path / "recipe.json").write_text(text)
    with pytest.raises(RecipeError, match=r"'ema': must be a finite"):
        load(tmp_path / "recipe.json")
