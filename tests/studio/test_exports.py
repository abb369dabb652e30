"""Round trips of data sets, and what corrections and answers make of them."""

import csv
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from momentvos.data import formats
from momentvos.errors import OutputError
from momentvos.moment import Moment
from momentvos.studio import changes as c

CONVENTIONS = [
    None,
    {"index_base": 0, "inclusive": True, "key": "anno_id"},
    {"index_base": 1, "inclusive": False, "key": "obj_id"},
]


def read(folder):
    return json.loads((folder / "meta_expressions.json").read_text())


def ordered(value):
    """A value whose order of keys counts."""
    if isinstance(value, dict):
        return [(key, ordered(one)) for key, one in value.items()]
    return [ordered(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_what_nobody_changed_comes_back_value_for_value(studio, data_sets, tmp_path, convention):
    source = data_sets.mevis(tmp_path / "in", convention)
    project = studio.load(source)
    studio.export(project, tmp_path / "out")
    assert ordered(read(tmp_path / "out")) == ordered(read(source))
    assert (tmp_path / "out/mask_dict.json").read_bytes() == (
        source / "mask_dict.json"
    ).read_bytes()


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_an_answer_is_read_as_it_was_given(studio, data_sets, tmp_path, convention):
    source = data_sets.mevis(tmp_path / "in", convention)
    project = studio.load(source)
    both = studio.ids(project)["dogs", "1"]
    studio.projects.assign(project, [both], "bo", "ada", blank=True)
    studio.say(
        studio.mine(both, "bo"),
        c.Mark(object="2", span=(1, 2)),
        c.Mark(object="2", span=(4, 5)),
        c.Spans(object="3", spans=[(0, 0)]),
        c.Submit(),
    )
    studio.export(project, tmp_path / "out", images=True)
    samples = {
        (one.video_id, one.expression_id): one for one in formats.open("mevis-m", tmp_path / "out")
    }
    made = samples["dogs", "1"]
    assert [one.moment for one in made.targets] == [
        Moment([(1, 2), (4, 5)]),
        Moment([(0, 0)]),
    ]
    assert np.array_equal(made.masks([3])[1, 0], data_sets.bar(6))
    assert made.frames([5]).shape == (1, 8, 12, 3)
    before, after = read(source)["videos"], read(tmp_path / "out")["videos"]
    assert after["cats"] == before["cats"]
    assert after["dogs"]["expressions"]["1"]["note"] == "Zoë"
    again = studio.load(tmp_path / "out", "again")
    studio.export(again, tmp_path / "twice")
    assert ordered(read(tmp_path / "twice")) == ordered(read(tmp_path / "out"))


def test_objects_are_added_removed_and_exchanged(studio, data_sets, tmp_path):
    project = studio.load(data_sets.mevis(tmp_path / "in"))
    ids = studio.ids(project)
    one = ids["dogs", "0"]
    studio.projects.assign(project, [one, ids["cats", "0"]], "bo", "ada")
    studio.say(
        studio.mine(one, "bo"),
        c.AddObject(object="3", spans=[(2, 4)]),
        c.RemoveObject(object="2"),
        c.Submit(),
    )
    studio.say(studio.mine(ids["cats", "0"], "bo"), c.Unusable(reason="half of it has no mask"))
    dogs = studio.video(project, "dogs")
    swap = c.Swap(first="2", second="3", spans=[(3, 5)])
    studio.items.change_video(dogs, 0, swap, "bo")
    ghost = [data_sets.rle(data_sets.bar(frame + 1))["counts"] for frame in range(6)]
    studio.items.change_video(dogs, 1, c.NewObject(object="ghost"), "bo", masks=ghost)
    notes = studio.export(project, tmp_path / "out", images=True)
    assert notes == ("1 unusable expressions are left out.",)
    index, masks = read(tmp_path / "out"), json.loads((tmp_path / "out/mask_dict.json").read_text())
    assert list(index["videos"]["cats"]["expressions"]) == ["1"]
    entry = index["videos"]["dogs"]["expressions"]["0"]
    assert (entry["obj_id"], entry["anno_id"]) == ([1], [3])
    assert entry["moments"] == {"3": [[2, 4]]}
    before = json.loads((tmp_path / "in/mask_dict.json").read_text())
    assert masks["2"] == before["2"][:3] + before["3"][3:]
    assert masks["3"] == before["3"][:3] + before["2"][3:]
    assert masks["77"] == before["77"]
    assert list(masks)[:-1] == list(before)
    assert [one["counts"] for one in list(masks.values())[-1]] == ghost
    studio.items.change_video(dogs, 2, c.Undo(), "bo")
    studio.items.change_video(dogs, 3, c.Undo(), "bo")
    studio.export(project, tmp_path / "back")
    after = json.loads((tmp_path / "back/mask_dict.json").read_text())
    assert {name: after[name] for name in before} == before
    assert formats.open("mevis-m", tmp_path / "out")[1].masks([4]).shape == (1, 1, 8, 12)


def test_pictures_of_labels_become_a_data_set_in_the_form_of_mevis(studio, data_sets, tmp_path):
    project = studio.load(data_sets.labels(tmp_path / "in"), split="train")
    ids = studio.ids(project)
    studio.projects.share(project, ["bo"], "ada")
    studio.say(studio.mine(ids["lake", "1"], "bo"), c.Mark(object="2", span=(1, 1)), c.Submit())
    studio.export(project, tmp_path / "out", images=True)
    samples = formats.open("mevis-m", tmp_path / "out")
    assert [one.sentence for one in samples] == ["a boat", "the other boat"]
    assert samples[1].moment == Moment([(1, 1)])
    assert samples[0].timed is False
    assert np.array_equal(samples[0].masks([2])[0, 0], data_sets.bar(2))
    assert np.array_equal(samples[1].masks([2])[0, 0], data_sets.bar(9))


def test_tables_lists_and_other_tools(studio, data_sets, tmp_path):
    project = studio.load(data_sets.mevis(tmp_path / "in"))
    both = studio.ids(project)["cats", "1"]
    studio.projects.assign(project, [both], "bo", "ada")
    studio.say(
        studio.mine(both, "bo"),
        c.Spans(object="0", spans=[(0, 1), (3, 3)]),
        c.Spans(object="1", spans=[(2, 5)]),
        c.Submit(),
    )
    studio.export(project, tmp_path / "frames.json", "frames")
    frames = json.loads((tmp_path / "frames.json").read_text())["cats"]["1"]
    assert frames["frames"] == [0, 1, 2, 3, 4, 5]
    assert frames["objects"] == {"0": [0, 1, 3], "1": [2, 3, 4, 5]}
    studio.export(project, tmp_path / "spans.csv", "spans")
    with (tmp_path / "spans.csv").open(newline="") as file:
        rows = [one for one in csv.DictReader(file) if one["state"] == "submitted"]
    assert [(r["object"], r["first_frame"], r["end_seconds"]) for r in rows] == [
        ("0", "0", "0.333333"),
        ("0", "3", "0.666667"),
        ("1", "2", "1.0"),
    ]
    studio.export(project, tmp_path / "elan", "elan")
    files = sorted((tmp_path / "elan").glob("*.eaf"))
    tiers = ET.parse(files[0]).findall("TIER")
    spans = {t.get("TIER_ID"): len(t.findall(".//ALIGNABLE_ANNOTATION")) for t in tiers}
    assert spans["both (0)"] == 2
    assert spans["both (1)"] == 1
    studio.export(project, tmp_path / "fiftyone", "fiftyone")
    shown = json.loads((tmp_path / "fiftyone/samples.json").read_text())["samples"][0]
    supports = [one["support"] for one in shown["moments"]["detections"]]
    assert [1, 2] in supports and [3, 6] in supports


def test_an_unknown_format_and_a_full_folder_are_refused(studio, data_sets, tmp_path):
    project = studio.load(data_sets.mevis(tmp_path / "in"))
    with pytest.raises(OutputError, match="did you mean 'mevis-m'"):
        studio.export(project, tmp_path / "out", "mevis_m")
    with pytest.raises(OutputError, match="already holds something"):
        studio.export(project, tmp_path / "in")
