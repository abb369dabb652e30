"""The benchmarks by name: which data set, which metrics, which server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from momentvos.errors import BenchmarkError
from momentvos.evaluation.places import check_frames, place
from momentvos.suggestion import did_you_mean

if TYPE_CHECKING:
    from momentvos.data.sample import Sample
    from momentvos.evaluation.scenes import WorldSource


@dataclass(frozen=True)
class Layout:
    """How a server wants answers: ``folder/video/expression/frame.png``, each 8 bit grey, 0 or
    255, of the frame's own size; or one line of JSON for every query.

    folder: what the video folders lie in; "" is the root of the zip. about: where it goes. lines:
    name of the file of lines, with {split}; None for masks.
    """

    folder: str
    about: str
    lines: str | None = None

    def files(self, sample: Sample, frames: Sequence[str]) -> list[str]:
        """Path of every frame's picture. Raises BenchmarkError for names that are no folders."""
        folder = PurePosixPath(self.folder) / place(sample)
        check_frames(frames)
        return [str(folder / f"{frame}.png") for frame in frames]


@dataclass(frozen=True)
class Benchmark:
    """A data set (of the same name, see `momentvos.data.formats`) with its protocols.

    protocols: names in `protocols.PROTOCOLS`. masks: whether it is about masks, or only about
    moments. layout: of a submission, None where there is neither a server nor an official program
    that reads one. only: the expressions that the published evaluation asks, by their id; None is
    all. made: whether the package can also make its videos.
    """

    name: str
    about: str
    protocols: tuple[str, ...]
    layout: Layout | None = None
    masks: bool = True
    only: str | None = None
    made: bool = False

    def split(self, split: str | None = None) -> str:
        """The name of the split: by default the one that papers report first."""
        from momentvos.data.formats import dataset

        return split or next(iter(dataset(self.name).splits))

    def videos(
        self, root: Path | WorldSource, split: str | None = None, count: int | None = None
    ) -> list[list[Sample]]:
        """The samples of a split, grouped by video, in the data set's order.

        root: the data set's folder, or scenes to be made. count: only the first so many videos.
        Raises DataError for a split there is not, and for what is missing or broken; BenchmarkError
        for scenes where the benchmark has none.
        """
        from momentvos.data.formats import dataset

        if not isinstance(root, Path):
            if not self.made:
                raise BenchmarkError(f"{self.name} is read from a folder; give its --root.")
            return [list(group) for group in root.videos(self.split(split), count)]
        samples = dataset(self.name).open(root, split)
        samples = [one for one in samples if self.only in (None, one.expression_id)]
        order = {name: row for row, name in enumerate(dict.fromkeys(s.video_id for s in samples))}
        ordered = sorted(samples, key=lambda sample: order[sample.video_id])
        groups = groupby(ordered, key=lambda sample: sample.video_id)
        return [list(group) for _, group in groups][:count]

    @property
    def submission(self) -> Layout:
        """The layout of a submission. Raises BenchmarkError where there is none."""
        if self.layout is None:
            raise BenchmarkError(f"{self.name} takes no submissions; leave out --submit.")
        return self.layout


def frame_names(sample: Sample) -> Sequence[str]:
    """What the data set calls a sample's frames; their numbers where it has no files of them."""
    images = getattr(sample, "images", None)
    if images is not None:
        return [path.stem for path in images]
    return [f"{number:05d}" for number in range(sample.length)]


_REFCOCO = ("refcoco-lisa", "refcoco-precision")
_MEVIS = Layout("", "the MeViS server")

BENCHMARKS = {
    one.name: one
    for one in (
        Benchmark("mevis", "motion expressions", ("mevis",), _MEVIS),
        Benchmark("mevis-v2", "the same, with sentences about nothing", ("mevis-v2",), _MEVIS),
        Benchmark(
            "mevis-m", "MeViS with moments", ("mevis", "qvhighlights", "moments-and-masks"), _MEVIS
        ),
        Benchmark(
            "ref-youtube-vos",
            "YouTube-VOS with sentences",
            ("ref-youtube-vos",),
            Layout("Annotations", "the Ref-YouTube-VOS server"),
        ),
        Benchmark(
            "ref-davis17", "DAVIS 2017 with sentences", ("ref-davis-expr", "ref-davis-classic")
        ),
        Benchmark(
            "revos",
            "sentences that need reasoning",
            ("revos",),
            Layout("", "VISA's eval_revos.py, unpacked"),
        ),
        Benchmark("ref-sav", "long and short sentences about SA-V", ("ref-sav",)),
        Benchmark(
            "long-rvos",
            "videos of a minute and more",
            ("long-rvos",),
            Layout("", "Long-RVOS's eval_long_rvos"),
        ),
        Benchmark(
            "reasonvos",
            "sentences that need reasoning, one object each",
            ("reasonvos",),
            Layout("", "VideoLISA's eval_reason_vos.py"),
        ),
        Benchmark("saco-veval", "instances of noun phrases", ("saco", "mevis-v2")),
        Benchmark("hc-stvg", "a person in films: when, and boxes", ("hc-stvg", "hc-stvg-own")),
        Benchmark("hc-stvg-v2", "the same, second version", ("hc-stvg", "hc-stvg-own")),
        Benchmark("vidstg", "statements and questions: when, and boxes", ("vidstg",)),
        Benchmark("reasonseg", "questions about pictures", ("reasonseg",), only="0"),
        Benchmark("refcoco", "sentences about COCO's pictures", _REFCOCO),
        Benchmark("refcoco+", "the same without words of place", _REFCOCO),
        Benchmark("refcocog", "longer sentences, split by UMD", _REFCOCO),
        Benchmark("refcocog-google", "longer sentences, split by Google", _REFCOCO),
        Benchmark("charades-sta", "when things are done indoors", ("charades-sta",), masks=False),
        Benchmark(
            "activitynet-captions",
            "when things happen in long videos",
            ("activitynet-captions",),
            masks=False,
        ),
        Benchmark(
            "qvhighlights",
            "when, in several windows, and how worth seeing",
            ("qvhighlights", "qvhighlights-hl"),
            Layout("", "moment_detr's standalone_eval", "hl_{split}_submission.jsonl"),
            masks=False,
        ),
        *(
            Benchmark(f"{part}-timelens", f"{title}, corrected by hand", ("timelens",), masks=False)
            for part, title in (
                ("charades", "Charades-STA"),
                ("activitynet", "ActivityNet Captions"),
                ("qvhighlights", "QVHighlights, one window each"),
            )
        ),
        Benchmark(
            "momentworld",
            "MomentWorld, videos that the package makes itself",
            ("mevis-v2", "qvhighlights", "moments-and-masks"),
            Layout("", "programs that score MeViS"),
            made=True,
        ),
    )
}


def benchmark(name: str) -> Benchmark:
    """The benchmark of a name. Raises BenchmarkError where there is none."""
    if name not in BENCHMARKS:
        raise BenchmarkError(
            f"There is no benchmark '{name}'; choose one of {', '.join(sorted(BENCHMARKS))}"
            f"{did_you_mean(name, BENCHMARKS)}"
        )
    return BENCHMARKS[name]
