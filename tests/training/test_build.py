import json
from dataclasses import replace

import pytest
from PIL import Image
from safetensors import safe_open

from momentvos.data.options import DataOptions
from momentvos.errors import DataError, RecipeError
from momentvos.systems.options import ModelOptions, PartOptions
from momentvos.training import build
from momentvos.training.options import StageOptions, ValidationOptions


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
    plan = staged(recipe, "mevis")
    with pytest.raises(RecipeError, match=r"--set stages\.mevis\.data\.root=FOLDER"):
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
        (ModelOptions(path="tgl-mini", overrides={"cme": True}), "keeps its .cme."),
        (ModelOptions(system="sam3", preset="mini"), "no system 'sam3'"),
        (ModelOptions(system="momentseg", preset="huge"), "'huge': there are mini, base"),
        (ModelOptions(system="momentseg", preset="mini", overrides={"tam": 1}), "no field 'tam'"),
        (ModelOptions(system="momentseg", preset="base"), "`sam` and `mllm`"),
        (ModelOptions(preset="huge"), "huge"),
        (ModelOptions(preset="mini", size=192), "for a model from `path`"),
        (ModelOptions(path="momentseg-mini", size=192), "cannot go on with another size"),
        (
            ModelOptions(path="tgl-mini", size=200),
            "`model.size` does not fit: 'tgl-mini' works at multiples of 32",
        ),
        (ModelOptions(preset="mini", overrides={"tamdim": 3}), "'tamdim'"),
        (ModelOptions(preset="mini", weights={"sam": "x"}), "`sam` and `text`"),
        (
            ModelOptions(preset="mini", weights={"motion": "x"}, overrides={"motion_dim": 0}),
            "`motion_dim` is 0",
        ),
    ],
)
def test_models_that_cannot_be_built(options, message):
    with pytest.raises(RecipeError, match=message):
        build.model(options)


@pytest.mark.parametrize(("objective", "source"), [("clip", "world"), ("tracks", "mevis")])
def test_objects_without_a_sentence_are_for_tracks_in_the_world_alone(recipe, objective, source):
    data = DataOptions(source=source, objects=True)
    stage = StageOptions("odd", objective=objective, steps=1, data=data)
    with pytest.raises(RecipeError, match=r"'odd' has `data\.objects`"):
        build.sources(replace(recipe(), stages=(stage,)))(stage)


def test_a_model_goes_on_with_larger_pictures():
    model = build.model(ModelOptions(path="tgl-mini", size=256))
    assert model.config.image_size == 256 and model.config.adapter_patches == [8, 16, 8]


def test_the_encoder_of_motion_may_start_from_a_dual_encoder(tmp_path):
    from momentvos.data.world import WORDS
    from momentvos.grounding.dual.model import DualConfig, DualEncoder
    from momentvos.text import train_tokenizer

    tokenizer = train_tokenizer(WORDS(), 1024, 64)
    dual = DualEncoder(DualConfig(vocab_size=len(tokenizer)))
    dual.tokenizer = tokenizer
    dual.save_pretrained(tmp_path)
    model = build.model(ModelOptions(preset="mini", weights={"motion": str(tmp_path)}))
    for mine, its in zip(model.motion.far.parameters(), dual.far.parameters(), strict=True):
        assert mine.equal(its)


def test_validation_scores_with_predicted_and_true_moments(monkeypatch):
    import momentvos.evaluation.world as world

    class Score:
        def __init__(self, moments):
            self.moments = moments

        def summary(self):
            return {"jf": {"model": 0.4, "oracle": 0.7}[self.moments], "tiou": None, "scored": 3}

    asked = []

    def evaluate_world(model, split, videos, seed, moments, size, *, world):
        asked.append((model, split, videos, seed, size, world))
        return Score(moments)

    monkeypatch.setattr(world, "evaluate_world", evaluate_world)
    options = ValidationOptions(every=1, videos=2, seed=5, world="v2", size=64)
    metrics = build.validator(options)("model")
    assert metrics == {"jf": 0.4, "scored": 3.0, "oracle_jf": 0.7}
    assert asked == [("model", "val", 2, 5, 64, "v2")] * 2
    build.validator(replace(options, oracle=False))("model")
    assert len(asked) == 3


