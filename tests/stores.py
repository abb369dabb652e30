"""Real servers of S3 and of Google's store on this machine, each with one bucket."""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

SECRET = "wJalrXUtnFEMI-not-to-be-shown"
NEEDS = {
    "s3": ("s3fs", "moto", "flask", "flask_cors"),
    "gs": ("gcsfs", "gcp_storage_emulator"),
}
"""What a server and its clients are made of."""


@contextmanager
def server(scheme: str, log: Path) -> Iterator[str]:
    """Address of a server; its log has a line for each request."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = str(one.getsockname()[1])
    words = {
        "s3": ["moto.server", "-H", "127.0.0.1", "-p", port],
        "gs": ["gcp_storage_emulator", "start", "-H", "127.0.0.1", "--port", port, "-M"],
    }[scheme]
    with log.open("w") as file:
        process = subprocess.Popen([sys.executable, "-m", *words], stdout=file, stderr=file)
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 120
        while True:
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            try:
                urlopen(address, timeout=5).close()
                break
            except HTTPError:  # it is there
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.kill()
        process.wait()


@contextmanager
def bucket(scheme: str, log: Path) -> Iterator[str]:
    """Address of a new bucket; the environment has what is needed to reach it."""
    import fsspec

    with server(scheme, log) as address:
        own = {
            "s3": {
                "AWS_ENDPOINT_URL": address,
                "AWS_ACCESS_KEY_ID": "me",
                "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_DEFAULT_REGION": "us-east-1",
            },
            "gs": {"STORAGE_EMULATOR_HOST": address},
        }[scheme]
        before = {name: os.environ.get(name) for name in own}
        os.environ.update(own)
        try:
            name = f"videos-{uuid.uuid4().hex[:8]}"
            fsspec.filesystem(scheme, use_listings_cache=False).mkdir(name)
            yield f"{scheme}://{name}"
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name)
                else:
                    os.environ[name] = value
