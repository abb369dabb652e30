"""benchmarks/real.py: public weights pulled from a server here, MomentWorld in both layouts."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.systems.tracks import checkpoints

from momentvos.data import formats
from momentvos.data.formats.entry import refuse
from momentvos.data.world import write
from momentvos.errors import DataError
from momentvos.evaluation.score import score
from momentvos.media import VideoWriter
from momentvos.results.prediction import Prediction

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "real.py"


@pytest.fixture(scope="session")
def mevis(tmp_path_factory):
    """Two videos of MomentWorld in MeViS's form, with few sentences about few frames."""
    root = tmp_path_factory.mktemp("mevis")
    write(root, "test", 2, 5000, 64)
    path = root / "meta_expressions.json"
    index = json.loads(path.read_text())
    for video in index["videos"].values():
        chosen = [n for n, one in video["expressions"].items() if one["anno_id"]][:2]
        video["expressions"] = {n: video["expressions"][n] for n in chosen}
    path.write_text(json.dumps(index))
    return root


@pytest.fixture(scope="session")
def own(mevis, tmp_path_factory):
    """The same as a folder of one's own: one video as pictures, one as a file."""
    root = tmp_path_factory.mktemp("own")
    samples = formats.open("momentworld", mevis, "test")
    lines = ["# video, objects, sentence, moment"]
    films = set()
    for sample in samples:
        every = range(sample.length)
        for target, masks in zip(sample.targets, sample.masks(every), strict=True):
            place = root / "masks" / sample.video_id / f"object-{target.id}"
            place.mkdir(parents=True, exist_ok=True)
            for number, mask in enumerate(masks):
                if mask.any():
                    Image.fromarray(mask).save(place / f"{number:05}.png")
        if sample.video_id == samples[0].video_id:
            frames = root / "videos" / sample.video_id
            if not frames.exists():
                shutil.copytree(sample.images[0].parent, frames)
        elif sample.video_id not in films:
            films.add(sample.video_id)
            with VideoWriter(root / "videos" / f"{sample.video_id}.mp4", (64, 64), 8.0) as film:
                for rgb in sample.frames(every):
                    film.write(rgb)
        spans = ",".join(f"{first}:{last}" for first, last in sample.moment.spans)
        names = ",".join(f"object-{target.id}" for target in sample.targets)
        lines.append("\t".join([sample.video_id, names, sample.sentence, spans]))
    (root / "sentences.tsv").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture
def real(environment, tmp_path):
    """Call the benchmark; its table, and results.json."""

    def call(*words, code=0, out="real"):
        where = ["--device", "cpu", "-o", tmp_path / out]
        done = subprocess.run(
            [sys.executable, PROGRAM, *map(str, words), *where],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout, json.loads((tmp_path / out / "results.json").read_text())

    return call


@pytest.fixture
def read(monkeypatch):
    """The reader of a folder of one's own."""
    monkeypatch.syspath_prepend(PROGRAM.parent)
    from real_folder import read

    return lambda root: read(root, "all", refuse)


def test_a_folder_of_ones_own_holds_the_same(mevis, own, read):
    theirs, ours = formats.open("momentworld", mevis, "test"), read(own)
    assert [one.sentence for one in ours] == [one.sentence for one in theirs]
    for a, b in zip(theirs, ours, strict=True):
        assert (b.video_id, b.length, b.size, b.moment) == (a.video_id, 32, (64, 64), a.moment)
        assert np.array_equal(b.masks(range(32)), a.masks(range(32)))
    assert np.array_equal(ours[0].frames([3, 1]), theirs[0].frames([3, 1]))
    film = ours[-1].frames([3, 1, 1]).astype(int)
    assert abs(film - theirs[-1].frames([3, 1, 1])).mean() < 8


def test_names_and_sentences_without_target(own, read, tmp_path):
    root = tmp_path / "some"
    shutil.copytree(own, root)
    first = read(own)[0]
    video, target = first.video_id, first.targets[0].id
    for path in (root / "masks" / video / target).iterdir():
        path.rename(path.with_name(f"{int(path.stem)}.png"))
    (root / "sentences.tsv").write_text(
        f"{video}\t{target}\tthe one\n\n# a remark\n{video}\t-\ta unicorn\n"
        f"{video}\t{target}\tthe one that rests\t-\n{video}\t{target}\tnow\t0s-0.5s, 20:22\n"
    )
    one, none, never, now = read(root)
    assert np.array_equal(one.masks(range(32))[0], first.masks(range(32))[0])
    assert (one.timed, none.timed, never.timed, now.timed) == (False, True, True, True)
    assert none.targets == () and none.kind == "none"
    assert not never.moment
    assert now.moment.frames()[-3:] == [20, 21, 22]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("gone\tobject\tthe dog", "not in"),
        ("{video}\tnobody\tthe dog", "should hold the object's masks"),
        ("{video}\t{target}\tthe dog\tsoon", "has no moment"),
        ("{video}\t../x\tthe dog", "cannot name"),
    ],
)
def test_what_is_broken_fails_when_it_is_asked(own, read, tmp_path, line, said):
    root = tmp_path / "some"
    shutil.copytree(own, root)
    first = read(own)[0]
    line = line.format(video=first.video_id, target=first.targets[0].id)
    (root / "sentences.tsv").write_text(f"{line}\n{first.video_id}\t-\tno dog\n")
    broken, whole = read(root)
    with pytest.raises(DataError, match=said):
        broken.frames([0])
    assert whole.frames([0]).shape == (1, 64, 64, 3)


