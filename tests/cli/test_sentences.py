"""Words without quotes: one sentence, or several of one word."""

import shlex

import pytest

from momentvos.cli.sentences import quoted, sentences
from momentvos.errors import SentenceError

WORDS = ("run", "a.mp4")


@pytest.mark.parametrize(
    "given",
    [["the", "dog"], ["the", "dog", "that", "jumps"], ["dog", "cat", "bird"], ["who", "runs"]],
)
def test_what_looks_like_one_sentence_is_asked_for(given):
    with pytest.raises(SentenceError) as error:
        sentences(given, None, (*WORDS, *given))
    assert f'momentvos run a.mp4 "{" ".join(given)}".' in str(error.value)
    assert "-s " + " -s ".join(given) in str(error.value)


@pytest.mark.parametrize(
    "given",
    [["dog"], ["the"], ["dog", "cat"], ["the dog", "cat"], ["dog", "the cat", "bird", "two cats"]],
)
def test_what_may_well_be_meant_so_is_taken_so(given):
    assert sentences(given, None, (*WORDS, *given)) == given


def test_listed_ones_are_taken_as_they_are():
    assert sentences(None, ["dog", "cat", "bird", "the"], WORDS) == ["dog", "cat", "bird", "the"]
    assert sentences(["a dog"], ["cat"], WORDS) == ["a dog", "cat"]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (
            ["run", "my clip.mp4", "the", "dog", "-o", "out"],
            'momentvos run "my clip.mp4" "the dog" -o out',
        ),
        (["run", "a.mp4", "the", "-o", "out", "dog"], 'momentvos run a.mp4 "the dog" -o out'),
        (["run", "the", "the", "dog"], 'momentvos run the "the dog"'),
    ],
)
def test_the_command_with_quotes(words, command):
    made = quoted(words, ["the", "dog"], "the dog")
    assert made == command
    assert shlex.split(made).count("the dog") == 1


def test_the_command_line_refuses_with_the_exact_command(cli):
    result = cli("run", "a.mp4", "the", "dog", "that", "jumps", "--device", "cpu")
    assert result.exit_code == 2
    assert 'momentvos run a.mp4 "the dog that jumps" --device cpu' in result.stderr


def test_a_terminal_is_asked(cli, monkeypatch):
    from momentvos.cli import sentences as module

    class Terminal:
        """A stream that says it is one."""

        def isatty(self):
            return True

        def write(self, text):
            return len(text)

        def flush(self):
            pass

    monkeypatch.setattr(module.sys, "stdin", Terminal())
    monkeypatch.setattr(module.sys, "stderr", Terminal())
    for answer, made in ((True, ["the dog"]), (False, ["the", "dog"])):
        monkeypatch.setattr(module.typer, "confirm", lambda *_, answer=answer, **__: answer)
        monkeypatch.setattr(module.typer, "echo", lambda *_, **__: None)
        assert sentences(["the", "dog"], None, (*WORDS, "the", "dog")) == made


def test_a_second_video_is_no_sentence(cli, tmp_path):
    (tmp_path / "b.mp4").touch()
    for words in (["b.mp4", "the dog"], ["-s", "b.mp4"], ["b.mp4"] * 3):
        result = cli("run", "a.mp4", *words)
        assert result.exit_code == 2
        assert "'b.mp4' is a file, not a sentence" in result.stderr
        assert "`momentvos batch` takes several" in result.stderr
    for words in (["estimate", "a.mp4", "b.mp4"], ["batch", "a.mp4", "-s", "b.mp4"]):
        result = cli(*words)
        assert result.exit_code == 2
        assert "'b.mp4' is a file, not a sentence" in result.stderr
