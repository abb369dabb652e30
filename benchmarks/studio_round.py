"""A round of annotation from videos to training: the loop that MeViS-M was made for.

MomentWorld's videos are imported without their moments and given to two scripted annotators, who
mark them through the studio's page with small human errors (benchmarks/studio_people.py); a
scripted reviewer decides, side by side, where they disagree; `momentvos studio export` writes
MeViS-M, and `momentvos train tgl/studio` trains TGL's moment-aware sampling on it. The clips of
that training are drawn once more, and compared with the spans that the studio has.

python benchmarks/studio_round.py [--videos 10] [--steps 40] [-o FOLDER]

Prints figures as JSON; with -o the data set and the run stay there.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean

from studio_people import (
    ANNOTATORS,
    Annotator,
    Moments,
    add_accounts,
    against,
    chromium,
    decide,
    fetch,
    load,
    login,
    moments,
    serve,
)

from momentvos.data.world.write import write
from momentvos.moment import Moment
from momentvos.server.database import Database
from momentvos.server.settings import Settings
from momentvos.studio.imports.read import read
from momentvos.studio.projects import Projects
from momentvos.studio.schema import migrate
from momentvos.training import recipe as recipes
from momentvos.training.build import sources

Truth = dict[tuple[str, str], Moments]


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        folder = options.out or Path(name)
        data = folder / "server"
        data.mkdir(parents=True)
        world = write(folder / "world", "train", options.videos, size=128)
        truth = moments(world)
        project = _import(data, world)
        with serve(data) as url, chromium() as browser:
            row = {"load": load(), "videos": options.videos, "expressions": len(truth)}
            row |= _annotate(browser, url, project, truth)
        row |= _export(data, folder / "mevis-m", truth)
        row |= _train(folder, options.steps, truth)
    print(json.dumps(row, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=10)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("-o", "--out", type=Path)
    return parser.parse_args()


def _import(data: Path, world: Path) -> int:
    database = Database(Settings(data).url)
    migrate(database.engine)
    add_accounts(database)
    projects = Projects(database)
    number = projects.add("world", read(world, None, None, None), "ada", wanted=2)
    projects.share(number, ANNOTATORS, "ada", each=2, blank=True)
    database.close()
    return number


def _annotate(browser, url: str, project: int, truth: Truth) -> dict:
    people = [Annotator(login(browser, url, name), name) for name in ANNOTATORS]
    start = time.perf_counter()
    for one in people:
        one.work(project, truth)
    seconds = time.perf_counter() - start
    reviewer = login(browser, url, "rae")
    path = f"/api/studio/projects/{project}"
    before = fetch(reviewer, path)["counts"]
    decided = decide(reviewer, project, truth)
    spans, keys = sum(one.spans for one in people), sum(one.keys for one in people)
    agreement = fetch(reviewer, f"{path}/agreement")
    return {
        "spans": spans,
        "keys a span": round(keys / max(spans, 1), 2),
        "spans a minute, by a script": round(60 * spans / seconds, 1),
        "seconds an expression, by a script": round(mean(people[0].seconds + people[1].seconds), 2),
        "seconds until it is open": round(mean(people[0].opening + people[1].opening), 2),
        "after two annotators": before,
        "decided by the reviewer": len(decided),
        "seconds a decision, by a script": round(mean(decided or [0.0]), 2),
        "after the reviewer": fetch(reviewer, path)["counts"],
        "agreement": {name: agreement[name] for name in ("expressions", "tiou", "alpha")},
    }


def _export(data: Path, out: Path, truth: Truth) -> dict:
    _momentvos("studio", "export", "world", out, "--images", "--data", data)
    return {"export against the truth": against(truth, out)}


def _train(folder: Path, steps: int, truth: Truth) -> dict:
    """Train on the export, and look at what the training has seen."""
    data, run = folder / "mevis-m", folder / "run"
    changes = {"stages.0.data.root": data, "stages.0.steps": steps, "logging.every": 1}
    settings = [word for key, one in changes.items() for word in ("--set", f"{key}={one}")]
    start = time.perf_counter()
    _momentvos("train", "tgl/studio", *settings, "-o", run)
    seconds = time.perf_counter() - start
    lines = [json.loads(one) for one in (run / "log.jsonl").read_text().splitlines()]
    losses = [one["loss"] for one in lines if one.get("group") == "train" and "loss" in one]
    part = max(len(losses) // 6, 1)
    return {
        "training": {
            "steps": len(losses),
            "seconds": round(seconds),
            "loss of the first sixth": round(mean(losses[:part]), 3),
            "loss of the last sixth": round(mean(losses[-part:]), 3),
        },
        "clips": _clips(run / "recipe.json", moments(data), truth, steps),
    }


def _clips(recipe: Path, studio: Truth, truth: Truth, steps: int) -> dict:
    """The clips of a run, drawn again: batch n depends on the seed and on n alone.

    as in the studio: clips whose frames are in and out of the moment as the studio's spans say.
    as in truth: the same of MomentWorld's own, which the studio never saw.
    """
    loaded = recipes.load(recipe)
    source = sources(loaded)(loaded.stages[0])
    index = json.loads((Path(loaded.stages[0].data.root) / "meta_expressions.json").read_text())
    names: dict[str, list[tuple[str, str]]] = {}
    for video, entry in index["videos"].items():
        for name, one in entry["expressions"].items():
            names.setdefault(" ".join(one["exp"].split()), []).append((video, name))
    seen, as_studio, as_truth, inside, frames = 0, 0, 0, 0, 0
    for number in range(steps):
        batch = source.batch(number)
        for query, sentence in enumerate(batch.sentences):
            indices = batch.indices[int(batch.video[query])].tolist()
            flags, keys = batch.moment[query].tolist(), names[sentence]
            seen += 1
            as_studio += any(_flags(studio[key], indices) == flags for key in keys)
            as_truth += any(_flags(truth[key], indices) == flags for key in keys)
            inside, frames = inside + sum(flags), frames + len(flags)
    return {
        "drawn": seen,
        "as in the studio": as_studio,
        "as in truth": as_truth,
        "frames in the moment": round(inside / frames, 2),
    }


def _flags(moments_: Moments, indices: list[int]) -> list[bool]:
    spans = [Moment(one) for one in moments_.values()]
    return [any(index in one for one in spans) for index in indices]


def _momentvos(*words: object) -> None:
    command = [sys.executable, "-m", "momentvos", *map(str, words)]
    subprocess.run(command, check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
