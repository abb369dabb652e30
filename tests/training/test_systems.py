import copy
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from momentvos.data.conversations import WorldConversations
from momentvos.data.options import ClipOptions, ConversationOptions, DataOptions
from momentvos.data.precomputed import Precomputed
from momentvos.data.stream import WorldClips
from momentvos.data.world import WORDS
from momentvos.errors import RecipeError
from momentvos.grounding.dual.model import DualConfig, DualEncoder
from momentvos.sam2 import Prompt, attend, decode, encode
from momentvos.selection.geometry import GEOMETRY
from momentvos.selection.train import RENAMED
from momentvos.systems.options import LossOptions, ModelOptions, PartOptions
from momentvos.systems.pretrain.teachers import dual_encoder_teacher
from momentvos.text import train_tokenizer
from momentvos.training import build, contract
from momentvos.training.loop import train
from momentvos.training.options import (
    LoggingOptions,
    OptimiserOptions,
    Recipe,
    StageOptions,
)

DATA = DataOptions(size=64, expressions=2)
TASKS = {
    "image": ConversationOptions(images=1, context_frames=0),
    "video": ConversationOptions(images=2, context_frames=4),
    "words": ConversationOptions(tasks={"ask": 1.0}, context_frames=4),
    "moments": ConversationOptions(tasks={"ground": 1.0}, ground_frames=6),
}
SHOWN, SAY = ConversationOptions(), ConversationOptions(tasks={"say": 1.0})
NAMES = ("momentseg", "vrshq")


def parts(name):
    names = [one for one in TASKS if name == "momentseg" or one != "moments"]
    return tuple(PartOptions(one, data=DATA, conversation=TASKS[one]) for one in names)


@pytest.fixture(scope="module")
def recipe_of():
    def make(name, **others):
        stage = StageOptions(
            "all", steps=6, mixture=parts(name), loss_weights={"object_score": 0.1}
        )
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
    assert contract.of(loaded) is contract.named(name) and loaded.tokenizer is not None
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
        contract.of(model).losses(model, batch, stage)["loss"].backward()
        gradients.append({key: p.grad for key, p in model.named_parameters()})
    assert calls.count(True) == 2 * calls.count(False) > 0
    for key, value in gradients[0].items():
        assert (value is None) == (gradients[1][key] is None)
        if value is not None:
            torch.testing.assert_close(value, gradients[1][key])


def test_another_models_sam2_can_be_the_start(minis):
    lent = build.model(ModelOptions(system="momentseg", preset="mini", weights={"sam": "tgl-mini"}))
    own = build.model(ModelOptions(path="tgl-mini"))
    assert lent.config.image_size == own.config.image_size == 192
    theirs = own.sam.state_dict()
    several = ("mask_decoder.mask_tokens", "mask_decoder.output_hypernetworks_mlps")
    for key, value in lent.sam.state_dict().items():
        assert key.startswith(several) or torch.equal(value, theirs[key]), key
    image = torch.rand(1, 3, 192, 192)
    prompt = Prompt(tokens=torch.randn(1, 1, 128))
    with torch.no_grad():
        pyramid = encode(own.sam.eval(), image)
        pyramid = pyramid.with_top(attend(own.sam, pyramid.top))
        alone = decode(own.sam, pyramid, prompt, gate=False).logits
        best = decode(lent.sam.eval(), pyramid, prompt, multimask=True, gate=False).logits
    assert (best - alone).abs().mean() < 0.02 * alone.abs().mean()


def test_another_models_language_can_be_the_start(minis, tmp_path):
    lender, plain = minis["momentseg"], minis["vrshq"]
    lender.save_pretrained(tmp_path)
    options = ModelOptions(system="vrshq", preset="mini", weights={"mllm": str(tmp_path)})
    started = build.model(options)
    ids = plain.words.encode("What is this? A purple octopus.")
    assert ids == lender.words.encode("What is this? A purple octopus.")
    theirs, ours = (model.mllm.get_input_embeddings().weight for model in (lender, started))
    assert torch.equal(ours[ids], theirs[ids])
    assert torch.equal(ours[started.tak_token], theirs[lender.seg_token])
    state = torch.randn(3, theirs.shape[1])
    shares = (1 + started.config.focus) * started.prompts(state)
    torch.testing.assert_close(shares, lender.prompts(state)[:, 0])
    rest = lender.mllm.state_dict()
    assert all(
        torch.equal(value, rest[key])
        for key, value in started.mllm.state_dict().items()
        if "embed_tokens" not in key and "lm_head" not in key
    )


