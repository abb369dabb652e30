"""A real S3 server on this machine, in a process of its own, with one bucket."""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

SECRET = "wJalrXUtnFEMI-not-to-be-shown"


@contextmanager
def server(log: Path) -> Iterator[str]:
    """Address of a server; its log has a line for each request."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with log.open("w") as file:
        words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(words, stdout=file, stderr=file)
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 120
        while True:
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            try:
                urlopen(f"{address}/moto-api/", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.kill()
        process.wait()


@contextmanager
def bucket(log: Path) -> Iterator[str]:
    """Address s3://... of a new bucket; the environment has what is needed to reach it."""
    import fsspec

    with server(log) as address:
        own = {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "me",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        before = {name: os.environ.get(name) for name in own}
        os.environ.update(own)
        try:
            name = f"videos-{uuid.uuid4().hex[:8]}"
            fsspec.filesystem("s3", use_listings_cache=False).mkdir(name)
            yield f"s3://{name}"
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name)
                else:
                    os.environ[name] = value
