"""The example of docs/add-a-system.md, as if installed; what the page shows is what is tested."""

import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPSegConfig
from typer.testing import CliRunner

import momentvos
from momentvos.cli.main import app
from momentvos.errors import ModelError, RecipeError
from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment
from momentvos.sam2.sizes import at_size, sam_mini
from momentvos.selection.config import SelectionConfig
from momentvos.systems import driver
from momentvos.systems.registry import SystemEntry, registered, system, systems
from momentvos.text import train_tokenizer

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/custom_system"
PAGE = ROOT / "docs/add-a-system.md"
EXCERPT = re.compile(r'```(?:python|toml) title="([^"]+)"\n(.*?)```', re.DOTALL)
SENTENCES = ["the dog that jumps", "two cats that spin"]


def forget():
    """No registry and no import of the example is left."""
    registered.cache_clear()
    importlib.invalidate_caches()
    for name in [one for one in sys.modules if one.partition(".")[0] == "heatmap_system"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folders that make the example installed: its own, and what `pip install` notes."""
    notes = tmp_path_factory.mktemp("site")
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder = notes / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    folder.mkdir()
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (folder / "METADATA").write_text(head)
    lines = [
        line
        for group, entries in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()))
    ]
    (folder / "entry_points.txt").write_text("\n".join(lines) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        for path in (notes, EXAMPLE):
            patch.syspath_prepend(path)
        forget()
        yield notes, EXAMPLE
    forget()


@pytest.fixture(scope="module")
def build(installed):
    """Makes a model of random weights; values are fields of its config."""
    layers = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2}
    layers |= {"num_attention_heads": 2}
    words = {"vocab_size": 400, "max_position_embeddings": 24, "eos_token_id": 2}
    clipseg = CLIPSegConfig(
        text_config=layers | words | {"bos_token_id": 0, "pad_token_id": 1},
        vision_config=layers | {"image_size": 32, "patch_size": 16},
        projection_dim=32,
        extract_layers=[0, 1],
        reduce_dim=16,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=32,
    )

    def make(**values):
        torch.manual_seed(0)
        kind = system("heatmap")
        tiny = {
            "sam_config": at_size(sam_mini(), 64),
            "clipseg_config": clipseg,
            "picture": 64,
            "keyframes": 4,
        }
        model = kind(kind.config_class(**(tiny | values)))
        with torch.no_grad():
            model.sam.mask_decoder.pred_obj_score_head.proj_out.bias += 3
        model.tokenizer = train_tokenizer(SENTENCES, 400, 20)
        return model.eval()

    return make


@pytest.fixture(scope="module")
def saved(build, tmp_path_factory):
    """A folder with a model that finds whatever it is asked for."""
    folder = tmp_path_factory.mktemp("models") / "heatmap"
    build(presence_threshold=0.0, gate=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def video():
    frames = np.random.default_rng(0).integers(0, 256, (13, 40, 60, 3), dtype=np.uint8)
    return ArrayVideo(frames, 8.0)


@pytest.fixture(scope="module")
def clip(tmp_path_factory, video):
    from PIL import Image

    folder = tmp_path_factory.mktemp("clips") / "clip"
    folder.mkdir()
    for frame in video.read(range(len(video))):
        Image.fromarray(frame.rgb).save(folder / f"{frame.index:05d}.png")
    return folder


@pytest.fixture
def prompted(monkeypatch):
    """Steps with points that SAM2 was given, with the prompts: (frame, obj_id, points, labels)."""
    seen = []
    engine = driver.run

    def run(sam, plan, features, prompts, *others):
        def watched(steps):
            prompt = prompts(steps)
            assert {step.prompt for step in steps} == {"points"}
            rows = zip(steps, prompt.points, prompt.labels, strict=True)
            for step, points, labels in rows:
                seen.append((step.frame, step.obj_id, points.tolist(), labels.tolist()))
            return prompt

        return engine(sam, plan, features, watched, *others)

    monkeypatch.setattr(driver, "run", run)
    return seen


@pytest.fixture
def spot(monkeypatch, build):
    """Makes a model whose heat is a spot, as strong in each frame as `strengths` say, in turn."""

    def make(strengths, **values):
        model = build(presence_threshold=0.2, **values)
        left = iter(strengths)

        def heat(picture, words):
            made = torch.full((len(words), 8, 16), 0.1)
            made[:, 2, 5] = next(left)
            made[:, 7, 0] = 0.0
            return made

        monkeypatch.setattr(model, "heat", heat)
        return model

    return make


def call(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result


def test_it_is_small_and_light(installed):
    lines = sum(len(file.read_text().splitlines()) for file in EXAMPLE.rglob("*.py"))
    assert lines <= 200
    assert isinstance(systems()["heatmap"], SystemEntry)
    assert "heatmap_system.model" not in sys.modules, "the entry imports nothing heavy"


def test_unknown_systems_list_it_among_the_known(installed):
    with pytest.raises(
        ModelError, match="no system 'heat'; known are heatmap, momentseg, sa2va, tgl"
    ):
        system("heat")


def test_run_ground_and_eval_take_a_saved_model(saved, clip, prompted, tmp_path):
    out = tmp_path / "out"
    call("run", clip, SENTENCES[0], "-o", out, "--model", saved, "-q")
    answer = json.loads((out / "prediction.json").read_text())
    assert answer["model"] == "heatmap" and answer["found"]
    assert answer["method"] == "CLIPSeg heat maps, SAM2 from points"
    assert len(answer["relevance"]) == len(answer["scores"]) == 13
    assert len(list((out / "masks").iterdir())) == 13
    assert prompted and {obj_id for _, obj_id, _, _ in prompted} == {0}

    found = json.loads(call("ground", clip, SENTENCES[0], "--json", "--model", saved, "-q").stdout)
    assert found["moment"] == answer["moment"]
    assert found["relevance"] == pytest.approx(answer["relevance"], abs=1e-4)

    scores = tmp_path / "scores.json"
    small = ("--videos", 1, "--size", 64, "--model", saved)
    call("eval", "world", *small, "-o", scores, "-q")
    assert 0 <= json.loads(scores.read_text())["jf"] <= 1
    call("eval", "world", *small, "--moments", "oracle", "--no-selection", "-o", scores, "-q")
    assert 0 <= json.loads(scores.read_text())["jf"] <= 1


@pytest.mark.slow
def test_a_process_of_its_own_lists_and_loads_it(installed, saved, clip, tmp_path):
    path = os.pathsep.join([*map(str, installed), str(Path(momentvos.__file__).parents[1])])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}

    def program(*words):
        line = [sys.executable, "-m", "momentvos", *map(str, words)]
        answer = subprocess.run(line, capture_output=True, text=True, env=environment, timeout=300)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    assert "tgl-mini" in program("models")
    words = ("run", clip, SENTENCES[0], "--json", "--model", saved, "-q")
    assert json.loads(program(*words))["video"]["length"] == 13


def test_a_model_in_the_package_is_listed_by_name(build, installed, monkeypatch, tmp_path):
    package = tmp_path / "heatmap_system"
    build().save_pretrained(package / "weights/heatmap-tiny")
    monkeypatch.setattr("momentvos.systems.registry.files", lambda name: tmp_path / name)
    known = {one["name"]: one for one in json.loads(call("models", "--json").stdout)}
    assert known["heatmap-tiny"]["path"] == str(package / "weights/heatmap-tiny")
    assert type(momentvos.load("heatmap-tiny", device="cpu")).__name__ == "HeatmapModel"


def test_saving_keeps_every_answer(build, video, tmp_path):
    model = build(presence_threshold=0.0, gate=False)
    model.save_pretrained(tmp_path / "kept")
    again = momentvos.load(tmp_path / "kept", device="cpu")
    first, second = (one.segment(video, SENTENCES[1]) for one in (model, again))
    assert first.found and first.moment == second.moment
    for name in ("relevance", "scores"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=1e-5)


def test_parts_that_are_published_make_a_model(build, tmp_path):
    model = build()
    for name, part in (("sam", model.sam), ("clipseg", model.clipseg)):
        part.save_pretrained(tmp_path / name)
    model.tokenizer.save_pretrained(tmp_path / "clipseg")
    made = type(model).from_parts(tmp_path / "sam", tmp_path / "clipseg")
    wanted = model.state_dict()
    assert made.state_dict().keys() == wanted.keys()
    assert all(torch.equal(part, wanted[name]) for name, part in made.state_dict().items())


def test_heat_is_what_clipseg_itself_gives(build):
    model = build()
    picture = torch.randn(1, 3, 64, 64)
    words = model.tokenizer(SENTENCES, padding=True, return_tensors="pt")
    with torch.inference_mode():
        heat = model.heat(picture, model.read(SENTENCES))
        wanted = model.clipseg(**words, pixel_values=picture.expand(2, -1, -1, -1)).logits.sigmoid()
    assert heat.shape == (2, 64, 64)
    torch.testing.assert_close(heat, wanted)


def test_heat_says_where_and_when(spot, video, prompted):
    answer = spot([0.2, 0.9, 0.7, 0.1]).segment(video, SENTENCES[0])
    keyframes = [1, 4, 8, 11]
    assert [answer.relevance[frame] for frame in keyframes] == pytest.approx([0.2, 0.9, 0.7, 0.1])
    assert answer.relevance[6] == pytest.approx(0.8) and answer.relevance[0] == pytest.approx(0.2)
    assert answer.moment == Moment([(3, 8)])
    x, y = 5.5 * 64 / 16, 2.5 * 64 / 8
    low = [0.5 * 64 / 16, 7.5 * 64 / 8]
    assert prompted == [(frame, 0, [[x, y], low], [1, 0]) for frame in (4, 8)]


def test_weak_heat_is_not_found(spot, video, prompted):
    answer = spot([0.15] * 4).segment(video, SENTENCES[0])
    assert not answer.found and not answer.moment and not prompted


def test_given_moments_bring_their_own_keyframes(spot, video, prompted):
    given = [Moment([(2, 3)]), Moment.empty()]
    answers = spot([0.3] * 6).segment(video, SENTENCES, given)
    assert [one.moment for one in answers] == given
    assert [one.found for one in answers] == [True, False]
    assert [(frame, obj_id) for frame, obj_id, _, _ in prompted] == [(2, 0), (3, 0)]


def test_sentences_do_not_depend_on_each_other(build, video):
    model = build(presence_threshold=0.0, gate=False)
    together = model.segment(video, SENTENCES, [None, Moment([(6, 7)])])
    alone = model.segment(video, SENTENCES[0])
    np.testing.assert_allclose(together[0].relevance, alone.relevance, atol=1e-5)
    assert together[0].moment == alone.moment


def test_track_selection_comes_for_free(build, video, prompted):
    chosen = SelectionConfig(selector=False)
    model = build(presence_threshold=0.0, gate=False, selection=chosen)
    answer = model.segment(video, SENTENCES[0])
    assert answer.method.endswith("with track selection") and not prompted
    plain = model.segment(video, SENTENCES[0], selection=False)
    assert plain.method == "CLIPSeg heat maps, SAM2 from points" and prompted


def test_training_it_says_that_it_has_none(saved, tmp_path):
    from momentvos.training import contract

    with pytest.raises(RecipeError, match="heatmap_system has no `train`"):
        contract.named("heatmap")
    with pytest.raises(RecipeError, match="heatmap_system has no `train`"):
        contract.of(momentvos.load(saved, device="cpu"))


def test_the_page_shows_the_example_itself():
    blocks = EXCERPT.findall(PAGE.read_text(encoding="utf-8"))
    shown = [(name, text) for name, text in blocks if (EXAMPLE / name).is_file()]
    assert {Path(name).name for name, _ in shown} >= {
        "pyproject.toml",
        "__init__.py",
        "config.py",
        "model.py",
        "session.py",
    }
    for name, text in shown:
        code = (EXAMPLE / name).read_text(encoding="utf-8")
        assert squeezed(text) in squeezed(code), f"{name}: {text}"


def squeezed(text):
    """Without white space, which a method has another amount of in its class than on the page."""
    return "".join(text.split())