def test_a_line_of_another_form_is_one_sentence(own, read, tmp_path):
    (tmp_path / "sentences.tsv").write_text("video: the dog\n")
    with pytest.raises(DataError, match="line 1 is not VIDEO, OBJECTS, SENTENCE"):
        read(tmp_path)


@pytest.mark.slow
def test_models_side_by_side_and_again(place, folder, tiny, catalogue, mevis, real, tmp_path):
    place.folder("lab/tiny", folder)
    catalogue(
        {
            "tiny": tiny,
            "lost": {"sources": {"w": tiny["sources"]["weights"] | {"address": "hf:lab/nowhere"}}},
        }
    )
    table, results = real("--models", "tiny", "lost", "--root", mevis, "--yes", code=1)
    assert results["tiny"]["scored"] == 4
    assert results["tiny"]["failed"] == 0
    assert "does not exist" in results["lost"]["error"]
    assert "| lost | failed: " in table
    samples = formats.open("mevis", mevis)
    for video in {one.video_id for one in samples}:
        cost = results["tiny"]["costs"][video]
        assert cost["seconds"] > 0
        assert cost["memory"] > 100 << 20
        assert f"| {video} | 32 | tiny |" in table
    assert f"| {100 * results['tiny']['jf']:.1f} |" in table
    answers = list((tmp_path / "real" / "tiny" / "answers").iterdir())
    kept, sent = [one.read_bytes() for one in answers], dict(place.sent)
    again, same = real("--models", "tiny", "--root", mevis)
    assert same["tiny"] == results["tiny"]
    assert [one.read_bytes() for one in answers] == kept
    assert dict(place.sent) == sent
    assert again.splitlines()[2] == table.splitlines()[2]


