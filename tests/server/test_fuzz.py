"""The API asked at random, from its own description."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_request_makes_the_server_fail(serve, clip, tmp_path, mode):
    if find_spec("schemathesis") is None:
        pytest.skip("schemathesis is not installed")
    with serve(limits={"queue": 100_000}) as web:
        web.ask(web.upload(clip), "a")
        words = ["run", f"{web.url}/openapi.json", "--mode", mode, "--max-examples", "30"]
        words += ["--checks", "not_a_server_error,response_schema_conformance,"]
        words[-1] += "content_type_conformance,response_headers_conformance"
        words += ["--exclude-path", "/readyz"]  # 503 is its answer where nothing computes
        words += ["--phases", "examples,coverage,fuzzing", "--seed", "1", "--no-color"]
        command = "from schemathesis.cli import schemathesis; schemathesis()"
        done = subprocess.run(
            [sys.executable, "-c", command, *words],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ,
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        assert web.get("/healthz").status_code == 200
