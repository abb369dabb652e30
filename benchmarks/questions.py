"""Questions in words about MomentWorld's videos: how many answers are right, by kind of question.

python benchmarks/questions.py momentseg-mini vrshq-mini --videos 40
python benchmarks/questions.py momentseg-mini --videos 40 --published    # from visual tokens

Beside them stands what is right without a look at the video: the most frequent answer in training
to questions that begin alike. The error is of the mean over videos.
"""

import argparse
from collections import defaultdict
from statistics import stdev

import numpy as np
from minis import answers, guesses, turns

KINDS = {
    "Is there": "whether it is there",
    "Can you": "whether it is there",
    "How many": "how many",
    "What colour": "colour",
    "Which colour": "colour",
    "Which thing": "which thing does it",
    "Does the": "whether it does",
    "Is it": "whether it does",
    "When does": "in which half",
    "In which": "in which half",
    "What is there?": "all that is there",
    "What can": "all that is there",
    "Which things": "all that is there",
}
OTHERS = "which thing does it"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", help="names or folders")
    parser.add_argument("--split", default="test")
    parser.add_argument("--seed", type=int, default=0, help="number of the first video")
    parser.add_argument("--videos", type=int, default=40)
    parser.add_argument("--questions", type=int, default=8, help="about each video, at most")
    parser.add_argument("--world", default="v1", help="version of MomentWorld")
    parser.add_argument("--size", type=int, default=256, help="height and width in pixels")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--published", action="store_true", help="answer as the papers do")
    options = parser.parse_args()
    videos = range(options.seed, options.seed + options.videos)
    asked = {
        number: turns(options.split, number, options.questions, options.world) for number in videos
    }
    where = (options.split, videos, options.questions, options.world)
    rights = {"without a look": split(asked, guesses(*where))}
    for name in options.models:
        rights[name] = answered(name, asked, options)
    place = f"MomentWorld {options.world} {options.split}"
    print(f"{place}, videos {videos[0]} to {videos[-1]}\n")
    kinds = [*dict.fromkeys(KINDS.values())]
    print("|  | right | error |", " | ".join(kinds), "|")
    print("| --- |", " | ".join(["---:"] * (2 + len(kinds))), "|")
    for name, right in rights.items():
        each = [100 * float(np.mean(one)) for one in right.values() if one]
        cells = [by_kind(asked, right, kind) for kind in kinds]
        everything = [one for row in right.values() for one in row]
        error = stdev(each) / len(each) ** 0.5 if len(each) > 1 else float("nan")
        mean = 100 * float(np.mean(everything))
        print(f"| {name} | {mean:.1f} | {error:.1f} |", " | ".join(cells), "|")


def answered(name: str, asked: dict, options: argparse.Namespace) -> dict[int, list[bool]]:
    """By video, whether each answer is the true one."""
    import momentvos

    model = momentvos.load(name, device=options.device)
    how = (options.questions, options.world, options.size)
    return {
        number: answers(model, options.split, number, *how, published=options.published)
        for number in asked
    }


def split(asked: dict, flags: list[bool]) -> dict[int, list[bool]]:
    """A flag of each question, by video."""
    left = iter(flags)
    return {number: [next(left) for _ in pairs] for number, pairs in asked.items()}


def by_kind(asked: dict, right: dict[int, list[bool]], kind: str) -> str:
    found = defaultdict(list)
    for number, pairs in asked.items():
        for (question, _), one in zip(pairs, right[number], strict=True):
            found[kind_of(question)].append(one)
    flags = found[kind]
    return f"{sum(flags)} of {len(flags)}"


def kind_of(question: str) -> str:
    return next((kind for first, kind in KINDS.items() if question.startswith(first)), OTHERS)


if __name__ == "__main__":
    main()
