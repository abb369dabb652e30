"""Defaults of the user's: the command line before the environment, that before the file."""

import json

import pytest


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Write the settings file of this test."""
    path = tmp_path / "set" / "config.toml"
    path.parent.mkdir()
    monkeypatch.setenv("MOMENTVOS_CONFIG", str(path))
    for name in ("MODEL", "DEVICE", "THREADS", "QUIET", "YES", "GROUNDER"):
        monkeypatch.delenv(f"MOMENTVOS_{name}", raising=False)
    monkeypatch.delenv("MOMENTVOS_HOME", raising=False)

    def write(text):
        path.write_text(text)
        return path

    return write


def shown(cli):
    result = cli("config", "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["options"]


def test_the_file_gives_defaults_and_config_says_so(cli, settings, tmp_path):
    path = settings(
        f'model = "mine"\nquiet = true\nhome = "{tmp_path}/cache"\n[run]\ntrace = "t"\n'
    )
    made = shown(cli)
    assert made["model"] == {"value": "mine", "from": str(path), "variable": "MOMENTVOS_MODEL"}
    assert made["quiet"]["value"] is True
    assert made["device"] == {"value": "auto", "from": "default", "variable": "MOMENTVOS_DEVICE"}
    assert made["home"]["value"] == f"{tmp_path}/cache" and made["home"]["from"] == str(path)
    assert made["run.trace"]["value"] == "t"
    text = cli("config").stdout
    assert str(path) in text and "mine" in text


def test_the_environment_counts_before_the_file(cli, settings, monkeypatch, clip):
    settings('model = "from-file"\n')
    assert "'from-file'" in cli("run", clip, "a dog").stderr
    monkeypatch.setenv("MOMENTVOS_MODEL", "from-environment")
    assert shown(cli)["model"]["from"] == "MOMENTVOS_MODEL"
    assert "'from-environment'" in cli("run", clip, "a dog").stderr
    assert "'typed'" in cli("run", clip, "a dog", "--model", "typed").stderr


def test_a_table_is_of_one_verb(cli, settings, clip):
    settings('model = "shared"\n[ground]\nmodel = "of-ground"\n[eval.world]\nmodel = "of-world"\n')
    assert "'shared'" in cli("run", clip, "a dog").stderr
    assert "'of-ground'" in cli("ground", clip, "a dog").stderr
    assert "'of-world'" in cli("eval", "world").stderr


def test_what_is_typed_sets_a_default_aside(cli, settings, clip, small_model):
    """A grounder of the file's is no quarrel with a moment that is typed."""
    settings('grounder = "all"\n')
    words = ("run", clip, "a dog", "--moment", "3:5", "--json", "--model", small_model)
    result = cli(*words)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["moment"] == [[3, 5]]
    both = cli(*words, "-g", "all")
    assert both.exit_code == 2 and "not by both" in both.stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('modle = "x"', "no option 'modle'; did you mean 'model'?"),
        ("[rnu]\ntrace = 't'", "no verb [rnu]; did you mean 'run'?"),
        ("[run]\ntrase = 't'", "[run] has no option 'trase'; did you mean 'trace'?"),
        ("sample-rate = 10", "'sample-rate' is an option of some verbs only; put it below [run]"),
        ("quiet = 3", "'quiet' must be true or false"),
        ("model = true", "'model' must be no boolean"),
        ("model = ['a']", "'model' must be one value"),
        ("home = 3", "'home' must be a text"),
        ("model = ", "cannot be read"),
        ("[", "cannot be read"),
    ],
)
def test_a_wrong_file_is_one_sentence_that_names_it(cli, settings, text, why):
    path = settings(text)
    result = cli("models")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    assert str(path) in result.stderr and why in result.stderr


def test_a_value_that_a_verb_refuses_names_the_file(cli, settings, clip):
    path = settings('threads = "many"\n')
    result = cli("run", clip, "a dog")
    assert result.exit_code == 2
    assert "--threads" in result.stderr and str(path) in result.stderr.replace("\n", "")


def test_a_file_that_is_named_but_not_there(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("MOMENTVOS_CONFIG", str(tmp_path / "nowhere.toml"))
    result = cli("models")
    assert result.exit_code == 2 and "MOMENTVOS_CONFIG names" in result.stderr


def test_nothing_is_read_from_the_current_folder(cli, monkeypatch, tmp_path):
    monkeypatch.delenv("MOMENTVOS_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    for name in ("momentvos.toml", "config.toml"):
        (tmp_path / name).write_text('model = "evil"\n')
    assert shown(cli)["model"]["from"] == "default"


def test_debug_prints_the_traceback_wherever_it_stands(cli, monkeypatch):
    for words in (("--debug", "run", "a.mp4", "x"), ("run", "a.mp4", "x", "--debug")):
        result = cli(*words)
        assert result.exit_code == 2
        assert "Traceback" in result.stderr and "VideoError" in result.stderr
    assert "Traceback" not in cli("run", "a.mp4", "x").stderr
    monkeypatch.setenv("MOMENTVOS_DEBUG", "1")
    assert "Traceback" in cli("run", "a.mp4", "x").stderr


def test_the_version_has_a_short_flag(cli):
    assert cli("-V").stdout == cli("--version").stdout != ""
