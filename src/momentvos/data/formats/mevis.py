"""MeViS on disk: v1, v2, MeViS-M with object-wise moments, and MomentWorld.

    <split>/JPEGImages/<video>/<frame>.jpg
    <split>/meta_expressions.json   {"videos": {video: {"frames": [...], "expressions": {id:
        {"exp": text, "obj_id": [...], "anno_id": [...], "moments": {anno_id: [[first, last]]}}}}}}
    <split>/mask_dict.json          {anno_id: [RLE or null, one per frame]}

v2 calls its index ``meta_expressions_v2.json``, or ``meta_expressions_v2_release.json``, and has
expressions without target (``"anno_id": []``). ``valid`` has sentences only.

``moments`` is this project's addition, see `momentvos.data.formats.moments`. An object without an
entry has the whole video as its moment; an empty list means never; one list holds for all objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from momentvos.data.formats.entry import BrokenEntry, Entry, Report, load, refuse
from momentvos.data.formats.frame_samples import RLESample
from momentvos.data.formats.mask_index import MaskIndex
from momentvos.data.formats.moments import Convention
from momentvos.data.sample import Target
from momentvos.moment import Moment

V1 = ("meta_expressions.json",)
V2 = (
    "meta_expressions_v2.json",
    "meta_expressions_v2_release.json",
    "meta_expressions_text_release.json",
)
MASKS, IMAGES = "mask_dict.json", "JPEGImages"


def read(
    root: Path,
    split: str = "train",
    fps: float = 8.0,
    report: Report = refuse,
    names: tuple[str, ...] = V1 + V2,
) -> list[RLESample]:
    """Every expression under `root/split` (or `root`, if it holds the files itself).

    fps: MeViS stores none. names: of the index, the first that is there counts. Raises DataError
    for the first broken entry, or gives it to `report` and leaves its expression out.
    """
    folder = root / split if (root / split).is_dir() else root
    there = [folder / name for name in names if (folder / name).is_file()]
    meta = there[0] if there else folder / names[0]
    return list(read_index(meta, folder / IMAGES, folder / MASKS, fps, report))


@dataclass(frozen=True)
class _Place:
    images: Path
    masks: Path
    mask_index: MaskIndex | None
    convention: Convention
    fps: float
    kinds: dict[int, str]


def read_index(
    meta: Path,
    images: Path,
    masks: Path,
    fps: float,
    report: Report,
    kinds: dict[int, str] | None = None,
) -> Iterator[RLESample]:
    """The expressions of a MeViS-style index. kinds: what its ``type_id`` stand for."""
    index = load(meta)
    if index.get("videos") is None:
        raise index.broken("has no 'videos'; is it a MeViS file?")
    mask_index = MaskIndex(masks) if masks.exists() else None
    place = _Place(images, masks, mask_index, Convention.of(index), fps, kinds or {})
    for name in mask_index.twice if mask_index else ():
        report(BrokenEntry(masks, name, "is there more than once"))
    for video, entry in index["videos"].items():
        try:
            names = [one.name() for one in entry["frames"].each()]
            if not names:
                raise entry["frames"].broken("is empty")
            if len(set(names)) < len(names):
                raise entry["frames"].broken("has a frame more than once")
            paths = tuple(images / Entry(meta, entry.key, video).name() / f"{n}.jpg" for n in names)
            expressions = list(entry["expressions"].items())
        except BrokenEntry as broken:
            report(broken)
            continue
        known = any("anno_id" in one.value for _, one in expressions if isinstance(one.value, dict))
        for number, one in expressions:
            try:
                yield _sample(place, video, number, one, paths, known)
            except BrokenEntry as broken:
                report(broken)


def _sample(
    place: _Place, video: str, number: str, entry: Entry, images: tuple[Path, ...], known: bool
) -> RLESample:
    length = len(images)
    ids = _ids(entry["anno_id"]) if known else []
    for position, one in enumerate(ids):
        if place.mask_index is None:
            raise BrokenEntry(place.masks, "", "is missing, but expressions name its masks")
        if one not in place.mask_index:
            where = Entry(entry.path, f"{entry.key}/anno_id/{position}", one)
            raise where.broken(f"is {one}, which is not in {place.masks.name}")
    spans = entry.get("moments")
    if known:
        targets, timed = _targets(place.convention, entry, ids, spans, length)
    else:
        timed = spans is not None
        moment = place.convention.read(spans, length) if spans else Moment.empty()
        targets = (Target("", moment),) if timed else ()
    kind = entry.get("kind")
    type_id = entry.get("type_id")
    kind_name = kind.text() if kind else place.kinds.get(type_id.whole(), "") if type_id else ""
    return RLESample(
        video_id=video,
        expression_id=Entry(entry.path, entry.key, number).name(),
        sentence=entry["exp"].text(),
        kind=kind_name or ("none" if known and not ids else ""),
        length=length,
        fps=place.fps,
        targets=targets,
        annotated=known,
        timed=timed,
        images=images,
        mask_index=place.mask_index,
    )


def _targets(
    convention: Convention, entry: Entry, ids: list[str], spans: Entry | None, length: int
) -> tuple[tuple[Target, ...], bool]:
    names = ids
    if spans is not None and convention.key == "obj_id":
        names = _ids(entry["obj_id"])
        if len(names) != len(ids):
            raise entry["obj_id"].broken(f"has {len(names)} objects for {len(ids)} masks")
    moments, timed = convention.all(spans, names, length)
    pairs = zip(ids, moments, strict=True)
    return tuple(Target(one, moment) for one, moment in pairs), timed or not ids


def _ids(entry: Entry) -> list[str]:
    ids = []
    for one in entry.each():
        name = one.value if isinstance(one.value, str) else str(one.whole())
        if name in ids:
            raise one.broken(f"is {name}, which is there more than once")
        ids.append(name)
    return ids