def test_another_models_selector_can_be_the_start():
    options = ModelOptions(
        system="momentseg",
        preset="mini",
        weights={"selector": "tgl-mini"},
        overrides={"selection": {"selector": True}},
    )
    ours = build.model(options).selector.state_dict()
    theirs = build.model(ModelOptions(path="tgl-mini")).selector.state_dict()
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        same = value.shape == theirs[key].shape and torch.equal(value, theirs[key])
        assert same == (not key.startswith("text.")), key


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"text": "tgl-mini"}, "no part 'text'"),
        ({"mllm": "tgl-mini"}, "no language model"),
        ({"selector": "tgl-mini"}, "no such selector"),
    ],
)
def test_parts_that_cannot_be_lent(weights, message):
    with pytest.raises(RecipeError, match=message):
        build.model(ModelOptions(system="momentseg", preset="mini", weights=weights))


@pytest.mark.parametrize("name", NAMES)
def test_prompts_are_distilled_from_a_teacher_of_text_alone(minis, name):
    data = DataOptions(size=64, videos=4, expressions=2)
    talk = ConversationOptions(tasks={"say": 1.0})
    part = PartOptions("say", data=data, conversation=talk)
    weights = {"prompt_distillation": 1.0, "language": 0.0}
    stage = StageOptions(
        "distil", steps=1, mixture=(part,), loss_weights=weights, teacher="tgl-mini"
    )
    model = copy.deepcopy(minis[name]).train()
    model.requires_grad_(True)
    batch = WorldConversations(data, talk).batch(0)
    optimiser = torch.optim.Adam(model.mllm.parameters(), 2e-3)
    losses = []
    for _ in range(12):
        torch.manual_seed(3)
        made = contract.of(model).losses(model, batch, stage)
        losses.append(made["prompt_distillation"].item())
        optimiser.zero_grad()
        made["loss"].backward()
        optimiser.step()
    assert losses[-1] < losses[0] - 0.5
    assert all(torch.isfinite(value) for value in made.values())
    assert not {"mask", "dice", "find"} & made.keys()


def test_a_loaded_model_takes_its_own_switches(tmp_path, minis):
    minis["momentseg"].save_pretrained(tmp_path)
    made = build.model(ModelOptions(path=str(tmp_path), overrides={"frames": 3}))
    assert made.config.frames == 3
    with pytest.raises(RecipeError, match="keeps its 'memory'"):
        build.model(ModelOptions(path=str(tmp_path), overrides={"memory": "all"}))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("tgl", {"loss_weights": {"mask": 1.0}}, "TGL has not"),
        ("tgl", {"conversation": SHOWN}, "learns from clips"),
        ("momentseg", {"loss_weights": {"focal": 1.0}}, "no loss 'focal'"),
        ("momentseg", {"objective": "tracks"}, "no `objective`"),
        ("vrshq", {"objective": "motions"}, "clip.frames: 2"),
        (
            "vrshq",
            {"objective": "names", "conversation": ConversationOptions()},
            "learns from clips",
        ),
        ("vrshq", {"conversation": TASKS["moments"]}, "cannot learn the task"),
        ("tgl", {"init": ("visual",)}, 'no "visual" tower'),
        ("vrshq", {"init": ("memory",)}, "no `init` but"),
        (
            "momentseg",
            {"conversation": ConversationOptions(tasks={"say": 1.0})},
            "needs a `teacher`",
        ),
    ],
)
def test_what_a_system_has_not_is_named(name, change, message):
    with pytest.raises(RecipeError, match=message):
        contract.named(name).check(replace(StageOptions("all"), **change))


def test_a_model_that_cannot_compute_activations_twice_says_so():
    with pytest.raises(RecipeError, match="gradient_checkpointing"):
        build.model(ModelOptions(path="tgl-mini", gradient_checkpointing=True))


