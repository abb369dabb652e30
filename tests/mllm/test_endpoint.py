"""A language model over HTTP, against a real server on this machine."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from tests.openai_server import said, serving

from momentvos.errors import ModelError
from momentvos.mllm.endpoint import Endpoint
from momentvos.mllm.post import ATTEMPTS
from momentvos.mllm.yes_no import YesNo


@pytest.fixture
def server():
    with serving() as made:
        made.waits = []
        yield made


@pytest.fixture
def endpoint(server):
    return Endpoint(f"{server.url}/", "some-model", seconds=5, pause=server.waits.append)


def test_texts_and_pictures_arrive_in_order(server, endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    server.answers = [said(" [1, 2] ")]
    picture = np.full((8, 12, 3), 200, np.uint8)
    assert endpoint.generate(["first", picture, "last"]) == "[1, 2]"
    path, asked, key = server.asked[0]
    assert path == "/v1/chat/completions"
    assert key == "Bearer secret"
    assert asked["model"] == "some-model"
    assert asked["temperature"] == 0.2
    text, image, last = asked["messages"][0]["content"]
    assert (text["text"], last["text"]) == ("first", "last")
    data = image["image_url"]["url"].removeprefix("data:image/jpeg;base64,")
    seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert seen.shape == (8, 12, 3)
    assert abs(int(seen.mean()) - 200) < 3
    assert endpoint.used == 10


def test_a_busy_server_is_asked_again_when_it_wishes(server, endpoint):
    server.answers = [(429, {}, {"Retry-After": "7"}), (503, {}, {}), said("yes")]
    assert endpoint.generate(["?"]) == "yes"
    assert server.waits == [7.0, 2.0]
    odd = ["nan", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT"]
    server.answers = [(429, {}, {"Retry-After": one}) for one in odd] + [said("yes")]
    assert endpoint.generate(["?"]) == "yes"
    assert server.waits[2:] == [0.0, 60.0, 4.0]


def test_a_server_that_dies_or_sends_nonsense_is_one_sentence(server, endpoint):
    server.answers = [(None, b"", {}), (200, b"[" * 99_999, {}), (200, [], {}), (500, {}, {})]
    with pytest.raises(ModelError, match="does not answer"):
        endpoint.generate(["?"])
    assert len(server.asked) == ATTEMPTS
    server.answers = [(200, {"choices": []}, {})]
    with pytest.raises(ModelError, match="without a choice"):
        endpoint.generate(["?"])
    server.answers = [(200, {"choices": [{"message": {"content": None}}]}, {})]
    with pytest.raises(ModelError, match="without text"):
        endpoint.generate(["?"])


def test_an_answer_can_be_written_to_a_file(server, endpoint, tmp_path):
    server.answers = [said("\ud83d \x00 [[1, 2]]")]
    text = endpoint.generate(["?"])
    assert text == "? \x00 [[1, 2]]"
    (tmp_path / "answer.txt").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "content",
    [3, ["a"], {"text": "a"}, None, True],
    ids=["number", "list", "object", "null", "true"],
)
def test_an_answer_that_is_no_text_is_one_sentence(server, endpoint, content):
    server.reply = lambda asked: said(content)
    with pytest.raises(ModelError, match="without text"):
        endpoint.generate(["?"])
    assert endpoint.yes_no(["?"]) is None


def test_a_refusal_is_not_repeated(server, endpoint):
    server.answers = [(401, {}, {})]
    with pytest.raises(ModelError, match="OPENAI_API_KEY"):
        endpoint.generate(["?"])
    server.answers = [(400, {"error": "no"}, {})]
    with pytest.raises(ModelError, match="HTTP 400"):
        endpoint.generate(["?"])
    assert len(server.asked) == 2


def test_yes_and_no_are_read_from_logits_where_there_are_any(server, endpoint):
    top = [{"token": " Yes", "logprob": -0.1}, {"token": "no", "logprob": -2.1}]
    top += [{"token": "maybe", "logprob": -5.0}]
    server.answers = [
        said("Yes", logprobs={"content": [{"top_logprobs": top}]}),
        said("No, never."),
        said("perhaps", logprobs={"content": []}),
    ]
    assert endpoint.yes_no(["?"]) == YesNo(pytest.approx(2.0))
    assert endpoint.yes_no(["?"]) == YesNo(-2.0, from_text=True)
    assert endpoint.yes_no(["?"]) is None


def test_a_server_that_takes_no_wish_for_logits_is_asked_without(server, endpoint):
    def reply(asked):
        return (400, {"error": "logprobs?"}, {}) if "logprobs" in asked else said("yes")

    server.reply = reply
    for _ in range(2):
        assert endpoint.yes_no(["?"]) == YesNo(2.0, from_text=True)
    assert ["logprobs" in asked for _, asked, _ in server.asked] == [True, False, False]
    server.reply = lambda asked: (400, {}, {})
    with pytest.raises(ModelError, match="HTTP 400"):
        endpoint.yes_no(["?"])


def test_a_server_that_names_what_it_does_not_know_is_asked_in_its_own_words(server, endpoint):
    def reply(asked):
        for name, better in [
            ("max_tokens", "use max_completion_tokens"),
            ("temperature", "unsupported: temperature"),
            ("logprobs", "no logprobs here"),
        ]:
            if name in asked:
                return 400, {"error": {"message": better}}, {}
        return said("yes")

    server.reply = reply
    assert endpoint.yes_no(["?"]) == YesNo(2.0, from_text=True)
    assert len(server.asked) == 4
    assert endpoint.generate(["?"]) == "yes"
    assert len(server.asked) == 5
    last = server.asked[-1][1]
    assert last["max_completion_tokens"] > 4
    assert not last.keys() & {"max_tokens", "temperature", "logprobs", "top_logprobs"}
    server.reply = lambda asked: (400, {"error": "temperature? max_completion_tokens?"}, {})
    with pytest.raises(ModelError, match="HTTP 400"):
        endpoint.generate(["?"])
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://localhost:11434/v1#qwen3-vl:8b", ("qwen3-vl:8b", "OPENAI_API_KEY", 2_000_000)),
        ("https://host/v1#a/b&key=MY_KEY&most_tokens=500", ("a/b", "MY_KEY", 500)),
        ("http://host/v1#one%26two", ("one&two", "OPENAI_API_KEY", 2_000_000)),
    ],
)
def test_an_endpoint_is_written_in_one_text(address, expected):
    made = Endpoint.at(address)
    assert (made.model, made.key, made.most_tokens) == expected
    assert made.url == address.partition("#")[0]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://host/v1", "names no model"),
        ("http://host/v1#", "names no model"),
        ("http://#x", "no address"),
        ("http://[::1#x", "no address"),
        ("http://me:secret@host/v1#x", "no user, password or key"),
        ("http://host/v1?api_key=secret#x", "no user, password or key"),
        ("http://host/v1#x&key=sk-secret", "'key' of an endpoint is the name of"),
        ("http://host/v1#x&tokens=3", "'tokens=3' is no option"),
        ("http://host/v1#x&most_tokens=many", "is no option"),
    ],
)
def test_what_is_no_endpoint_is_one_sentence_without_its_secrets(address, message):
    with pytest.raises(ModelError, match=message) as caught:
        Endpoint.at(address)
    assert "secret" not in str(caught.value)


def test_a_key_is_shown_nowhere(server, endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret\n")
    server.answers = [said("yes")]
    endpoint.generate(["?"])
    assert server.asked[0][2] == "Bearer secret"
    for key in ("secret\r\nHost: elsewhere", "s\u00e9cret"):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        with pytest.raises(ModelError, match="OPENAI_API_KEY holds what cannot be a key") as caught:
            endpoint.generate(["?"])
        assert key not in str(caught.value)
    assert len(server.asked) == 1


def test_tokens_are_limited(server, endpoint):
    endpoint.most_tokens = 15
    server.answers = [said("a"), said("b")]
    endpoint.generate(["?"])
    endpoint.generate(["?"])
    with pytest.raises(ModelError, match="limit of 15 tokens"):
        endpoint.generate(["?"])


def test_a_server_that_does_not_count_is_counted_for(server, endpoint):
    picture = np.zeros((8, 8, 3), np.uint8)
    server.answers = [said("yes", tokens=None), said("no", tokens=0)]
    endpoint.generate(["what is it? " * 10, picture, picture])
    assert 2000 < endpoint.used < 2100
    endpoint.generate(["?", picture])
    assert 3000 < endpoint.used < 3100


def test_frames_go_nowhere_else(server, endpoint):
    elsewhere = {"Location": "http://127.0.0.2:9/v1/chat/completions"}
    server.answers = [(307, {}, elsewhere)]
    with pytest.raises(ModelError, match=r"HTTP 307, it is at http://127\.0\.0\.2:9"):
        endpoint.generate(["?"])
    assert len(server.asked) == 1


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.0.1.1", "[::1]"])
def test_this_machine_has_several_names(host):
    assert not Endpoint(f"http://{host}:8000/v1", "x").leaves_machine


@pytest.mark.parametrize("host", ["10.0.0.1", "localhost.example.org", "[2001:db8::1]"])
def test_other_machines_are_others(host):
    assert Endpoint(f"http://{host}/v1", "x").leaves_machine


def test_frames_that_leave_the_machine_are_said(endpoint):
    assert not endpoint.leaves_machine
    assert endpoint.note == ""
    assert "example.org" in Endpoint("https://example.org/v1", "x").note
    for url in ("file:///etc/passwd", "example.org", "http://"):
        with pytest.raises(ModelError, match="no address"):
            Endpoint(url, "x")
