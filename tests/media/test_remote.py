"""Videos behind addresses, from a real server on this machine."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from momentvos.errors import VideoError
from momentvos.media import remote
from momentvos.media.remote import fetch, file_name, is_address, plain_name

CONTENT = bytes(range(256)) * 100
HEADERS = {"Content-Type": "video/mp4", "Content-Length": str(len(CONTENT))}


class Pages(BaseHTTPRequestHandler):
    """Answers by path: (status, headers, content)."""

    def do_GET(self):
        status, headers, content = self.server.pages[self.path.partition("?")[0]]
        self.server.asked.append(self.path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for part in [content] if isinstance(content, bytes) else content():
                self.wfile.write(part)
        except OSError:
            pass  # the client has had enough

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    made = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    made.pages, made.asked = {"/a.mp4": (200, HEADERS, CONTENT)}, []
    made.url = f"http://127.0.0.1:{made.server_port}"
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def get(server, tmp_path, path="/a.mp4", most=1 << 20, **how):
    target = tmp_path / "video"
    fetch(server.url + path, target, most, private=True, **how)
    return target.read_bytes()


def test_a_file_is_fetched_whole_and_told(server, tmp_path):
    told = []
    assert get(server, tmp_path, report=lambda *done: told.append(done)) == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_redirects_are_followed_but_not_for_ever(server, tmp_path):
    server.pages["/b"] = (302, {"Location": "/c", "Content-Length": "0"}, b"")
    server.pages["/c"] = (307, {"Location": server.url + "/a.mp4", "Content-Length": "0"}, b"")
    server.pages["/loop"] = (302, {"Location": "/loop", "Content-Length": "0"}, b"")
    assert get(server, tmp_path, "/b") == CONTENT
    with pytest.raises(VideoError, match="leads on more than 5 times"):
        get(server, tmp_path / "x", "/loop")
    assert server.asked.count("/loop") == 6


INSIDE = """
127.0.0.1:1 localhost:1 [::1]:1 10.1.2.3 192.168.0.1 169.254.169.254 0.0.0.0 [::ffff:127.0.0.1]
[64:ff9b::7f00:1] [fd00::1] 2130706433 0x7f.1 224.0.0.1
"""


@pytest.mark.parametrize("address", INSIDE.split())
def test_addresses_of_this_machine_and_its_network_are_refused(tmp_path, address, monkeypatch):
    monkeypatch.delenv("http_proxy", raising=False)
    with pytest.raises(VideoError, match=r"--allow-private-url|is not known"):
        fetch(f"http://{address}/a", tmp_path / "video", 1000)
    assert not (tmp_path / "video").exists()


def test_a_redirect_inside_is_refused_too(server, tmp_path, monkeypatch):
    """The first address counts as public; where it leads does not."""
    server.pages["/in"] = (
        302,
        {"Location": "http://127.0.0.2:1/secret", "Content-Length": "0"},
        b"",
    )
    check = remote._check_public
    monkeypatch.setattr(
        remote, "_check_public", lambda ip, parts: ip == "127.0.0.1" or check(ip, parts)
    )
    with pytest.raises(VideoError, match=r"127\.0\.0\.2"):
        fetch(server.url + "/in", tmp_path / "video", 1000)


def test_a_name_that_means_another_server_once_it_is_asked(server, tmp_path, monkeypatch):
    """The name is looked up twice, and the second time by the connection."""
    real, calls = socket.getaddrinfo, []

    def changing(host, port, *rest, **how):
        if host == "rebinding.test":
            calls.append(host)
            host = "93.184.216.34" if len(calls) == 1 else "127.0.0.1"
        return real(host, port, *rest, **how)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    with pytest.raises(VideoError, match="--allow-private-url"):
        fetch(f"http://rebinding.test:{server.server_port}/a.mp4", tmp_path / "video", 1 << 20)
    assert len(calls) > 1 and not (tmp_path / "video").exists()


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Content-Type": "text/html; charset=utf-8"}, "is no video but text/html"),
        ({"Content-Type": "application/json"}, "is no video but application/json"),
        ({"Content-Type": "application/vnd.apple.mpegurl"}, "is a playlist"),
        ({"Content-Type": "application/dash+xml"}, "is a playlist"),
        ({"Content-Type": "multipart/x-mixed-replace; boundary=x"}, "is no video but multipart"),
        ({"Content-Type": "video/mp4", "Content-Encoding": "gzip"}, "compressed"),
    ],
)
def test_what_is_no_video_is_not_fetched(server, tmp_path, headers, why):
    server.pages["/x"] = (200, headers, CONTENT)
    with pytest.raises(VideoError, match=why):
        get(server, tmp_path, "/x")


@pytest.mark.parametrize(
    "kind", ["video/x-matroska", "image/png", "application/octet-stream", "binary/octet-stream", ""]
)
def test_what_may_be_one_is(server, tmp_path, kind):
    headers = {"Content-Type": kind} if kind else {}
    server.pages["/x"] = (200, headers, CONTENT)
    assert get(server, tmp_path, "/x") == CONTENT


def test_a_length_over_the_limit_is_refused_unread(server, tmp_path):
    with pytest.raises(VideoError, match=r"has 25\.6 kB, more than 1 kB; --input-limit"):
        get(server, tmp_path, most=1000)
    assert not (tmp_path / "video").exists()


def test_more_than_was_announced_or_than_is_allowed(server, tmp_path):
    def endless():
        while True:
            yield b"x" * 65536

    server.pages["/endless"] = (200, {"Content-Type": "video/mp4"}, endless)
    with pytest.raises(VideoError, match="has more than 1 MB"):
        get(server, tmp_path, "/endless", most=1_000_000)


def test_a_server_that_dawdles_is_given_up(server, tmp_path):
    server.pages["/slow"] = (200, {"Content-Type": "video/mp4"}, lambda: iter([b"x"] * 9))
    with pytest.raises(VideoError, match="takes too long"):
        get(server, tmp_path, "/slow", seconds=-1.0)


def test_a_connection_that_ends_early(server, tmp_path):
    server.pages["/cut"] = (200, HEADERS, CONTENT[:1000])
    with pytest.raises(VideoError, match="cannot be fetched"):
        get(server, tmp_path, "/cut")


def test_what_the_server_does_not_give(server, tmp_path):
    server.pages["/no"] = (404, {"Content-Length": "0"}, b"")
    with pytest.raises(VideoError, match=r"HTTP 404"):
        get(server, tmp_path, "/no")
    server.server_close()
    server.shutdown()
    with pytest.raises(VideoError, match="cannot be fetched"):
        get(server, tmp_path / "y")


def test_https_does_not_lead_to_http():
    assert remote._followed("https://a.b/c", "/d") == "https://a.b/d"
    with pytest.raises(VideoError, match="without https"):
        remote._followed("https://a.b/c", "http://a.b/d")


def test_secrets_of_an_address_are_not_shown(server, tmp_path):
    server.pages["/no"] = (403, {"Content-Length": "0"}, b"")
    with pytest.raises(VideoError) as error:
        address = server.url.replace("//", "//me:secret@") + "/no?token=secret"
        fetch(address, tmp_path / "video", 10, private=True)
    assert "secret" not in str(error.value)


def test_names():
    assert is_address("https://a/b") and is_address("s3://a/b")
    assert not any(map(is_address, ("a/b.mp4", "C://x", "https:/a", "a b://c", "")))
    assert plain_name("https://u:p@a.b:8/c/d.mp4?x=1#y") == "https://a.b:8/c/d.mp4"
    assert file_name("https://a.b/c/d%20e.mp4?x=/f.mkv") == "d e.mp4"
    assert file_name("https://a.b") == "video"
