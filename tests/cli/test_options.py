"""The whole tree of verbs: a flag means the same wherever it is."""

from collections import defaultdict

import pytest
import typer
from typer.testing import CliRunner

from momentvos.cli.main import app

PICTURES = {"data show", "world show"}
"""Verbs whose one result is a picture, which -o names."""
FILES = PICTURES | {"export", "recipes"}
"""Verbs whose -o names a file; that of `export` names a folder for several."""
OWN = {
    ("--set", "export"),
    ("--videos", "world make"),
    ("--resume", "run"),
    ("--time-limit", "serve"),
}
"""Options of a format; videos that are made, not read; what was stopped, not a checkpoint;
seconds of a job, not of a video."""


def verbs(command=None, words=()):
    """Every verb by its words."""
    command = typer.main.get_command(app) if command is None else command
    if not hasattr(command, "commands"):
        return {" ".join(words): command}
    made = {}
    for name, one in command.commands.items():
        made |= verbs(one, (*words, name))
    return made


VERBS = verbs()


def options(name):
    return [one for one in VERBS[name].params if one.param_type_name == "option"]


def flags():
    """By flag: (verb, option)."""
    made = defaultdict(list)
    for name in VERBS:
        for one in options(name):
            if one.name != "help" and not one.hidden:
                for flag in (*one.opts, *one.secondary_opts):
                    made[flag].append((name, one))
    return made


def kind(option):
    shown = option.metavar or option.display_type(None)
    return (bool(option.is_flag), bool(option.multiple), shown, option.envvar, tuple(option.opts))


def meaning(option):
    return option.help.split("  [")[0].split(";")[0].rstrip(".")


SHORT = {
    "config",
    "convert weights",
    "data list",
    "models",
    "recipes",
    "studio agreement",
    "studio list",
}
"""Verbs that print their answer and nothing else."""


def test_there_are_verbs():
    assert {"run", "ground", "eval world", "data show", "convert sam2", "config"} <= set(VERBS)


@pytest.mark.parametrize("flag", sorted(flags()))
def test_a_flag_means_the_same_everywhere(flag):
    holders = flags()[flag]
    if flag in ("-o", "--out"):
        holders = [(name, one) for name, one in holders if name not in FILES]
        for name, one in holders:
            assert one.metavar == "FOLDER", name
        repeated = {"train", "train-grounder", "ablate"}  # whose -o KEY=VALUE is still read
        assert {name for name, one in holders if one.multiple} == repeated
        assert len({meaning(one) for _, one in holders}) == 1
        return
    holders = [(name, one) for name, one in holders if (flag, name) not in OWN]
    assert len({kind(one) for _, one in holders}) == 1, [(n, kind(o)) for n, o in holders]
    assert len({meaning(one) for _, one in holders}) == 1, [(n, meaning(o)) for n, o in holders]


@pytest.mark.parametrize("flag", ["--device", "--threads", "--quiet", "--json"])
def test_every_verb_that_computes_has_it(flag):
    computing = {"run", "ground", "train", "train-grounder", "ablate", "eval mevis", "eval world"}
    assert computing <= {name for name, _ in flags()[flag]}


@pytest.mark.parametrize("name", sorted(VERBS))
def test_what_shows_progress_can_be_quiet_and_what_answers_can_be_json(name):
    long = {flag for one in options(name) for flag in one.opts}
    if name in PICTURES:
        return
    if name == "serve":
        assert "--quiet" in long  # its answers are JSON over HTTP
        return
    if name.startswith("account "):
        assert ("--json" in long) == (name == "account list")  # others change, and answer nothing
        return
    assert "--json" in long
    if name not in SHORT:
        assert "--quiet" in long and "-q" in long


@pytest.mark.parametrize("name", ["run", "ground", "eval mevis", "eval world"])
def test_the_short_form_of_the_grounder(name):
    assert {"-g", "--grounder"} <= {flag for one in options(name) for flag in one.opts}


def test_no_two_options_of_a_verb_share_a_flag():
    for name in VERBS:
        every = [flag for one in options(name) for flag in (*one.opts, *one.secondary_opts)]
        assert len(every) == len(set(every)), name


def test_each_option_says_what_it_is():
    for flag, holders in flags().items():
        for name, one in holders:
            assert one.help and one.help[0].isupper(), (name, flag)


def test_a_folder_may_be_given_in_its_place_or_by_o(cli):
    assert cli("world", "make", "a", "--videos", "1", "--size", "32").exit_code == 0
    assert cli("world", "make", "-o", "b", "--videos", "1", "--size", "32").exit_code == 0
    for words in ((), ("c", "-o", "d")):
        refused = cli("world", "make", *words, "--videos", "1", "--size", "32")
        assert (refused.exit_code == 2 and "-o OUT" in refused.stderr) or "twice" in refused.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "x.mp4", "dog", "--style", "blurr"], "'cutout'; did you mean 'blur'?"),
        (["batch", "x", "-s", "dog", "--save", "jsn"], "'all'; did you mean 'json'?"),
        (["eval", "world", "--world", "v3"], "'v3' is not one of 'v1', 'v2'."),
    ],
)
def test_a_value_that_is_none_of_a_few(words, said):
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert said in result.stderr and "Value error" not in result.stderr


def test_what_is_compiled_is_the_image_encoder():
    for name, option in flags()["--compile"]:
        assert "image encoder" in option.help, name
