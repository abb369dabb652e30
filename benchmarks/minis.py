"""The bundled small models side by side on MomentWorld: masks, moments, presence, speed, size.

python benchmarks/minis.py --videos 40 --json outputs/minis.json
python benchmarks/minis.py tgl-mini runs/momentseg-mini/best runs/vrshq-mini/best --videos 40

Every model answers the same expressions of the same unseen scenes. With --questions it also answers
text questions about the same videos, where it can; with --ground its `ground` gives the moment of
each expression: [FIND] of MomentSeg, TAM of TGL, whatever a track selector decides later. With
--no-selection every model has a second row, as published: no track selection, no guided filter.
With --json what is done is kept: the same command goes on where it was stopped, and one with more
--videos evaluates only the new ones.
"""

import argparse
import json
import os
import sys
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from published import row_name

from momentvos.data.world.version import VERSIONS
from momentvos.evaluation.scores import ExpressionScore, WorldScore, join
from momentvos.results.text_file import save_json

COLUMNS = (
    ("J&F", "jf", 100, 1),
    ("± over videos", "jf_error", 100, 1),
    ("J", "j", 100, 1),
    ("F", "f", 100, 1),
    ("J&F in M+", "inside", 100, 1),
    ("tIoU", "tiou", 1, 3),
    ("Top-1", "top1", 100, 1),
    ("found right", "found", 100, 1),
    ("no target refused", "refused", 100, 1),
    ("targets refused", "missed", 100, 1),
    ("frames/s", "speed", 1, 0),
)
SHARD = 2
GUESSED = 400
"""Training scenes from which frequent answers are counted."""
Job = tuple[str, str, int, int, int, str, int, bool, bool, str]
"""Model, split, first video, videos, size, device, questions, `ground` too, track selection,
version of MomentWorld."""
Part = tuple[WorldScore, list[bool], list[bool]]
"""Scores of a few videos; of each text answer about them, and of the best frame that `ground`
gives each expression, whether it was right."""


def main() -> None:
    options = arguments()
    videos = range(options.seed, options.seed + options.videos)
    rows: dict[str, tuple[str, bool]] = {}
    for name in options.models:
        rows[name] = (name, True)
        if options.no_selection:
            rows[row_name(name)] = (name, False)
    jobs = {
        row: [
            (
                name,
                options.split,
                part[0],
                len(part),
                options.size,
                options.device,
                options.questions,
                options.ground,
                selection,
                options.world,
            )
            for part in (videos[at : at + SHARD] for at in range(0, len(videos), SHARD))
        ]
        for row, (name, selection) in rows.items()
    }
    every = [job for part in jobs.values() for job in part]
    kept = options.json and options.json.with_suffix(".parts")
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        if options.afresh:
            kept.unlink(missing_ok=True)
    done = read(kept) if kept else {}
    keys = {job: key(job) for job in every}
    left = [job for job in every if keys[job] not in done]
    with ProcessPoolExecutor(
        options.workers, get_context("spawn"), limit_threads, (options.workers,)
    ) as pool:
        for job, part in zip(left, pool.map(shard, left), strict=True):
            done[keys[job]] = part
            if kept:
                with kept.open("a") as file:
                    file.write(line(keys[job], part))
            count = sum(one in done for one in keys.values())
            print(f"\r{count} of {len(every)} parts", end="", file=sys.stderr, flush=True)
    parts = {row: [done[keys[job]] for job in part] for row, part in jobs.items()}
    replies = {row: [one for part in mine for one in part[1]] for row, mine in parts.items()}
    when = {row: [one for part in mine for one in part[2]] for row, mine in parts.items()}
    print(file=sys.stderr)
    scores = {row: join(part[0] for part in mine) for row, mine in parts.items()}
    sizes = {row: megabytes(name) for row, (name, _) in rows.items()}
    place = f"MomentWorld {options.world} {options.split}"
    print(f"{place}, {options.videos} videos, {options.device}\n")
    further = {
        "Top-1 of `ground`": when if options.ground else {},
        "answers right": replies if options.questions else {},
    }
    print(table(scores, sizes, {head: column for head, column in further.items() if column}))
    if options.questions:
        blind = share(guesses(options.split, videos, options.questions, options.world))
        print(f"\nOf the questions {cell(blind, 100, 1)} % are answered right without the video.")
    if options.json:
        results = {
            name: {
                "megabytes": sizes[name],
                "found_right": found_right(score),
                "answers_right": share(replies[name]),
                "ground_top1": share(when[name]),
                **score.to_json(),
            }
            for name, score in scores.items()
        }
        chosen = {
            key: value for key, value in vars(options).items() if key not in ("json", "afresh")
        }
        save_json(options.json, {**chosen, "cores": os.cpu_count(), "results": results})


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "models", nargs="*", help="names or folders (default: all that are bundled)"
    )
    parser.add_argument("--split", default="test")
    parser.add_argument("--world", default="v1", choices=list(VERSIONS), help="version")
    parser.add_argument("--videos", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0, help="number of the first video")
    parser.add_argument("--size", type=int, default=256, help="height and width in pixels")
    parser.add_argument("--questions", type=int, default=0, help="text questions about each video")
    parser.add_argument("--ground", action="store_true", help="score `ground` by itself too")
    parser.add_argument("--no-selection", action="store_true", help="a row as published too")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--json", type=Path, help="also write every expression's metrics here")
    parser.add_argument("--afresh", action="store_true", help="redo what was done for --json")
    options = parser.parse_args()
    if not options.models:
        from momentvos.hub import known_models

        options.models = [one.name for one in known_models() if one.source == "bundled"]
    return options