def test_features_are_distilled_from_a_dual_encoder(minis, tmp_path):
    tokenizer = train_tokenizer(WORDS(), 900, 62)
    torch.manual_seed(0)
    dual = DualEncoder(DualConfig(vocab_size=len(tokenizer), channels=8, blocks=1, dimension=12))
    dual.tokenizer = tokenizer
    dual.save_pretrained(tmp_path)
    data = DataOptions(size=64, videos=2, expressions=2)
    talk = ConversationOptions(tasks={"ground": 1.0}, ground_frames=7)
    stage = StageOptions(
        "see", steps=1, loss_weights={"dual_distillation": 1.0}, grounder=str(tmp_path)
    )
    model = copy.deepcopy(minis["momentseg"])
    batch = WorldConversations(data, talk).batch(0)
    contract.of(model).check(stage)
    losses = contract.of(model).losses(model, batch, stage)
    wanted = losses["language"] + losses["find"] + losses["dual_distillation"]
    torch.testing.assert_close(losses["loss"], wanted)
    video = batch.rows[0].context
    cells, said = dual_encoder_teacher(str(tmp_path))(video, batch.rows[0].sentences, (2, 2), 2)
    assert cells.shape == (4 * 2 * 2, 12) and said.shape == (len(batch.rows[0].sentences), 12)
    with torch.no_grad():
        whole = dual.eval().cells(video.permute(0, 3, 1, 2)[None].float() / 255)[0]
    torch.testing.assert_close(cells.view(4, 4, 12)[-1].mean(0), whole[-1].mean(0))


NAMED = DataOptions(
    size=64, videos=4, expressions=6, phrases=1.0, kinds={"verb": 1.0, "name": 1.0}, dense=4
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("objective", "clip"),
    [
        ("names", ClipOptions(frames=1)),
        ("names", ClipOptions(sampler="window", frames=7)),
        ("motions", ClipOptions(sampler="window", frames=2)),
    ],
)
def test_a_vision_tower_learns_words(minis, name, objective, clip):
    torch.manual_seed(0)
    model = copy.deepcopy(minis[name]).train()
    stage = StageOptions("align", objective=objective, data=NAMED, clip=clip)
    contract.of(model).check(stage)
    batch = WorldClips(NAMED, clip, 3).batch(0)
    tower = dict(model.mllm.model.visual.named_parameters())
    optimiser = torch.optim.AdamW(tower.values(), 1e-3)
    losses = []
    for _ in range(15):
        optimiser.zero_grad()
        made = contract.of(model).losses(model, batch, stage)
        made["loss"].backward()
        optimiser.step()
        losses.append({name: float(one.detach()) for name, one in made.items()})
    logged = {"loss", "tower", "motion" if objective == "motions" else "language"}
    assert losses[0].keys() == logged and losses[-1]["tower"] > losses[0]["tower"]
    assert losses[-1]["loss"] < 0.9 * losses[0]["loss"]
    assert model.mllm.get_input_embeddings().weight.grad is None or objective == "names"


def test_pictures_may_be_named_between_conversations(minis, tmp_path):
    parts = (
        PartOptions("films", objective="names", data=NAMED, clip=ClipOptions(frames=2)),
        PartOptions("words", data=DataOptions(size=64, videos=1), conversation=TASKS["words"]),
    )
    still = OptimiserOptions(frozen=("visual",))
    stage = StageOptions("see", steps=9, mixture=parts, optimiser=still, init=("visual",))
    plan = Recipe(ModelOptions(), (stage,), logging=LoggingOptions(every=1, tensorboard=False))
    model, before = copy.deepcopy(minis["momentseg"]), minis["momentseg"].mllm.model.visual
    train(plan, model, tmp_path, build.sources(plan))
    log = (tmp_path / "log.jsonl").read_text()
    assert '"tower"' in log and '"language"' in log
    tower = model.mllm.model.visual
    for path in ("patch_embed.proj", "blocks.0.mlp.gate_proj", "merger.mlp.0"):
        one, other = (module.get_submodule(path).weight for module in (tower, before))
        assert not torch.equal(one, other) and 0.5 < one.std() / other.std() < 2


