"""Kill `save` onto existing results, at each step or at random times, and look at the folder.

    python benchmarks/kills.py              every step, then 100 random times
    python benchmarks/kills.py --in-place   the same where the folder itself must stay

A step is a call that Python audits (open, rename, link, mkdir, scandir ...) and that touches the
work folder. After each kill the folder must show one complete version, earlier or later, with all
files of others; and the next save must leave nothing behind. Exits with 1 where it does not.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from momentvos import Moment, Prediction
from momentvos.masklet import Masklet
from momentvos.media import Video, VideoWriter
from momentvos.results.folder import save_prediction

SIZE = 48, 64
FOREIGN = {
    "notes.txt": b"mine",
    "masks/mine.txt": b"mine too",
    "masks/more/00001.png": b"by hand",
    "more/deep/prediction.json": b"another one",
}
State = dict[str, bytes]


def prediction(video: Video, sentence: str, length: int) -> Prediction:
    masklet, moment = Masklet(SIZE), Moment([(1, length - 2)])
    for frame in moment.frames():
        mask = np.zeros(SIZE, bool)
        mask[10:20, 4 + frame % 40 : 16 + frame % 40] = True
        masklet.set(frame, mask)
    curve = tuple(float(frame in moment) for frame in range(length))
    seconds = tuple(moment.seconds(video.times, video.durations))
    return Prediction(
        video.facts, sentence, "test", True, 0.9, moment, seconds, curve, curve, masklet
    )


def content(out: Path) -> State:
    """Every file as a reader sees it, but for what is being prepared."""
    return {
        str(Path(at, name).relative_to(out)): Path(at, name).read_bytes()
        for at, folders, files in os.walk(out, followlinks=True)
        if not hidden(Path(at).relative_to(out))
        for name in files
    }


def hidden(path: Path) -> bool:
    return any(part.startswith(".momentvos-") for part in path.parts)


def child(work: Callable[[], None]) -> int:
    """The process id of a child that does some work; decoders never run in the parent."""
    process = os.fork()
    if process:
        return process
    try:
        work()
        os._exit(0)
    except BaseException as error:
        print(f"the child failed: {error!r}", file=sys.stderr, flush=True)
        os._exit(1)


class Trial:
    """A folder with earlier results and files of others, onto which a child process saves."""

    def __init__(self, work: Path, frames: int, in_place: bool) -> None:
        self.work, self.frames, self.in_place = work, frames, in_place
        self.out, self.clip = work / "home" / "out", work / "clip.mp4"
        self.earlier, self.later = work / "earlier", work / "later"
        _, status = os.waitpid(child(self._prepare), 0)
        if status:
            sys.exit("the first results cannot be written")
        for folder in (self.earlier, self.later):
            for name, data in FOREIGN.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
        (self.earlier / "masks" / "99999.png").write_bytes(b"of a longer video")
        self.versions = [content(self.earlier), content(self.later)]

    def _prepare(self) -> None:
        with VideoWriter(self.clip, SIZE, fps=8) as writer:
            for number in range(self.frames):
                writer.write(np.full((*SIZE, 3), 100 + number % 50, np.uint8))
        for folder in (self.earlier, self.later):
            self._save(folder, folder.name)

    def _save(self, folder: Path, sentence: str) -> None:
        video = Video.open(self.clip)
        save_prediction(prediction(video, sentence, self.frames), folder, video)

    def reset(self) -> None:
        shutil.rmtree(self.out.parent, ignore_errors=True)
        shutil.copytree(self.earlier, self.out)

    def save(self, before: Callable[[], None] = lambda: None) -> int:
        """The process id of a child that saves, after it has called `before`."""

        def work() -> None:
            if self.in_place:
                os.chdir(self.out)
            before()
            self._save(Path() if self.in_place else self.out, "later")

        return child(work)

    def judge(self) -> str | None:
        """What is wrong after a kill; None where all is well."""
        found = content(self.out)
        if found not in self.versions:
            return f"{sorted(found)} is no version"
        _, status = os.waitpid(self.save(), 0)
        if status:
            return "the next save failed"
        if content(self.out) != self.versions[1]:
            return "the next save is not whole"
        left = [one for one in self.out.parent.rglob("*") if hidden(one.relative_to(self.work))]
        links = [one for one in self.out.iterdir() if one.is_symlink()]
        return f"{[*left, *links]} are left" if left or links else None


def die_at(step: int, work: Path) -> None:
    """Have this process killed at its `step`-th audited call that names a path in `work`."""
    done = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal done
        if any(str(work) in str(one) or ".momentvos-" in str(one) for one in arguments):
            done += 1
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def every_step(trial: Trial) -> tuple[int, list[str]]:
    faults, step = [], 0
    while True:
        step += 1
        trial.reset()
        _, status = os.waitpid(trial.save(lambda at=step: die_at(at, trial.work)), 0)
        fault = trial.judge()
        if fault is not None:
            faults.append(f"step {step}: {fault}")
        if not os.WIFSIGNALED(status):
            return step - 1, faults


def random_times(trial: Trial, count: int, seed: int) -> tuple[int, list[str]]:
    trial.reset()
    start = time.monotonic()
    os.waitpid(trial.save(), 0)
    whole, chance = time.monotonic() - start, random.Random(seed)
    faults, killed = [], 0
    for number in range(count):
        trial.reset()
        process = trial.save()
        time.sleep(chance.uniform(0, whole))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        killed += os.WIFSIGNALED(status)
        fault = trial.judge()
        if fault is not None:
            faults.append(f"kill {number}: {fault}")
    return killed, faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="kills at random times")
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--in-place", action="store_true")
    asked = parser.parse_args()
    Figure().savefig(io.BytesIO())  # loads what each child would have to load again
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder).resolve(), asked.frames, asked.in_place)
        steps, faults = every_step(trial)
        killed, more = random_times(trial, asked.kills, asked.seed)
    print(f"killed at each of {steps} steps, and {killed} of {asked.kills} times at random")
    for fault in [*faults, *more]:
        print(fault)
    sys.exit(bool(faults or more))


if __name__ == "__main__":
    main()
