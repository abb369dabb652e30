"""A real HTTP server that answers as an OpenAI-compatible endpoint does."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, asked, self.headers.get("Authorization")))
        status, body, headers = self.server.reply(asked)
        if status is None:
            self.close_connection = True
            return
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def said(text, tokens=10, **more):
    """A reply with an answer."""
    choice = {"message": {"role": "assistant", "content": text}, **more}
    return (200, {"choices": [choice], "usage": {"total_tokens": tokens}}, {})


def words_of(asked):
    """The texts of a question, in order."""
    content = asked["messages"][0]["content"]
    return [part["text"] for part in content if part["type"] == "text"]


@contextmanager
def serving():
    """A server that pops `answers`, or whose `reply` is set; `url` is the base of its API."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    made.daemon_threads = True
    made.asked, made.answers = [], []
    made.reply = lambda asked: made.answers.pop(0)
    made.url = f"http://127.0.0.1:{made.server_port}/v1"
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
