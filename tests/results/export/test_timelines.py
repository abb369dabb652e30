"""Timelines and tables: each read by another program's library, or by FFmpeg."""

import csv
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import av
import opentimelineio as otio
import pytest
from pympi.Elan import Eaf
from tests.results.export.conftest import NASTY

from momentvos.errors import OutputError
from momentvos.media import Video
from momentvos.results.export import Options, export
from momentvos.results.export.footage import exact_rate
from momentvos.results.export.otio import editors_rate
from momentvos.results.export.time_text import srt_time, timecode_frames


def cues(path):
    """Subtitles as FFmpeg reads them: start and end in seconds, text."""
    with av.open(str(path)) as container:
        unit = container.streams[0].time_base
        return [
            (float(one.pts * unit), float((one.pts + one.duration) * unit), bytes(one).decode())
            for one in container.demux(subtitles=0)
            if one.pts is not None and one.size
        ]


def test_srt(several, tmp_path):
    one, nasty = several[:2]
    (path,) = export([one, nasty], "srt", tmp_path / "m.srt").paths
    text = 'the "dog" & <cat>;\n=1+1, jumps — 跳 🐕'
    assert cues(path) == [(0.0, 0.125, text), (0.25, 0.75, "the disc"), (0.875, 1.0, text)]


def test_srt_without_a_moment_and_with_odd_text(make, nothing, video, tmp_path):
    (path,) = export(nothing, "srt", tmp_path / "a.srt").paths
    assert path.read_bytes() == b""
    odd = make(video, "\n\n a -->\r\n\r\n b \x07", ((0, 7),), {})
    export(odd, "srt", tmp_path / "b.srt")
    assert cues(tmp_path / "b.srt") == [(0.0, 1.0, "a →\nb")]


def test_srt_by_its_own_library(several, tmp_path):
    srt = pytest.importorskip("srt", reason="srt has no wheel")
    export(several[:2], "srt", tmp_path / "m.srt")
    read = list(srt.parse((tmp_path / "m.srt").read_text(encoding="utf-8")))
    assert [one.content for one in read] == [NASTY, "the disc", NASTY]
    assert read[1].start.total_seconds() == 0.25 and read[1].end.total_seconds() == 0.75


def test_several_videos_are_several_files(several, tmp_path):
    written = export(several, "srt", tmp_path / "subs")
    assert [path.name for path in written.paths] == ["clip.srt", "other-clip.srt"]
    assert cues(written.paths[1]) == [(0.08, 0.16, "the disc")]
    with pytest.raises(OutputError, match="holds one video, but there are 2"):
        export(several, "srt", tmp_path / "all.srt")


def test_elan(several, tmp_path):
    (path,) = export(several[:3], "elan", tmp_path / "m.eaf").paths
    eaf = Eaf(str(path))
    names = list(eaf.get_tier_names())
    assert names == ["the disc", " ".join(NASTY.split()), "the cat"]
    assert eaf.get_annotation_data_for_tier("the disc") == [(250, 750, "the disc")]
    assert sorted(eaf.get_annotation_data_for_tier(names[1])) == [
        (0, 125, NASTY),
        (875, 1000, NASTY),
    ]
    assert eaf.get_annotation_data_for_tier("the cat") == []
    (media,) = eaf.get_linked_files()
    assert media["MEDIA_URL"] == Path(several[0].video.path).as_uri()
    assert media["MIME_TYPE"] == "video/mp4"


def test_csv_of_moments(several, tmp_path):
    (path,) = export(several, "csv", tmp_path / "m.csv").paths
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["video"], row["first_frame"], row["end_seconds"]) for row in rows] == [
        ("clip", "2", "0.75"),
        ("clip", "0", "0.125"),
        ("clip", "7", "1.0"),
        ("clip", "", ""),
        ("other-clip", "2", "0.16"),
    ]
    assert rows[1]["sentence"] == NASTY
    assert [row["found"] for row in rows] == ["true", "true", "true", "false", "true"]


