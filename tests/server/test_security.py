import json
import socket
from contextlib import suppress

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from momentvos.server.security import HEADERS

TOKEN = "0123456789abcdefghij"


@pytest.fixture(scope="module")
def web(waiting):
    with waiting(limits={"body_bytes": 2000}) as web:
        yield web


@pytest.fixture(scope="module")
def guarded(waiting):
    with waiting(token=TOKEN) as web:
        yield web


def refused(answer, status):
    """The sentence of a problem, which has the right form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(answer.headers[name] == value for name, value in HEADERS.items())
    content = answer.json()
    assert content["status"] == status
    assert set(content) == {"type", "title", "status", "detail"}
    assert content["detail"].endswith((".", "'"))
    return content["detail"]


def test_every_answer_has_the_headers_that_keep_browsers_safe(web):
    for path in ("/", "/healthz", "/api/info", "/api/nothing", "/openapi.json"):
        answer = web.get(path)
        assert all(answer.headers[name] == value for name, value in HEADERS.items()), path
        assert "access-control-allow-origin" not in answer.headers
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.", "[::2]:80", "a@localhost"]
)
def test_a_name_that_is_not_the_servers_is_refused(web, host):
    assert "--allow-host" in refused(web.get("/api/info", headers={"Host": host}), 421)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]:80"])
def test_names_of_this_machine_are_the_servers(web, host):
    assert web.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Origin": "ftp://localhost"},
        {"Origin": "http://localhost:1"},  # another server of this machine is another site
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_sites_are_refused(web, headers):
    for method, path in (("GET", "/api/info"), ("POST", "/api/videos"), ("OPTIONS", "/api/jobs")):
        refused(web(method, path, headers=headers), 403)
    assert web.get("/api/info", headers={"Origin": web.url}).status_code == 200
    assert web.get("/api/info", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_two_hosts_in_a_request_are_refused(web):
    address = web.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=10) as line:
        line.sendall(b"GET /api/info HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert b"200 OK" not in line.recv(100)


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Bearer",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        "Bearer wrong",
        f"Bearer {TOKEN[:-1]}",
    ],
)
def test_a_wrong_token_is_refused(guarded, Web, given):
    stranger = Web(guarded.url)
    headers = {} if given is None else {"Authorization": given}
    for path in ("/api/me", "/api/info", "/metrics", "/openapi.json", "/api/videos"):
        answer = stranger.get(path, headers=headers)
        refused(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    assert stranger.get("/healthz").status_code == 200
    assert stranger.get("/readyz").status_code == 503  # no device here


def test_the_right_token_opens(guarded):
    assert guarded.get("/api/info").status_code == 200
    assert TOKEN not in guarded.get("/api/info").text


def test_a_request_of_too_many_bytes_is_refused_whether_it_says_so_or_not(web):
    body = b'{"video": "' + b"0" * 5000 + b'"}'
    assert "2,000 bytes" in refused(web.post("/api/jobs", content=body), 413)
    parts = iter([body[:1000], body[1000:]])  # sent in chunks, without a length
    assert "2,000 bytes" in refused(web.post("/api/jobs", content=parts), 413)


def test_headers_without_end_are_refused(web):
    host, port = web.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        sent = 0
        with suppress(OSError):  # it hangs up
            for number in range(64):
                line.sendall(f"X-{number}: ".encode() + b"a" * (1 << 20) + b"\r\n")
                sent += 1
        assert sent < 64
    assert web.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"video": 3, "asks": []}',
        b'{"video": "../../etc/passwd", "asks": [{"sentence": "a"}]}',
        b"[" * 900,
        b"\xff\xfe",
    ],
)
def test_malformed_requests_are_one_plain_sentence(web, body):
    kind = {"Content-Type": "application/json"}
    detail = refused(web.post("/api/jobs", content=body, headers=kind), 422)
    assert "etc/passwd" not in detail
    assert "Traceback" not in detail


def test_what_is_no_json_is_called_so(guarded):
    for body in (b"{", b"\xff", b"[" * 500_000):
        answer = guarded.post(
            "/api/jobs", content=body, headers={"Content-Type": "application/json"}
        )
        assert refused(answer, 422) == "The request is no JSON that can be read."


@pytest.mark.parametrize(
    "path",
    [
        "/api/videos/..%2f..%2fetc%2fpasswd",
        "/api/videos/" + "0" * 31,
        "/api/videos/" + "Z" * 32,
        "/api/videos/%00",
        "/api/jobs/..%2fx/answers/0/prediction",
        "/api/jobs/" + "0" * 32 + "/answers/-1/prediction",
        "/api/jobs/" + "0" * 32 + "/exports/..%2fcoco",
        "/../../etc/passwd",
        "/api/videos/" + "0" * 32 + "/frames/99999999999999999999",
    ],
)
def test_paths_lead_nowhere_else(web, path):
    assert web.get(path).status_code in (404, 422)


def test_a_fault_of_the_server_says_nothing_about_it(web, monkeypatch, capfd):
    def broken():
        raise RuntimeError("a secret sentence")

    monkeypatch.setattr(web.service.videos, "all", broken)
    detail = refused(web.get("/api/videos"), 500)
    assert "secret" not in detail
    printed = capfd.readouterr().err
    fault = next(json.loads(line) for line in printed.splitlines() if '"fault"' in line)
    assert fault["error"] == "RuntimeError"
    assert "test_security.py" in fault["at"]
    assert "secret" not in printed