def test_every_data_set_can_be_trained_on():
    from typing import get_args

    from momentvos.data.formats import DATASETS
    from momentvos.data.options import Source

    assert set(get_args(Source)) == DATASETS.keys() | {"world", "chat"}


def test_pictures_make_clips(recipe, tmp_path):
    folder = tmp_path / "val"
    folder.mkdir()
    for number in range(2):
        Image.new("RGB", (20, 10), (200, 0, 0)).save(folder / f"{number}.jpg")
        shape = {"label": "target", "points": [[0, 0], [9, 0], [9, 9], [0, 9]]}
        answer = {"text": ["the left half"], "is_sentence": False, "shapes": [shape]}
        (folder / f"{number}.json").write_text(json.dumps(answer))
    plan = staged(recipe, "reasonseg", root=str(tmp_path), split="val")
    batch = build.sources(plan)(plan.stages[0]).batch(0)
    assert batch.frames.shape == (1, 8, 3, 16, 16) and (batch.indices == 0).all()
    assert batch.masks[..., :8, :8].all() and not batch.masks[..., 8:].any()


def test_a_split_without_masks_cannot_be_trained_on(recipe, tmp_path):
    (tmp_path / "valid").mkdir()
    index = {"videos": {"v": {"frames": ["0"], "expressions": {"0": {"exp": "a cat"}}}}}
    (tmp_path / "valid" / "meta_expressions.json").write_text(json.dumps(index))
    plan = staged(recipe, "mevis", root=str(tmp_path), split="valid")
    with pytest.raises(DataError, match=r"'valid' in .* carries no masks"):
        build.sources(plan)(plan.stages[0])


def test_data_sets_on_disk_chat_and_the_world_make_conversations_in_one_run(recipe, tmp_path):
    from momentvos.data.options import ConversationOptions
    from momentvos.data.world import write

    write(tmp_path / "world", "train", 2, size=64)
    (tmp_path / "chat.json").write_text(
        json.dumps(
            [
                {
                    "conversations": [
                        {"from": "human", "value": "Hello."},
                        {"from": "gpt", "value": "Good day."},
                    ]
                }
            ]
        )
    )
    disk = DataOptions(source="momentworld", root=str(tmp_path / "world"), size=32, expressions=2)
    asked = ConversationOptions(tasks={"ask": 1.0})
    parts = (
        PartOptions(
            "disk", data=disk, conversation=ConversationOptions(images=2, context_frames=8)
        ),
        PartOptions("when", data=disk, conversation=ConversationOptions(tasks={"ground": 1.0})),
        PartOptions(
            "world",
            0.002,
            data=DataOptions(size=32),
            conversation=asked,
        ),
        PartOptions(
            "chat",
            data=DataOptions(source="chat", root=str(tmp_path / "chat.json")),
            conversation=asked,
        ),
    )
    stage = StageOptions("all", epochs=1, mixture=parts)
    source = build.sources(replace(recipe(), stages=(stage,)))(stage)
    assert source.counts == (2, 2, 2, 1)
    rows = [source.batch(number).rows[0] for number in range(7)]
    kinds = [(row.masks is not None, row.moments is not None, bool(row.turns)) for row in rows]
    assert (
        sorted(kinds)
        == [(False, False, True)] * 3 + [(False, True, False)] * 2 + [(True, False, False)] * 2
    )
    assert {len(row.context) for row in rows if row.masks is not None} == {8}
    with pytest.raises(RecipeError, match="needs a `conversation`"):
        plain = replace(stage, mixture=(replace(parts[-1], conversation=None),))
        build.sources(replace(recipe(), stages=(plain,)))(plain)


def test_a_model_without_selection_has_no_selector_to_save(tmp_path):
    options = ModelOptions(path="tgl-mini", overrides={"selection": None})
    build.model(options).save_pretrained(tmp_path)
    with safe_open(tmp_path / "model.safetensors", "pt") as weights:
        assert not [name for name in weights.keys() if name.startswith("selector")]  # noqa: SIM118
    assert build.model(ModelOptions(path=str(tmp_path))).selector is None