def test_csv_of_frames_without_formulas(make, video, prediction, tmp_path):
    formula = make(video, "=cmd|'/c calc'!A1", ((0, 0),), {})
    options = Options(values={"rows": "frames"}, moment_only=True)
    export([prediction, formula], "csv", tmp_path / "m.csv", options)
    with (tmp_path / "m.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16
    assert rows[8]["sentence"] == "'=cmd|'/c calc'!A1"
    assert [row["in_moment"] for row in rows[:3]] == ["false", "false", "true"]
    assert rows[1]["area"] == "0" and rows[1]["x"] == ""
    mask = prediction.masklet.get(2)
    ys, xs = mask.nonzero()
    assert int(rows[2]["area"]) == mask.sum()
    assert [int(rows[2][key]) for key in ("x", "y", "width", "height")] == [
        xs.min(),
        ys.min(),
        xs.max() - xs.min() + 1,
        ys.max() - ys.min() + 1,
    ]
    assert [float(row["seconds"]) for row in rows[:3]] == [0, 0.125, 0.25]


def frames(marked):
    return marked.start_time.value, marked.duration.value, marked.start_time.rate


def test_otio(several, tmp_path):
    (path,) = export(several, "otio", tmp_path / "m.otio").paths
    timeline = otio.adapters.read_from_file(str(path))
    (track,) = timeline.video_tracks()
    assert not timeline.audio_tracks()
    first, second = track.find_clips()
    assert (first.name, second.name) == ("clip", "other-clip")
    assert first.media_reference.target_url == Path(several[0].video.path).as_uri()
    assert frames(first.available_range()) == (0, 8, 8)
    assert frames(second.source_range) == (0, 5, 25)
    one_line = " ".join(NASTY.split())
    assert [(one.name, *frames(one.marked_range)) for one in first.markers] == [
        (one_line, 0, 1, 8),
        ("the disc", 2, 4, 8),
        (one_line, 7, 1, 8),
    ]
    assert {one.color for one in first.markers} == {"PINK", "CYAN"}
    assert first.markers[0].metadata["momentvos"]["sentence"] == NASTY
    assert timeline.duration().to_seconds() == pytest.approx(1.2)


def test_otio_as_a_rough_cut(several, tmp_path):
    export(several, "otio", tmp_path / "m.otio", Options(moment_only=True))
    timeline = otio.adapters.read_from_file(str(tmp_path / "m.otio"))
    cut = list(timeline.find_clips())
    assert [frames(one.source_range) for one in cut] == [
        (0, 1, 8),
        (2, 4, 8),
        (7, 1, 8),
        (2, 2, 25),
    ]
    assert all(len(one.markers) == 1 for one in cut)


def test_otio_of_nothing(nothing, tmp_path):
    export(nothing, "otio", tmp_path / "m.otio")
    (clip,) = otio.adapters.read_from_file(str(tmp_path / "m.otio")).find_clips()
    assert not clip.markers
    export(nothing, "otio", tmp_path / "n.otio", Options(moment_only=True))
    assert not list(otio.adapters.read_from_file(str(tmp_path / "n.otio")).find_clips())


def film(path, rate=25, length=10, timecode="01:00:00:00", sound=True):
    """A camera's clip: timecode and sound."""
    import numpy as np

    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.metadata["timecode"] = timecode
        audio = out.add_stream("pcm_s16le", rate=8000, layout="mono") if sound else None
        for _ in range(length):
            rgb = np.full((48, 64, 3), 90, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(stream.encode(None))
        if audio is not None:
            quiet = av.AudioFrame.from_ndarray(
                np.zeros((1, 3200), np.int16), format="s16", layout="mono"
            )
            quiet.sample_rate = 8000
            out.mux(audio.encode(quiet))
            out.mux(audio.encode(None))
    return Video.open(path)


def test_timecode_and_sound_of_the_source(make, tmp_path):
    one = make(film(tmp_path / "a.mov"), spans=((5, 6),))
    export(one, "otio", tmp_path / "m.otio")
    timeline = otio.adapters.read_from_file(str(tmp_path / "m.otio"))
    (clip,) = timeline.video_tracks()[0].find_clips()
    assert clip.source_range.start_time.to_timecode() == "01:00:00:00"
    assert clip.markers[0].marked_range.start_time.to_timecode() == "01:00:00:05"
    (sound,) = timeline.audio_tracks()[0].find_clips()
    assert sound.source_range == clip.source_range and not sound.markers


def test_edl(make, tmp_path):
    one = make(film(tmp_path / "a.mov", sound=False), spans=((5, 6),))
    export(one, "otio", tmp_path / "m.edl", Options(moment_only=True))
    text = (tmp_path / "m.edl").read_text()
    assert "01:00:00:05 01:00:00:07 00:00:00:00 00:00:00:02" in text
    (clip,) = otio.adapters.read_from_file(str(tmp_path / "m.edl"), rate=25).find_clips()
    assert clip.source_range.start_time.to_timecode() == "01:00:00:05"
    assert clip.duration().value == 2


def test_an_edl_at_a_rate_that_timecode_has(prediction, tmp_path):
    written = export(prediction, "edl", tmp_path / "m.edl")
    assert "no such frame rates as 8: times are at 24" in written.notes[0]
    (clip,) = otio.adapters.read_from_file(str(tmp_path / "m.edl"), rate=24).find_clips()
    assert clip.duration().value == 24  # one second
    assert "* LOC: 00:00:00:06 PINK" in (tmp_path / "m.edl").read_text()


def test_final_cut_xml(several, tmp_path):
    export(several, "fcpxml", tmp_path / "m.xml")
    root = ET.parse(tmp_path / "m.xml").getroot()
    assert root.tag == "xmeml"
    timeline = otio.adapters.read_from_file(str(tmp_path / "m.xml"), "fcp_xml")
    stacks = timeline if hasattr(timeline, "find_clips") else timeline[0]
    first, second = stacks.find_clips()
    assert [one.marked_range.start_time.to_seconds() for one in first.markers] == [0, 0.25, 0.875]
    assert second.markers[0].name == "the disc"


@pytest.mark.parametrize(
    ("fps", "rate", "editors"),
    [
        (29.97002997, Fraction(30000, 1001), Fraction(30000, 1001)),
        (23.976, Fraction(24000, 1001), Fraction(24000, 1001)),
        (25.0, Fraction(25), Fraction(25)),
        (8.0, Fraction(8), Fraction(24)),
        (15.0, Fraction(15), Fraction(30)),
        (27.35, Fraction(547, 20), Fraction(25)),
        (0.0, Fraction(1), Fraction(24)),
    ],
)
def test_rates(fps, rate, editors):
    assert exact_rate(fps) == rate
    assert editors_rate(rate) == editors


@pytest.mark.parametrize(
    "text", ["01:00:00:00", "10:11:12:13", "01:00:00;00", "00:01:00;02", "23:59:59;29"]
)
def test_timecodes_as_opentimelineio_counts_them(text):
    rate = Fraction(30000, 1001)
    wanted = otio.opentime.from_timecode(text, float(rate)).value
    assert timecode_frames(text, rate) == wanted
    assert timecode_frames("1:2", rate) is None


def test_times_of_srt():
    assert srt_time(0) == "00:00:00,000"
    assert srt_time(3661.9996) == "01:01:02,000"
    assert srt_time(360000.5) == "100:00:00,500"
