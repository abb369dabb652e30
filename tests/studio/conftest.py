"""Data sets and databases of the studio's tests."""

import json

import numpy as np
import pytest
from PIL import Image
from tests.page.conftest import visit
from tests.server.conftest import make_clip, model_folder, program

from momentvos.masklet import Masklet

__all__ = ["make_clip", "model_folder", "program", "visit"]


def bar(left, size=(8, 12)):
    """A mask three pixels wide."""
    mask = np.zeros(size, dtype=bool)
    mask[:, left : left + 3] = True
    return mask


def rle(mask):
    """COCO's run-length encoding of a mask."""
    masklet = Masklet(mask.shape)
    masklet.set(0, mask)
    return masklet.rle(0)


def mevis(folder, convention=None, names=("cats", "dogs"), length=6, size=(12, 8)):
    """A data set in MeViS's form: two objects a video; the second moves behind the first.

    size: of its frames, (width, height).
    """
    index, masks = {}, {}
    for number, video in enumerate(names):
        frames = [f"{frame:05d}" for frame in range(length)]
        images = folder / "JPEGImages" / video
        images.mkdir(parents=True)
        for frame, name in enumerate(frames):
            colour = (40 * frame % 256, 10 * number, 0)
            Image.new("RGB", size, colour).save(images / f"{name}.jpg")
        a, b = 2 * number, 2 * number + 1
        bars = [rle(bar(left, size[::-1])) for left in range(10)]
        masks[str(a)] = [bars[frame % 10] for frame in range(length)]
        masks[str(b)] = [None if k == 1 else bars[(9 - k) % 10] for k in range(length)]
        index[video] = {
            "vid_id": 100 + number,
            "expressions": {
                "0": {"exp": "The left one", "obj_id": [0], "anno_id": [a]},
                "1": {"exp": "both", "obj_id": [0, 1], "anno_id": [a, b], "note": "Zoë"},
            },
            "frames": frames,
        }
    masks["77"] = [None, rle(bar(4))]
    document = {"about": "made by a test", "videos": index}
    if convention is not None:
        base, more = convention["index_base"], not convention["inclusive"]
        document["moment_convention"] = convention
        for one in index.values():
            both = one["expressions"]["1"]
            keys = both[convention["key"]]
            spans = [[[base, 1 + base + more], [2 + base, 3 + base + more]], []]
            both["moments"] = dict(zip(map(str, keys), spans, strict=True))
    (folder / "meta_expressions.json").write_text(json.dumps(document, indent=1))
    (folder / "mask_dict.json").write_text(json.dumps(masks))
    return folder


def labels(folder, video="lake"):
    """A data set in the form of Ref-YouTube-VOS, with pictures of labels."""
    frames = ["00000", "00005", "00010"]
    for kind in ("JPEGImages", "Annotations"):
        (folder / "train" / kind / video).mkdir(parents=True)
    for number, name in enumerate(frames):
        Image.new("RGB", (12, 8), (40 * number, 0, 0)).save(
            folder / "train" / "JPEGImages" / video / f"{name}.jpg"
        )
        picture = Image.fromarray((bar(number) + 2 * bar(9)).astype(np.uint8))
        picture.putpalette(list(range(256)) * 3)
        picture.save(folder / "train" / "Annotations" / video / f"{name}.png")
    expressions = {
        "0": {"exp": "a boat", "obj_id": "1"},
        "1": {"exp": "the other boat", "obj_id": "2"},
    }
    meta = folder / "meta_expressions" / "train" / "meta_expressions.json"
    meta.parent.mkdir(parents=True)
    document = {"videos": {video: {"frames": frames, "expressions": expressions}}}
    meta.write_text(json.dumps(document))
    return folder


@pytest.fixture(scope="session")
def data_sets():
    """Writers of small data sets: `data_sets.mevis(folder)`, `data_sets.labels(folder)`."""
    from types import SimpleNamespace

    return SimpleNamespace(mevis=mevis, labels=labels, bar=bar, rle=rle)