@pytest.mark.slow
def test_a_folder_of_ones_own_is_scored_alike_and_a_broken_video_is_a_row(
    folder, mevis, own, real, tmp_path
):
    theirs = {one.sentence: one for one in formats.open("momentworld", mevis, "test")}
    videos = sorted({one.video_id for one in theirs.values()})
    broken = own.parent / "broken"
    shutil.copytree(own, broken)
    with (broken / "sentences.tsv").open("a") as file:
        file.write("ruined\tobject\tthe dog\n")
    shutil.copytree(broken / "videos" / videos[0], broken / "videos" / "ruined")
    pictures = sorted((broken / "videos" / "ruined").iterdir())
    pictures[5].write_bytes(pictures[5].read_bytes()[:300])
    (broken / "masks" / "ruined" / "object").mkdir(parents=True)
    Image.fromarray(np.ones((64, 64), bool)).save(broken / "masks/ruined/object/00000.png")
    table, ours = real("--models", folder, "--root", broken, code=1, out="own")
    result = ours[str(folder)]
    assert result["scored"] == 4
    assert result["failed"] == 1
    assert re.search(r"\| ruined \| 1 \|.*\| 1 of 1: .*00005", table)
    (kept,) = (tmp_path / "own").glob("*tiny/answers/*.jsonl")
    answers = [json.loads(line) for line in kept.read_text().splitlines()]
    scored = [one for one in answers if one["video"] == videos[0]]
    assert scored
    for one in scored:  # as the same masks are by MeViS's own files
        prediction = Prediction.from_json(one["prediction"])
        truth = score(theirs[prediction.sentence], prediction)
        assert (one["scores"]["j"], one["scores"]["f"]) == (truth.j, truth.f)
        assert one["scores"]["tiou"] == truth.tiou
    film = [one for one in result["expressions"] if one["video"] == videos[1]]
    assert all(0 <= one["j"] <= 1 for one in film)


@pytest.mark.slow
def test_a_process_that_is_killed_is_a_row_and_the_next_video_is_asked(
    folder, mevis, environment, tmp_path
):
    command = [sys.executable, PROGRAM, "--models", folder, "--root", mevis, "--device", "cpu"]
    process = subprocess.Popen(
        [str(one) for one in (*command, "-o", tmp_path / "real")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    begun = next(line.strip() for line in process.stderr if line.startswith("  world_"))
    (child,) = _children(process.pid)
    os.kill(child, signal.SIGKILL)
    table, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert re.search(rf"\| {begun} \| 32 \|.*\| [12] of 2: .*was killed", table)
    results = json.loads((tmp_path / "real" / "results.json").read_text())[str(folder)]
    assert results["scored"] >= 2
    done = subprocess.run(
        [str(one) for one in (*command, "-o", tmp_path / "real")],
        capture_output=True,
        env=os.environ | environment,
    )
    assert done.returncode == 0
    results = json.loads((tmp_path / "real" / "results.json").read_text())[str(folder)]
    assert (results["scored"], results["failed"]) == (4, 0)


def _children(parent):
    """Processes that a process has started (Linux)."""
    return list(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()))


PUBLISHED = {
    "IDEA-Research/grounding-dino-tiny": ("detector", "grounding-dino-tiny", "dino"),
    "yonigozlan/EdgeTAM-hf": ("tracker", "edgetam", "edgetam"),
    "google/siglip2-base-patch16-224": ("selector", "siglip2-base", "siglip"),
}


@pytest.mark.slow
def test_a_tracks_model_of_parts_by_name_with_small_weights_of_their_true_classes(
    place, mevis, real, catalogue, tmp_path
):
    kinds = {"detector": "grounding-dino", "tracker": "edgetam", "selector": "similarity"}
    config = {"model_type": "momentvos_tracks", "rate": 2, "keyframe_seconds": 10, "max_tracks": 2}
    sources = {}
    for repository, (role, part, maker) in PUBLISHED.items():
        made = tmp_path / maker
        made.mkdir()
        getattr(checkpoints, maker)(made)
        if not (made / "vocab.txt").exists():
            (made / "vocab.txt").write_text("")
        place.folder(repository, made)
        sources[role] = part
        config[role] = {"kind": kinds[role], "model": repository}
    config["tracker"]["image_size"] = 64
    catalogue({"ours": {"system": "tracks", "sources": sources, "config": config}})
    table, results = real("--models", "ours", "--root", mevis, "--videos", "1", "--yes")
    assert (results["ours"]["scored"], results["ours"]["failed"]) == (2, 0)
    assert "| 32 | ours |" in table
    parts = {path.name for path in (tmp_path / "home" / "parts").iterdir()}
    assert parts == {f"{repository.replace('/', '--')}@main" for repository in PUBLISHED}
