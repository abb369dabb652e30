"""Ref-DAVIS17 on disk: as published, or in Ref-YouTube-VOS's layout.

    DAVIS/ImageSets/2017/{train,val}.txt                    names of videos
    DAVIS/JPEGImages/480p/<video>/<frame>.jpg
    DAVIS/Annotations_unsupervised/480p/<video>/<frame>.png palette PNG; 255 is void
    davis_text_annotations/Davis17_annot{1,2}{,_full_video}.txt    lines: video object "sentence"

or, converted (ReferFormer, ``convert_davis_to_ytvos.py``), ``meta_expressions/<split>/`` and
``<split>/{JPEGImages,Annotations}`` as in `momentvos.data.formats.ytvos`.

An expression's id is 4 x o + a: o counts the video's objects, a is the annotator: 0 and 1 are the
first's sentences from the first frame and from the whole video, 2 and 3 the second's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from momentvos.data.formats import ytvos
from momentvos.data.formats.entry import BrokenEntry, Entry, Report, read_text, refuse
from momentvos.data.formats.frame_samples import LabelSample

FPS = 24.0
ANNOTATORS = 4
_TEXTS = (
    ("Davis17_annot1.txt", "utf-8"),
    ("Davis17_annot1_full_video.txt", "utf-8"),
    ("Davis17_annot2.txt", "latin-1"),
    ("Davis17_annot2_full_video.txt", "latin-1"),
)
_MISSPELT = {"clasic-car": "classic-car", "dog-scale": "dogs-scale", "motor-bike": "motorbike"}
_LINE = re.compile(r'(\S+)\s+(\d{1,3})\s+"(.*)"')


def read(root: Path, split: str = "valid", report: Report = refuse) -> list[LabelSample]:
    """Read every expression of a split. Raises DataError, or passes broken entries to `report`."""
    if (converted := ytvos.index(root, split)).exists():
        return list(ytvos.read_index(converted, root / split, FPS, report))
    return list(_published(root, split, report))


def annotator(sample: LabelSample) -> int:
    """Number of the annotation among the four of its object, 0 to 3."""
    return int(sample.expression_id) % ANNOTATORS


def _published(root: Path, split: str, report: Report) -> Iterator[LabelSample]:
    base = root / "DAVIS" if (root / "DAVIS").is_dir() else root
    listed = base / "ImageSets" / "2017" / ("val.txt" if split == "valid" else f"{split}.txt")
    videos = [line.strip() for line in read_text(listed).splitlines() if line.strip()]
    texts = [_texts(root / "davis_text_annotations" / name, code, report) for name, code in _TEXTS]
    for video in videos:
        try:
            Entry(listed, video, video).name()
            folder = base / "JPEGImages" / "480p" / video
            frames = tuple(sorted(one.stem for one in _listed(folder) if one.suffix == ".jpg"))
            if not frames:
                raise BrokenEntry(folder, "", "holds no frames")
        except BrokenEntry as broken:
            report(broken)
            continue
        for a, by_video in enumerate(texts):
            path = root / "davis_text_annotations" / _TEXTS[a][0]
            if len(by_video[video]) != len(texts[0][video]) or not by_video[video]:
                count = (
                    f"has {len(by_video[video])} sentences, annotator 0 has {len(texts[0][video])}"
                )
                report(BrokenEntry(path, video, count))
        images = ytvos.paths(folder, frames, "jpg")
        labels = ytvos.paths(base / "Annotations_unsupervised" / "480p" / video, frames, "png")
        for o, lines in enumerate(zip(*(by_video[video] for by_video in texts), strict=False)):
            for a, (label, sentence) in enumerate(lines):
                names = video, str(ANNOTATORS * o + a)
                yield ytvos.labelled(names, sentence, images, labels, label, FPS)


def _texts(path: Path, encoding: str, report: Report) -> dict[str, list[tuple[str, str]]]:
    """Label and sentence of each object, by video, sorted by the label as text."""
    by_video: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for number, line in enumerate(read_text(path, [encoding]).splitlines(), start=1):
        if not line.strip():
            continue
        place = f"line {number}"
        match = _LINE.fullmatch(" ".join(line.split()))
        if match is None:
            report(BrokenEntry(path, place, 'is not of the form: video object "sentence"'))
            continue
        video, label = _MISSPELT.get(match[1], match[1]), match[2]
        if label in (known for known, _ in by_video[video]):
            report(BrokenEntry(path, place, f"describes object {label} of {video} again"))
            continue
        by_video[video].append((label, match[3]))
    return defaultdict(list, {video: sorted(lines) for video, lines in by_video.items()})


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        raise BrokenEntry(folder, "", "is missing") from None