@pytest.mark.parametrize("name", NAMES)
def test_a_selector_learns_from_synthetic_tracks_with_any_text_encoder(tmp_path, name):
    data = DataOptions(size=32, videos=2, expressions=3, extra_expressions=2)
    clip = ClipOptions(sampler="window", frames=16)
    stage = StageOptions(
        "synthetic_tracks", objective="synthetic_tracks", steps=2, data=data, clip=clip
    )
    preset = ModelOptions(system=name, preset="mini", overrides={"selection": {"selector": True}})
    plan = Recipe(preset, (stage,), logging=LoggingOptions(every=1, tensorboard=False))
    model = build.model(preset)
    before = {name: value.clone() for name, value in model.named_parameters()}
    train(plan, model, tmp_path, build.sources(plan))
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert {name.split(".")[0] for name in changed} == {"selector", "mllm"}
    assert '"presence"' in (tmp_path / "log.jsonl").read_text()
    blind = build.model(ModelOptions(name, "mini", overrides={"selection": {"selector": False}}))
    with pytest.raises(RecipeError, match="selector"):
        train(plan, blind, tmp_path / "blind", build.sources(plan))
    mixed = replace(stage, mixture=(PartOptions("a", objective="synthetic_tracks", data=data),))
    with pytest.raises(RecipeError, match="alone"):
        train(replace(plan, stages=(mixed,)), model, tmp_path / "mixed", build.sources(plan))


def test_the_selector_is_trained_with_the_similarities_of_its_losses():
    """Objects are easily told apart by name where fitting nouns are."""
    stage = StageOptions(
        "synthetic_tracks",
        objective="synthetic_tracks",
        data=DataOptions(size=32, videos=1, expressions=3),
        clip=ClipOptions(sampler="window", frames=8),
    )
    model = build.model(ModelOptions(path="tgl-mini")).eval()
    plan = Recipe(ModelOptions(path="tgl-mini"), (stage,))
    batch = build.sources(plan)(stage).batch(0)

    def loss(positive, negative):
        torch.manual_seed(0)
        options = LossOptions(positive_similarity=positive, negative_similarity=negative)
        chosen = replace(stage, losses=options)
        return contract.of(model).losses(model, batch, chosen)["loss"].item()

    assert loss((2.6, 0.0), (-2.3, 0.0)) < 0.5 * loss((-2.3, 0.0), (2.6, 0.0))


@pytest.mark.parametrize("name", ("tgl", *NAMES))
def test_a_selector_learns_from_the_tracks_of_its_system(tmp_path, name):
    stage = StageOptions(
        "model_tracks",
        objective="model_tracks",
        steps=3,
        precompute=1,
        data=DataOptions(size=128, expressions=None, extra_expressions=4),
        clip=ClipOptions(sampler="window", frames=4),
        optimiser=OptimiserOptions(lr=1e-3, trained=("^selector",)),
    )
    preset = ModelOptions(
        name, "mini", overrides={"selection": {"selector": True, "max_tracks": 2}}
    )
    if name == "tgl":  # which tracks candidates; the others, untrained, have none
        preset = ModelOptions(path="tgl-mini", overrides={"selection": {"max_tracks": 2}})
    plan = Recipe(preset, (stage,), logging=LoggingOptions(every=1, tensorboard=False))
    model = build.model(preset)
    batch = build.sources(plan)(stage).batch(0)
    stored = contract.of(model).precompute(model, batch, stage).tensors
    objects = stored["truth"].shape[0]
    assert stored["geometry"].shape[1:] == stored["truth"].shape[1:] == (4, GEOMETRY)
    assert stored["meant"].shape == (len(stored["text"]), objects, 4)
    assert stored["noun_matches"].shape == (len(stored["text"]), objects, 2)
    assert len(stored["directional"]) == len(stored["text"])
    former = {new: old for old, new in RENAMED.items()}
    earlier = {former.get(name, name): value for name, value in stored.items()}
    losses = []
    for tensors in (stored, earlier):
        torch.manual_seed(0)
        losses.append(contract.of(model).losses(model, Precomputed(tensors), stage)["loss"].item())
    assert losses[0] == losses[1], "what an earlier version precomputed still counts"
    before = {name: value.clone() for name, value in model.named_parameters()}
    train(plan, model, tmp_path, build.sources(plan))
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert {name.split(".")[0] for name in changed} <= {"selector"}
    assert bool(changed) == bool(len(stored["geometry"])) and (changed or name != "tgl")
    for wrong, message in (
        (replace(stage, data=replace(stage.data, videos=2)), "videos: 1"),
        (replace(stage, objective="clip"), "`precompute`"),
    ):
        with pytest.raises(RecipeError, match=message):
            contract.of(model).check(wrong)
    blind = build.model(ModelOptions(name, "mini", overrides={"selection": {"selector": False}}))
    with pytest.raises(RecipeError, match="selector"):
        train(plan, blind, tmp_path / "blind", build.sources(plan))
