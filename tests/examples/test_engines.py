"""The examples for other engines, run as they are where the engine installs."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import av
import numpy as np
import pytest

ENGINES = Path(__file__).parents[2] / "examples" / "engines"


@pytest.fixture
def clip(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(4):
            rgb = np.full((48, 64, 3), 40 * number, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(stream.encode(None))
    return tmp_path / "a.mp4"


@pytest.mark.slow
def test_a_hosted_job_answers_and_goes_on(clip, tmp_path):
    script = ENGINES / "hosted_job.py"
    head = script.read_text().split("# ///")[1].removeprefix(" script")
    needs = tomllib.loads("\n".join(line.removeprefix("# ") for line in head.splitlines()))
    assert needs == {"requires-python": ">=3.11", "dependencies": ["momentvos[s3]"]}
    words = [sys.executable, script, str(clip), f"{tmp_path}/out", "the square"]
    for count in (1, 1):
        made = subprocess.run(
            words,
            capture_output=True,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            timeout=500,
        )
        assert made.returncode == 0, made.stderr
        lines = (tmp_path / "out/manifest.jsonl").read_text().splitlines()
        assert len(lines) == count
    assert "0 failed" in made.stdout


@pytest.mark.slow
def test_a_column_in_daft(clip, tmp_path):
    pytest.importorskip("daft", reason="Daft is not installed")
    (tmp_path / "bad.mp4").write_text("no video")
    program = "import sys, json, daft_udf; print(json.dumps(daft_udf.main('the square', "
    program += "sys.argv[1:], 'cpu')))"
    made = subprocess.run(
        [sys.executable, "-c", program, clip, tmp_path / "bad.mp4"],
        capture_output=True,
        text=True,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join([str(ENGINES), os.environ.get("PYTHONPATH", "")])}
        | {"OMP_NUM_THREADS": "1", "DAFT_ANALYTICS_ENABLED": "0"},
        timeout=500,
    )
    assert made.returncode == 0, made.stderr
    import json

    good, bad = json.loads(made.stdout.splitlines()[-1])
    assert good["answer"]["status"] in ("found", "not_found") and good["answer"]["error"] is None
    assert bad["answer"]["status"] == "failed" and "is not a video" in bad["answer"]["error"]


def test_a_stage_of_nemo_curator(clip, monkeypatch):
    pytest.importorskip("nemo_curator.stages.base", reason="NeMo Curator is not installed")
    monkeypatch.syspath_prepend(str(ENGINES))
    from curator_stage import MomentStage
    from nemo_curator.tasks import FileGroupTask

    from momentvos.batch import Worker

    stage = MomentStage(sentences=("the square",), worker=Worker(device="cpu", threads=1))
    assert stage.resources.gpus == 0 and "moment" in stage.outputs()[1]
    stage.setup()
    made = stage.process(FileGroupTask(dataset_name="mine", data=[str(clip), f"{clip}.none"]))
    assert list(made.data["status"])[1] == "failed" and made.dataset_name == "mine"
    assert made.data["length"][0] == 4