def limit_threads(workers: int) -> None:
    import torch

    torch.set_num_threads(max(1, torch.get_num_threads() // workers))


def key(job: Job) -> str:
    """A part's settings and its model's weights, so that changed models are evaluated again."""
    from momentvos.evaluation.manifest import weights

    *settings, selection, world = job
    further = [*([] if selection else ["as published"]), *([] if world == "v1" else [world])]
    return json.dumps([weights(job[0]), *settings, *further])


def line(name: str, part: Part) -> str:
    score, replies, when = part
    rows = [asdict(one) for one in score.expressions]
    return "\n" + json.dumps(
        [name, score.expected, score.frames, score.seconds, rows, replies, when]
    )


def read(path: Path) -> dict[str, Part]:
    """Parts that are done; a line that a kill cut off is not."""
    done = {}
    for text in path.read_text().splitlines() if path.is_file() else []:
        with suppress(ValueError):
            name, expected, frames, seconds, rows, replies, when = json.loads(text)
            expressions = tuple(ExpressionScore(**row) for row in rows)
            done[name] = (WorldScore(expressions, expected, frames, seconds), replies, when)
    return done


def shard(job: Job) -> Part:
    from momentvos.evaluation.world import evaluate_world

    name, split, seed, videos, size, device, questions, ground, selection, world = job
    model, options = load(name, device), {} if selection else {"selection": False}
    score = evaluate_world(model, split, videos, seed, "model", size, **options, world=world)
    questioned = range(seed, seed + videos) if questions and hasattr(model, "ask") else ()
    replies = [
        right for number in questioned for right in answers(model, split, number, questions, world)
    ]
    numbers = range(seed, seed + videos) if ground else ()
    when = [right for one in numbers for right in moments(model, split, one, size, options, world)]
    return score, replies, when


@cache
def load(name: str, device: str):
    import momentvos
    from momentvos.evaluation.world import evaluate_world

    model = momentvos.load(name, device=device)
    evaluate_world(model, "val", 1, 0, "model", 128)  # warm: the first call is slower
    return model


def answers(
    model, split: str, number: int, count: int, world: str, size: int = 128, **how: bool
) -> list[bool]:
    """Whether each text answer is the true one; how: arguments of `ask`."""
    import numpy as np

    from momentvos.data.world import render, scene
    from momentvos.media.arrays import ArrayVideo

    made = scene(number, split, world)
    video = ArrayVideo(np.asarray(render(made, range(made.length), size)[0]), made.fps)
    pairs = turns(split, number, count, world)
    said = model.ask(video, [question for question, _ in pairs], **how)
    replies = [one.split("<|")[0] for one in said]
    return [
        reply.strip().lower() == true.lower()
        for reply, (_, true) in zip(replies, pairs, strict=True)
    ]


def turns(split: str, number: int, count: int, world: str) -> list[tuple[str, str]]:
    """Questions about a video whose answers have one wording, and these."""
    import numpy as np

    from momentvos.data.world import scene
    from momentvos.data.world.qa import DOES, qa_pairs

    made = scene(number, split, world)
    open_ended = tuple(text.split("{}")[0] for text in DOES)
    pairs = qa_pairs(np.random.default_rng(number), made, tuple(range(made.length)), count)
    return [turn for turn in pairs if not turn[0].startswith(open_ended)]


def guesses(split: str, videos: range, count: int, world: str) -> list[bool]:
    """Right answers without the video: the most frequent in training for the same first words."""
    often: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for number in range(GUESSED):
        for question, true in turns("train", number, count, world):
            often[tuple(question.split()[:2])][true] += 1
    pairs = [turn for number in videos for turn in turns(split, number, count, world)]
    kinds = [often[tuple(question.split()[:2])].most_common(1) for question, _ in pairs]
    return [bool(kind) and kind[0][0] == true for kind, (_, true) in zip(kinds, pairs, strict=True)]


def moments(model, split: str, number: int, size: int, options: dict, world: str) -> list[bool]:
    """Whether the best frame that `ground` gives each expression with a target lies in its M+."""
    import numpy as np

    from momentvos.data.world import render, scene
    from momentvos.evaluation.moments import top1
    from momentvos.media.arrays import ArrayVideo

    made = scene(number, split, world)
    video = ArrayVideo(np.asarray(render(made, range(made.length), size)[0]), made.fps)
    expressions = [one for one in made.expressions if one.targets]
    return [
        top1(model.ground(video, one.sentence, **options)[0], one.moment) for one in expressions
    ]


def megabytes(name: str) -> float:
    """Size of a model's files, shared ones included, without what only a training goes on with."""
    from momentvos.hub import known_models
    from momentvos.systems.shared_weights import model_files

    paths = {one.name: one.path for one in known_models()}
    folder = Path(paths.get(name) or name)
    files = {one for one in [*folder.rglob("*"), *model_files(folder)] if one.is_file()}
    return sum(one.stat().st_size for one in files if one.stem != "training") / 1e6


def found_right(score: WorldScore) -> float | None:
    """Share of all expressions that were rightly answered as found, or as not found."""
    return share([one.found == one.target for one in score.expressions])


def share(values: list[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def table(
    scores: dict[str, WorldScore],
    sizes: dict[str, float],
    further: dict[str, dict[str, list[bool]]],
) -> str:
    """Markdown, one row a model. further: more columns, of what was right by model."""
    heads = [*(head for head, *_ in COLUMNS), *further, "MB"]
    lines = [["", *heads], ["---", *["---:"] * len(heads)]]
    for name, score in scores.items():
        metrics = {"found": found_right(score), "jf_error": score.jf_error} | score.summary()
        cells = [cell(metrics[field], by, digits) for _, field, by, digits in COLUMNS]
        cells += [cell(share(column[name]), 100, 1) for column in further.values()]
        lines.append([name, *cells, f"{sizes[name]:.1f}"])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(value: float | None, by: float, digits: int) -> str:
    return "-" if value is None else f"{by * value:.{digits}f}"


if __name__ == "__main__":
    main()
