"""Pull from a real server on this machine, in processes of their own: whole, resumed, refused."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file


def same(folder, home, name="tiny"):
    """Whether a pulled folder holds the files of the offered one."""
    pulled = home / "models" / name
    for file in folder.iterdir():
        there = pulled / file.name
        if file.name == "config.json":
            known = json.loads(there.read_text())
            assert known.pop("domain") == "sprites"
            assert known == {k: v for k, v in json.loads(file.read_text()).items() if k != "domain"}
        else:
            assert there.read_bytes() == file.read_bytes()
    return True


@pytest.mark.slow
def test_pulled_once_then_run_by_name(place, folder, program, catalogue, clip, tiny):
    place.folder("lab/tiny", folder)
    home = catalogue({"tiny": tiny})
    refused = program("run", clip, "the dog", "--model", "tiny", "-o", "out", "-q")
    assert refused.returncode == 2
    assert "momentvos pull tiny" in refused.stderr
    assert "12 MB" in refused.stderr
    assert "MIT" in refused.stderr
    assert not place.sent

    done = program("run", clip, "the dog", "--model", "tiny", "-o", "out", "--yes")
    assert done.returncode == 0, done.stderr
    assert same(folder, home)
    record = json.loads((home / "models" / "tiny" / "pulled.json").read_text())
    assert set(record["sources"]["weights"]["files"]) == {one.name for one in folder.iterdir()}
    assert record["licence"] == "MIT"
    assert json.loads((clip.parent / "out" / "prediction.json").read_text())["domain"] == "sprites"
    sent = dict(place.sent)
    again = program("pull", "tiny")
    assert again.returncode == 0
    assert dict(place.sent) == sent, "nothing is fetched twice"
    assert not list((home / "downloads").iterdir()), "no second copy"
    listed = {one["name"]: one for one in json.loads(program("models", "--json").stdout)}
    assert listed["tiny"]["source"] == "pulled"
    assert listed["samwise-mevis"]["source"] == "public"


def test_a_dying_connection_is_gone_on_with(place, folder, program, catalogue, tiny):
    place.folder("lab/tiny", folder)
    home = catalogue({"tiny": tiny})
    largest = max(folder.iterdir(), key=lambda one: one.stat().st_size)
    place.cut[largest.name] = 3_000_000
    assert program("pull", "tiny", "-y").returncode == 0
    assert same(folder, home)
    assert place.sent[largest.name] == largest.stat().st_size


def test_files_without_a_byte_are_fetched_too(place, folder, program, catalogue, tiny):
    place.folder("lab/tiny", folder)
    place.files["lab/tiny"]["added_tokens.json"] = b""
    place.files["lab/scope"] = {"empty.json": b"", "model.safetensors": b"weights"}
    scope = {"address": "modelscope:lab/scope", "size": 7, "files": ["*.json", "*.safetensors"]}
    entry = {"sources": {"weights": scope}, "config": {"model_type": "x"}}
    home = catalogue({"tiny": tiny, "scope": entry})
    done = program("pull", "tiny", "scope", "-y")
    assert done.returncode == 0, done.stderr
    assert same(folder, home)
    assert (home / "models" / "tiny" / "added_tokens.json").read_bytes() == b""


def test_a_folder_that_cannot_be_used_is_named(place, folder, program, catalogue, tiny):
    place.folder("lab/tiny", folder)
    home = catalogue({"tiny": tiny})
    (home / "downloads").write_text("a file in the way")
    done = program("pull", "tiny", "-y")
    assert done.returncode == 2
    assert done.stderr.splitlines()[:-1] == ["Fetching tiny"]
    assert f"cannot be kept in '{home}'" in done.stderr
    assert "downloads" in done.stderr


def test_a_server_without_ranges_is_asked_anew(place, folder, program, catalogue, tiny):
    place.folder("lab/tiny", folder)
    place.ranges = False
    home = catalogue({"tiny": tiny})
    largest = max(folder.iterdir(), key=lambda one: one.stat().st_size)
    place.cut[largest.name] = 3_000_000
    assert program("pull", "tiny", "-y").returncode == 0
    assert same(folder, home)


def test_a_wrong_checksum_is_an_error_and_nothing_is_kept(place, folder, program, catalogue, tiny):
    place.folder("lab/tiny", folder)
    largest = max(folder.iterdir(), key=lambda one: one.stat().st_size)
    place.lies[largest.name] = "0" * 64
    home = catalogue({"tiny": tiny})
    done = program("pull", "tiny", "-y")
    assert done.returncode == 2
    assert "checksum differs" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "models" / "tiny").exists()
    del place.lies[largest.name]
    assert program("pull", "tiny", "-y").returncode == 0
    assert same(folder, home)


def test_a_file_without_checksum_is_compared_with_the_first_one(place, program, catalogue, folder):
    place.files["web"] = {"model.safetensors": b"first" * 1000}
    source = {"address": f"{place.url}/model.safetensors", "size": 5000}
    source["files"] = ["model.safetensors"]
    config = {"config": {"model_type": "x"}}
    home = catalogue({"one": {"sources": {"weights": source}} | config})
    source_again = {"sources": {"weights": source}} | config
    assert program("pull", "one", "-y").returncode == 0
    place.files["web"]["model.safetensors"] = b"other" * 1000
    catalogue({"one": source_again, "two": source_again})
    done = program("pull", "two", "-y")
    assert done.returncode == 2
    assert "another file than the one that was fetched first" in done.stderr
    assert not (home / "models" / "two").exists()


def test_modelscope_and_drive_are_spoken_too(place, folder, program, catalogue, tiny):
    place.folder("lab/tiny", folder)
    weights = tiny["sources"]["weights"] | {"address": "modelscope:lab/tiny"}
    place.files["drive"] = {"1aB-id": b"weights " * 1000}
    drive = {"address": "drive:1aB-id", "size": 8000, "files": ["checkpoint.pth"]}
    home = catalogue(
        {
            "tiny": {"sources": {"weights": weights}},
            "driven": {"sources": {"weights": drive}, "config": {"model_type": "x"}},
        }
    )
    done = program("pull", "tiny", "driven", "-y")
    assert done.returncode == 0, done.stderr
    assert same(folder, home)
    record = json.loads((home / "models" / "driven" / "pulled.json").read_text())
    assert record["sources"]["weights"]["files"]["checkpoint.pth"]["size"] == 8000


def test_drive_without_a_form_is_refused(place, program, catalogue):
    place.page = "<html>Too many users have viewed this file. Quota exceeded</html>"
    drive = {"address": "drive:nothing", "size": 8000, "files": ["checkpoint.pth"]}
    catalogue({"driven": {"sources": {"weights": drive}, "config": {"model_type": "x"}}})
    done = program("pull", "driven", "-y")
    assert done.returncode == 2
    assert "too many people" in done.stderr
    assert "by a browser" in done.stderr


def test_parts_are_shared_and_pickled_weights_are_converted(place, program, catalogue, tmp_path):
    made = tmp_path / "part"
    made.mkdir()
    weights = {"linear.weight": torch.arange(6.0).reshape(2, 3)}
    torch.save(weights, made / "pytorch_model.bin")
    (made / "config.json").write_text('{"model_type": "bert"}')
    place.folder("lab/part", made)
    part = {"address": "hf:lab/part", "size": 5000, "files": ["config.json", "*.safetensors"]}
    entry = {"sources": {"scorer": "shared"}, "config": {"model_type": "x"}}
    home = catalogue({"one": entry, "two": entry}, {"shared": part})
    done = program("pull", "one", "two", "-y")
    assert done.returncode == 0, done.stderr
    there = home / "parts" / "lab--part@main"
    assert torch.equal(
        load_file(there / "model.safetensors")["linear.weight"], weights["linear.weight"]
    )
    assert not list(there.glob("*.bin"))
    assert place.sent["pytorch_model.bin"] == len(place.files["lab/part"]["pytorch_model.bin"])
    record = json.loads((home / "models" / "two" / "pulled.json").read_text())
    assert record["sources"]["scorer"]["part"] == "lab--part@main"


def test_a_pickle_that_calls_is_refused_by_the_child(place, program, catalogue, tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.system, (f"touch {tmp_path / 'owned'}",))

    made = tmp_path / "part"
    made.mkdir()
    torch.save({"linear.weight": Evil()}, made / "pytorch_model.bin")
    (made / "config.json").write_text('{"model_type": "bert"}')
    place.folder("lab/part", made)
    part = {"address": "hf:lab/part", "size": 5000, "files": ["config.json", "*.safetensors"]}
    entry = {"sources": {"scorer": "shared"}, "config": {"model_type": "x"}}
    home = catalogue({"one": entry}, {"shared": part})
    done = program("pull", "one", "-y")
    assert done.returncode == 2
    assert "cannot be converted" in done.stderr
    assert not (tmp_path / "owned").exists()
    assert not (home / "models" / "one").exists()


@pytest.mark.parametrize("name", ["../evil.json", "/etc/evil.json", "a/../../evil.json"])
def test_names_that_lead_out_of_the_folder_are_refused(
    place, program, catalogue, name, folder, tiny
):
    place.folder("lab/tiny", folder)
    place.files["lab/tiny"][name] = b"{}"
    home = catalogue({"tiny": tiny})
    done = program("pull", "tiny", "-y")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not list(home.parent.glob("**/evil.json"))


@pytest.mark.slow
def test_forbidden_missing_and_offline_are_one_sentence_each(
    place, folder, program, catalogue, tiny
):
    place.folder("lab/tiny", folder)
    place.forbidden.add("lab/tiny")
    gone = {"weights": tiny["sources"]["weights"] | {"address": "hf:lab/gone"}}
    catalogue({"tiny": tiny, "gone": {"sources": gone}})
    assert "ask for access" in program("pull", "tiny", "-y").stderr
    assert "does not exist" in program("pull", "gone", "-y").stderr
    offline = program("pull", "tiny", "-y", HF_HUB_OFFLINE="1")
    unreachable = program("pull", "tiny", "-y", HF_ENDPOINT="http://127.0.0.1:9")
    for done in (offline, unreachable, program("pull", "nobody")):
        assert done.returncode == 2
        assert done.stderr.splitlines()[:-1] in ([], ["Fetching tiny"]), done.stderr


@pytest.mark.slow
def test_killed_at_ten_random_moments_it_completes(
    place, folder, catalogue, environment, program, tiny
):
    place.folder("lab/tiny", folder)
    place.block, place.delay = 1 << 15, 0.004
    home = catalogue({"tiny": tiny})
    command = [sys.executable, "-m", "momentvos", "pull", "tiny", "-y"]
    rng, killed = random.Random(0), 0
    started = time.monotonic()
    assert program("models").returncode == 0
    begin = time.monotonic() - started
    while killed < 10:
        process = subprocess.Popen(
            command, env=os.environ | environment, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        time.sleep(begin + rng.uniform(0.0, 0.6))
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += 1
    assert program("pull", "tiny", "-y").returncode == 0
    assert killed >= 3
    assert same(folder, home)
    whole = sum(one.stat().st_size for one in folder.iterdir())
    in_flight = (1 << 20) + (4 << 20)  # a block of ours, and what lay in the sockets' buffers
    assert sum(place.sent.values()) <= whole + killed * in_flight
    assert not list((home / "downloads").iterdir())


def test_progress_tells_files_of_several_places_apart(
    place, folder, environment, catalogue, monkeypatch, tmp_path
):
    from momentvos.hub.pull import pull

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    place.folder("lab/eyes", folder)
    place.folder("lab/ears", folder)
    files = ["config.json", "*.safetensors"]
    parts = {
        name: {"address": f"modelscope:lab/{name}", "size": 5000, "files": files}
        for name in ("eyes", "ears")
    }
    sources = {"detector": "eyes", "selector": "ears"}
    catalogue({"both": {"sources": sources, "config": {"model_type": "x"}}}, parts)
    said = {}
    pull("both", lambda name, done, total: said.setdefault(name, []).append((done, total)))
    size = (folder / "config.json").stat().st_size
    assert said["eyes/config.json"][-1] == (size, size)
    assert said["ears/config.json"][-1] == (size, size)
    weights = next(folder.glob("*.safetensors"))
    assert said[f"ears/{weights.name}"][-1][0] == weights.stat().st_size
