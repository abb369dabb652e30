"""``momentvos ground``, and a grounder in front of ``momentvos run``."""

import json
from pathlib import Path

import pytest
from PIL import Image

from momentvos import Prediction
from momentvos.moment import Moment


def test_prints_when_and_writes_nothing(cli, clip):
    result = cli("ground", clip, "the dog", "-g", "0.5s-1s")
    assert result.exit_code == 0, result.stderr
    assert "0.50-1.00 s (4 of 12 frames)" in result.stdout
    assert list(Path().iterdir()) == []


def test_writes_results_for_several_sentences(cli, clip):
    result = cli("ground", clip, "the dog", "a cat", "-g", "uniform:2", "-o", "out")
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in Path("out").iterdir()) == ["grounding.json", "timeline.png"]
    first, second = json.loads(Path("out/grounding.json").read_text())
    assert (first["sentence"], second["sentence"]) == ("the dog", "a cat")
    assert Image.open("out/timeline.png").width == 1200


def test_json_holds_spans_frames_and_relevance(cli, clip):
    result = cli("ground", clip, "the dog", "-g", "2:5+uniform:2", "--json")
    found = json.loads(result.stdout)
    assert found["grounder"] == "2:5+uniform:2" and found["found"]
    assert found["moment"] == [[3, 3], [5, 5]]
    assert found["seconds"] == [[0.375, 0.5], [0.625, 0.75]]
    assert found["frames"] == [
        {"frame": 3, "second": 0.375, "relevance": 1.0},
        {"frame": 5, "second": 0.625, "relevance": 1.0},
    ]
    assert len(found["relevance"]) == 12


def test_by_default_the_model_grounds(cli, clip, small_model):
    from momentvos import Video, load

    result = cli("ground", clip, "the dog that jumps", "--model", small_model, "--json")
    found = json.loads(result.stdout)
    curve, moment = load(small_model, "cpu").ground(Video.open(clip), "the dog that jumps")
    assert found["grounder"] == "model"
    assert found["relevance"] == pytest.approx(curve, abs=1e-5)
    assert Moment(found["moment"]) == moment


def test_another_model_may_say_when(cli, clip, small_model):
    from momentvos import Video, load

    result = cli("ground", clip, "the dog that jumps", "-g", f"model={small_model}", "--json")
    found = json.loads(result.stdout)
    curve, moment = load(small_model, "cpu").ground(Video.open(clip), "the dog that jumps")
    assert found["relevance"] == pytest.approx(curve, abs=1e-5)
    assert Moment(found["moment"]) == moment
    missing = cli("ground", clip, "the dog", "-g", "model=no-such-model")
    assert missing.exit_code == 2 and "no-such-model" in missing.stderr


def test_a_model_stays_inside_what_another_grounder_found(cli, clip, small_model):
    options = ("-g", "2:5+model", "--model", small_model, "--json")
    found = json.loads(cli("ground", clip, "the dog that jumps", *options).stdout)
    assert not Moment(found["moment"]) - Moment([(2, 5)])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-g", "nonsense"), "There is no grounder 'nonsense'"),
        (("-g", "clip=nowhere"), "There is no folder 'nowhere'"),
        (("-g", "40:62"), "outside the video"),
        (("-g", "oracle=none.json"), "cannot be read"),
        (("-g", "all", "-o", "occupied"), "in the way"),
    ],
)
def test_what_a_user_can_put_right_is_one_sentence(cli, clip, words, said):
    Path("occupied").mkdir()
    Path("occupied/timeline.png").touch()
    result = cli("ground", clip, "the dog", *words)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_run_takes_the_moment_of_a_grounder(cli, clip, small_model):
    words = ("run", clip, "the dog", "--model", small_model, "-o", "out")
    result = cli(*words, "-g", "2:9+uniform:2")
    assert result.exit_code == 0, result.stderr
    prediction = Prediction.load("out")
    assert prediction.moment == Moment([(4, 4), (8, 8)])
    assert prediction.relevance == tuple(float(frame in (4, 8)) for frame in range(12))
    both = cli(*words, "-g", "all", "--moment", "all")
    assert both.exit_code == 2 and "not by both" in both.stderr


def test_run_with_the_models_own_grounder_is_run(cli, clip, small_model):
    words = ("run", clip, "the dog", "--model", small_model, "--json")
    plain, grounded = (json.loads(cli(*words, *more).stdout) for more in ((), ("-g", "model")))
    assert grounded["moment"] == plain["moment"]
    assert grounded["masks"] == plain["masks"]