class Studio:
    """A studio's parts on one database, without a server."""

    def __init__(self, url):
        from momentvos.server.database import Database
        from momentvos.studio.items import Items
        from momentvos.studio.projects import Projects
        from momentvos.studio.schema import migrate

        self.database = Database(url)
        migrate(self.database.engine)
        self.projects, self.items = Projects(self.database), Items(self.database)

    def load(self, folder, name="p", dataset=None, split=None, **how):
        """Import a folder; the project's id."""
        from momentvos.studio.imports.read import read

        return self.projects.add(name, read(folder, dataset, split, None), "ada", **how)

    def ids(self, project):
        """Ids of a project's expressions, by (video, expression)."""
        from sqlalchemy import select

        from momentvos.studio.tables import ExpressionRow, VideoRow

        with self.database.read() as session:
            rows = session.execute(
                select(VideoRow.name, ExpressionRow.name, ExpressionRow.id)
                .join(VideoRow, VideoRow.id == ExpressionRow.video_id)
                .where(ExpressionRow.project_id == project)
            )
            return {(video, name): number for video, name, number in rows}

    def video(self, project, name):
        """Id of a video of a project."""
        from sqlalchemy import select

        from momentvos.studio.tables import VideoRow

        asked = select(VideoRow.id).where(VideoRow.project_id == project, VideoRow.name == name)
        with self.database.read() as session:
            return session.scalar(asked)

    def status(self, expression):
        """Status and agreement of an expression."""
        from momentvos.studio.tables import ExpressionRow

        with self.database.read() as session:
            row = session.get_one(ExpressionRow, expression)
            return row.status, row.agreement

    def mine(self, expression, author):
        """Id of an author's annotation of an expression."""
        from sqlalchemy import select

        from momentvos.studio.tables import AnnotationRow

        with self.database.read() as session:
            return session.scalar(
                select(AnnotationRow.id).where(
                    AnnotationRow.expression_id == expression, AnnotationRow.author == author
                )
            )

    def database_projects(self):
        """Ids of all projects."""
        from sqlalchemy import select

        from momentvos.studio.tables import ProjectRow

        with self.database.read() as session:
            return list(session.scalars(select(ProjectRow.id)))

    def export(self, project, out, to="mevis-m", **how):
        """Export a project."""
        from momentvos.studio.exports.export import write
        from momentvos.studio.snapshot import take

        return write(take(self.database, project), to, out, **how)

    def say(self, annotation, *changes):
        """Make changes in turn, each of the newest version."""
        for change in changes:
            item = self.items.annotation(annotation)
            item = self.items.change_annotation(annotation, item["version"], change, "ada")
        return item


@pytest.fixture
def studio(tmp_path):
    """A studio on SQLite."""
    pytest.importorskip("sqlalchemy", reason="the extra `web` is not installed")
    made = Studio(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    yield made
    made.database.close()


@pytest.fixture(scope="session")
def studio_at():
    """Open a studio on any database: `studio_at(url)`."""
    return Studio


ROLES = {
    "rita": "reader",
    "bo": "annotator",
    "cy": "annotator",
    "rae": "reviewer",
    "ada": "admin",
}
PASSWORD = "a long enough word"


@pytest.fixture(scope="session")
def people(tmp_path_factory):
    """A server for all tests with an account of each role: people["bo"] calls it as bo."""
    pytest.importorskip("fastapi", reason="the extra `web` is not installed")
    pytest.importorskip("argon2", reason="the extra `web` is not installed")
    from tests.server.conftest import Web, changed, settings_in

    from momentvos.studio.attach import attach

    folder = tmp_path_factory.mktemp("studio")
    library = folder / "library"
    mevis(library / "pets")
    with changed(settings_in(folder), rooms=[attach], library=library) as web:
        for name, role in ROLES.items():
            web.service.accounts.add(name, PASSWORD, role)
        made = {"": web}
        for name in ROLES:
            answer = web.post("/api/login", json={"name": name, "password": PASSWORD})
            one = made[name] = Web(web.url)
            one.headers = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
        yield made
