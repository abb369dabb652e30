"""A language model over HTTP, against a real server on this machine."""

import base64
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from momentvos.errors import ModelError
from momentvos.mllm.endpoint import ATTEMPTS, Endpoint


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        asked = json.loads(self.rfile.read(length))
        self.server.asked.append((self.path, asked, self.headers.get("Authorization")))
        status, body, headers = self.server.answers.pop(0)
        if status is None:
            self.connection.close()
            return
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def said(text, tokens=10, **more):
    choice = {"message": {"role": "assistant", "content": text}, **more}
    return (200, {"choices": [choice], "usage": {"total_tokens": tokens}}, {})


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.asked, made.answers, made.waits = [], [], []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def endpoint(server):
    url = f"http://127.0.0.1:{server.server_port}/v1/"
    return Endpoint(url, "some-model", seconds=5, pause=server.waits.append)


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
    assert endpoint.yes_odds(["?"]) == pytest.approx(2.0)
    assert endpoint.yes_odds(["?"]) == -2.0
    assert endpoint.yes_odds(["?"]) == 0.0


def test_tokens_are_limited(server, endpoint):
    endpoint.most_tokens = 15
    server.answers = [said("a"), said("b")]
    endpoint.generate(["?"])
    endpoint.generate(["?"])
    with pytest.raises(ModelError, match="limit of 15 tokens"):
        endpoint.generate(["?"])


def test_frames_that_leave_the_machine_are_said(endpoint):
    assert not endpoint.leaves_machine
    assert endpoint.note == ""
    assert "example.org" in Endpoint("https://example.org/v1", "x").note
    for url in ("file:///etc/passwd", "example.org", "http://"):
        with pytest.raises(ModelError, match="no address"):
            Endpoint(url, "x")
