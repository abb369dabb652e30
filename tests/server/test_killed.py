"""What is killed in mid-job, and what is left then: everything."""

import os
import signal
from pathlib import Path
from time import sleep

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

LONG = 150
"""Frames of a video whose job lasts long enough to be killed in the middle."""


def test_a_running_job_is_cancelled_and_the_models_stay_loaded(answering, make_clip):
    video = answering.upload(make_clip(frames=LONG, seed=7))
    job = answering.ask(video, "the red square")
    answering.until(job, progress=True)
    before = answering.service.devices[0].pid
    answering.post(f"/api/jobs/{job}/cancel")
    assert answering.until(job, "cancelled", "done")["state"] == "cancelled"
    assert answering.service.devices[0].pid == before


def test_a_cancelled_job_whose_process_has_no_turn_costs_no_models(
    answering, make_clip, monkeypatch
):
    from momentvos.server import grace

    (device,) = answering.service.devices
    monkeypatch.setattr(device, "_loading", 0.0)
    monkeypatch.setattr(grace, "LEAST", 1.0)
    job = answering.ask(answering.upload(make_clip(frames=LONG, seed=8)), "the red square")
    answering.until(job, progress=True)
    before = device.pid
    os.kill(before, signal.SIGSTOP)  # as a machine does that has much else to do
    answering.post(f"/api/jobs/{job}/cancel")
    sleep(2.5)
    assert answering.job(job)["state"] == "running"
    os.kill(before, signal.SIGCONT)
    assert answering.until(job, "cancelled", "done")["state"] == "cancelled"
    assert device.pid == before


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_its_job_ends(answering, make_clip):
    video = answering.upload(make_clip(frames=LONG // 2, seed=7))
    job = answering.ask(video, "the red square")
    answering.until(job, progress=True)
    before = answering.service.devices[0].pid
    os.kill(before, signal.SIGKILL)
    assert answering.until(job, "done", "failed")["state"] == "done"
    assert answering.service.devices[0].pid != before
    assert 'momentvos_worker_restarts_total{reason="gone"} 1.0' in answering.get("/metrics").text


@pytest.mark.slow
def test_a_process_that_hangs_is_replaced_and_the_next_job_is_answered(program, make_clip):
    web = program("--time-limit", 20)
    hangs = web.ask(web.upload(make_clip(frames=LONG)), "the red square")
    web.until(hangs, progress=True)
    os.kill(web.worker(), signal.SIGSTOP)
    assert "took over 20 s" in web.until(hangs, "done", "failed")["error"]
    short = web.ask(web.upload(make_clip("short.mp4", frames=1)), "the red square")
    assert web.until(short, "done", "failed")["state"] == "done"


@pytest.mark.slow
def test_a_worker_that_takes_too_much_memory_is_replaced(serve, model_folder, clip):
    with serve(models=(str(model_folder),), limits={"worker_bytes": 10 << 20}, devices=1) as web:
        job = web.ask(web.upload(clip), "the red square")
        assert "took over 10 MiB" in web.until(job, "done", "failed")["error"]


@pytest.mark.slow
def test_a_killed_server_goes_on_with_its_jobs(program, make_clip):
    web = program()
    video = web.upload(make_clip(frames=LONG))
    jobs = [web.ask(video, "the red square", "the square"), web.ask(video, "a square")]
    web.until(jobs[0], progress=True)
    worker = web.worker()
    web.end(signal.SIGKILL)
    web.start()
    for job in jobs:
        assert web.until(job, "done", "failed")["state"] == "done"
    assert not Path(f"/proc/{worker}").exists()  # it ended with its server
    web.end()
    web.start()
    assert [len(web.job(job)["answers"]) for job in jobs] == [2, 1]


@pytest.mark.slow
@pytest.mark.parametrize("whom", ["worker", "server"])
def test_fifty_kills_lose_nothing(program, make_clip, whom):
    web = program("--queue", 200)
    video = web.upload(make_clip(frames=LONG // 3))
    jobs, in_the_middle = [], 0
    for _ in range(50):
        jobs.append(web.ask(video, "the red square"))
        in_the_middle += web.until(jobs[-1], "done", progress=True)["state"] == "running"
        if whom == "worker":
            os.kill(web.worker(), signal.SIGKILL)
        else:
            web.end(signal.SIGKILL)
            web.start()
    for job in jobs:
        ended = web.until(job, "done", "failed")
        assert ended["state"] == "done", ended["error"]
        assert web.get(f"/api/jobs/{job}/answers/0/prediction").status_code == 200
    assert not list((web.data / "incoming").iterdir())
    assert in_the_middle > 40
    print(f"{in_the_middle} of 50 kills of the {whom} in mid-job")
