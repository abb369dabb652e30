"""The chat grounder behind an endpoint, against a real server on this machine."""

import base64
import io
import json
import socket
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from tests.openai_server import said, serving, words_of
from typer.testing import CliRunner

from momentvos.errors import ModelError
from momentvos.grounding import AnswerError, build, parse
from momentvos.grounding.available import check
from momentvos.moment import Moment


@pytest.fixture
def server():
    with serving() as made:
        yield made


def test_seconds_over_http_are_the_moment(server, clip, monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret")
    server.answers = [said("[[0.5, 1.0]]"), said("[]")]
    grounder = build(f"chat={server.url}#some-model:8b&key=MY_KEY")
    dog, cat = grounder.ground(clip, ["the dog", "the cat"])
    assert dog.moment == Moment([(4, 7)])
    assert dog.answer == "[[0.5, 1.0]]"
    assert not cat.found
    assert dog.notes == cat.notes == ()
    assert "secret" not in dog.grounder
    (path, asked, key), _ = server.asked
    assert (path, asked["model"], key) == ("/v1/chat/completions", "some-model:8b", "Bearer secret")
    assert '"the dog"' in words_of(asked)[-1]
    pictures = [one for one in asked["messages"][0]["content"] if one["type"] == "image_url"]
    assert len(pictures) == 16
    data = pictures[-1]["image_url"]["url"].removeprefix("data:image/jpeg;base64,")
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))).astype(int)
    (last,) = clip.read([19])
    assert np.abs(shown - last.rgb).mean() < 6


def test_forms_and_counts_go_with_an_endpoint(server, clip):
    server.answers = [said("[2, 1]")]
    (answer,) = build(f"chat={server.url}#m~frames:2").ground(clip, ["the dog"])
    assert len(answer.frames) == 2
    assert "Name the 2 frames" in words_of(server.asked[0][1])[-1]


@pytest.mark.parametrize("broken", ["I see a dog", "[[9, 1]]", "", "[[99, 100]]", "{}"])
def test_what_cannot_be_read_is_asked_again_and_then_a_note(server, clip, broken):
    server.reply = lambda asked: said(broken)
    (answer,) = build(f"chat={server.url}#m").ground(clip, ["the dog"])
    assert answer.moment == Moment.all(20)
    assert answer.answer == broken
    assert "could not be read; every frame was taken" in answer.notes[0]
    assert len(server.asked) == 3
    assert "could not be read" in words_of(server.asked[1][1])[0]
    (nothing,) = build(f"chat={server.url}#m~or-none").ground(clip, ["the dog"])
    assert not nothing.found and "no frame was taken" in nothing.notes[0]


def test_an_answer_that_can_be_read_at_last_counts(server, clip):
    server.answers = [said("from 0.5 to 1"), said("```json\n[[0.5, 1.0]]\n```")]
    (answer,) = build(f"chat={server.url}#m").ground(clip, ["the dog"])
    assert answer.moment == Moment([(4, 7)])
    assert answer.notes == ()


def test_what_was_answered_before_a_server_died_is_kept(server, clip):
    server.answers = [said("[[0.5, 1.0]]"), (404, {}, {}), said("[]")]
    dog, cat, cow = build(f"chat={server.url}#m").ground(clip, ["the dog", "the cat", "the cow"])
    assert dog.moment == Moment([(4, 7)])
    assert cat.moment == Moment.all(20)
    assert cat.notes == (
        f"'chat={server.url}#m' gave no answer (The model 'm' at '{server.url}' does not answer: "
        "HTTP 404); every frame was taken instead",
    )
    assert not cow.found and cow.notes == ()


def test_a_server_that_never_answers_is_one_sentence(server, clip):
    server.reply = lambda asked: (404, {}, {})
    with pytest.raises(ModelError, match="does not answer: HTTP 404"):
        build(f"chat={server.url}#m").ground(clip, ["the dog", "the cat"])


def test_tokens_are_limited(server, clip):
    server.reply = lambda asked: said("[]", tokens=60)
    grounder = build(f"chat={server.url}#m&most_tokens=100")
    answers = grounder.ground(clip, ["a", "b", "c"])
    assert len(server.asked) == 2
    assert "limit of 100 tokens" in answers[2].notes[0]
    with pytest.raises(ModelError, match="limit of 100 tokens"):
        grounder.ground(clip, ["d"])


def test_frames_that_leave_the_machine_are_announced_before_they_do(server, clip, monkeypatch):
    real = socket.getaddrinfo

    def elsewhere(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        return real("127.0.0.1" if name == "cloud.example.org" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", elsewhere)
    server.reply = lambda asked: said("[]")
    grounder = build(f"chat=http://cloud.example.org:{server.server_port}/v1#m")
    with pytest.warns(UserWarning, match="sent to cloud.example.org"):
        (answer,) = grounder.ground(clip, ["the dog"])
    assert answer.notes == ("frames of the video were sent to cloud.example.org",)
    assert len(server.asked) == 1


def test_an_endpoint_is_checked_before_anything_is_asked():
    check(parse("chat=http://localhost:11434/v1#qwen3-vl:8b~span~or-none"))
    for text, message in [
        ("chat=http://localhost:8000", "names no model"),
        ("chat=http://host/v1#x&size=3", "is no option"),
        ("chat=ftp://host/v1#x", "no folder"),
        ("qwen3-vl=http://host/v1#x", "no folder"),
    ]:
        with pytest.raises(ModelError, match=message):
            check(parse(text))


def test_the_check_imports_nothing_heavy():
    code = (
        "import sys; from momentvos.grounding import parse; "
        "from momentvos.grounding.available import check; "
        "check(parse('chat=http://localhost:11434/v1#m')); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_a_local_chat_model_still_raises_without_a_fallback(clip):
    from momentvos.grounding.chat.grounder import ChatGrounder

    class Model:
        def generate(self, parts):
            return "a dog"

    with pytest.raises(AnswerError):
        ChatGrounder("chat", Model()).ground(clip, ["the dog"])


def test_one_line_asks_an_endpoint(server, write_frames, monkeypatch, tmp_path):
    from momentvos.cli.main import app

    monkeypatch.chdir(tmp_path)
    server.reply = lambda asked: said("[[0.0, 0.5]]")
    clip = str(write_frames(12))
    words = ["ground", clip, "the dog", "-g", f"chat={server.url}#m", "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["found"] and answer["answer"] == "[[0.0, 0.5]]"
