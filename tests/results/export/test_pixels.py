"""Mattes, alpha and cutouts: what was written, opened again."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image
from tests.results.export.conftest import SIZE, disc

from momentvos.errors import OutputError, VideoError
from momentvos.media import Video
from momentvos.results.export import Options, export
from momentvos.results.export.soft_mask import SoftMask


def decoded(path, form, decoder=None):
    """Arrays and start times of a file's frames."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context if decoder is None else av.CodecContext.create(decoder, "r")
        frames = []
        for packet in container.demux(stream):
            for frame in codec.decode(packet if packet.dts is not None else None):
                time = None if frame.pts is None else float(frame.pts * stream.time_base)
                frames.append((frame.to_ndarray(format=form) if form else frame, time))
        return frames


@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_matte_is_the_masks_bit_by_bit(prediction, video, tmp_path, suffix):
    written = export(prediction, "matte", tmp_path / f"m{suffix}")
    assert written.paths == (tmp_path / f"m{suffix}",)
    frames = decoded(written.paths[0], "gray")
    assert len(frames) == len(video)
    for index, (grey, time) in enumerate(frames):
        assert np.array_equal(grey, prediction.masklet.get(index) * np.uint8(255))
        assert time == pytest.approx(video.times[index], abs=1e-6 if suffix == ".mov" else 1e-3)
    with av.open(str(written.paths[0])) as container:
        assert not container.streams.audio


def test_matte_has_the_times_of_a_variable_rate(make, write_video, tmp_path):
    times = [0.0, 0.1, 0.4, 0.45, 1.2]
    clip = write_video("vfr.mp4", length=5, times=times, last=0.3, time_base=Fraction(1, 1000))
    one = make(clip, masks={2: disc(2)}, spans=((2, 2),))
    export(one, "matte", tmp_path / "m.mov")
    matte = Video.open(tmp_path / "m.mov")
    assert matte.times == clip.times
    assert matte.duration == pytest.approx(clip.duration)


@pytest.mark.parametrize("size", [(33, 47), (16, 16), (1, 1)])
@pytest.mark.parametrize("name", ["matte", "alpha", "alpha-webm"])
def test_any_size_and_a_single_frame(make, tmp_path, size, name):
    Image.fromarray(np.full((*size, 3), 90, np.uint8)).save(tmp_path / "one.png")
    still = Video.open(tmp_path / "one.png")
    mask = np.zeros(size, bool)
    mask[: max(size[0] // 2, 1)] = True
    one = make(still, masks={0: mask}, spans=((0, 0),))
    (path,) = export(one, name, tmp_path / "out").paths
    with av.open(str(path)) as container:
        (frame,) = container.decode(video=0)
        assert (frame.height, frame.width) == size


def test_alpha_of_prores_is_the_mask_and_colours_stay(prediction, video, tmp_path):
    (path,) = export(prediction, "alpha", tmp_path / "a.mov").paths
    frames = decoded(path, None)
    for (frame, time), source in zip(frames, video.frames(), strict=True):
        assert frame.format.name.startswith("yuva444p")
        assert time == pytest.approx(source.time)
        rgba = frame.reformat(format="rgba").to_ndarray()
        mask = prediction.masklet.get(source.index)
        assert np.array_equal(rgba[..., 3], mask * np.uint8(255))
        # Straight alpha: colours are those of the source, inside and outside of the object.
        assert np.abs(rgba[..., :3].astype(int) - source.rgb).mean() < 4


def test_soft_alpha_of_prores_keeps_every_level(prediction, tmp_path):
    options = Options(feather=6, grow=1)
    (path,) = export(prediction, "alpha", tmp_path / "a.mov", options).paths
    alpha = decoded(path, "rgba")[3][0][..., 3]
    wanted = SoftMask(6, 1).opacity(prediction.masklet.get(3))
    assert len(np.unique(wanted)) > 10
    assert np.abs(alpha.astype(int) - wanted).max() <= 1


def test_alpha_of_vp9(prediction, tmp_path):
    (path,) = export(prediction, "alpha-webm", tmp_path / "a.webm").paths
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name in ("vp9", "libvpx-vp9")
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        frames = [one for packet in container.demux(video=0) for one in decoder.decode(packet)]
    assert len(frames) == prediction.video.length
    for index, frame in enumerate(frames):
        assert frame.format.name == "yuva420p"
        alpha = frame.reformat(format="rgba").to_ndarray()[..., 3]
        mask = prediction.masklet.get(index)
        assert ((alpha > 127) == mask).mean() > 0.99


def test_a_timecode_goes_on(make, tmp_path):
    path = tmp_path / "tc.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.metadata["timecode"] = "01:02:03:04"
        for _ in range(3):
            rgb = np.full((48, 64, 3), 90, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    one = make(Video.open(path), masks={1: disc(0)}, spans=((1, 1),))
    for name in ("matte", "alpha"):
        (made,) = export(one, name, tmp_path / f"{name}.mov").paths
        with av.open(str(made)) as container:
            owners = [container, *container.streams.video, *container.streams.data]
            assert "01:02:03:04" in [owner.metadata.get("timecode") for owner in owners]


def test_cutout_pictures(prediction, video, folder):
    export(prediction, "cutout", folder)
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [f"{frame:05d}.png" for frame in range(len(video))]
    for file, frame in zip(files, video.frames(), strict=True):
        rgba = np.asarray(Image.open(file))
        mask = prediction.masklet.get(frame.index)
        assert np.array_equal(rgba[..., 3], mask * np.uint8(255))
        assert np.array_equal(rgba[..., :3][mask], frame.rgb[mask])
        assert not rgba[..., :3][~mask].any()


def test_cutout_on_a_colour(prediction, video, folder, tmp_path):
    export(prediction, "cutout", folder, Options(background="#0000ff"))
    picture = np.asarray(Image.open(folder / "00003.png"))
    mask = prediction.masklet.get(3)
    assert (picture[~mask] == (0, 0, 255)).all() and picture.shape == (*SIZE, 3)
    export(prediction, "cutout", tmp_path / "c.mp4", Options(background="white"))
    clip = Video.open(tmp_path / "c.mp4")
    assert clip.times == video.times
    rgb = next(clip.read([3])).rgb
    assert rgb[0, 0].min() > 245
    with pytest.raises(OutputError, match="'no such' is no colour"):
        export(prediction, "cutout", tmp_path / "d.mp4", Options(background="no such"))
    assert not (tmp_path / "d.mp4").exists()


def test_moment_only_empties_the_rest(prediction, tmp_path):
    export(prediction, "matte", tmp_path / "m.mov", Options(moment_only=True))
    seen = [bool(grey.any()) for grey, _ in decoded(tmp_path / "m.mov", "gray")]
    assert seen == [2 <= frame <= 5 for frame in range(8)]


def test_what_is_not_found_is_black(nothing, tmp_path):
    export(nothing, "matte", tmp_path / "m.mov")
    assert not any(grey.any() for grey, _ in decoded(tmp_path / "m.mov", "gray"))


def test_a_lost_video(prediction, tmp_path):
    moved = tmp_path / "moved" / "clip.mp4"
    moved.parent.mkdir()
    source = tmp_path / "clip.mp4"
    source.rename(moved)
    for name in ("alpha", "cutout"):
        with pytest.raises(VideoError, match=r"is gone.*--video"):
            export(prediction, name, tmp_path / name)
    (note,) = export(prediction, "matte", tmp_path / "m.mov").notes
    assert "timed evenly at 8 a second" in note
    assert Video.open(tmp_path / "m.mov").times == [frame / 8 for frame in range(8)]
    for place in (moved, moved.parent):
        assert not export(prediction, "alpha", tmp_path / "a.mov", Options(place)).notes


def test_another_video_is_refused(prediction, write_video, tmp_path):
    write_video("longer.mp4", length=9)
    with pytest.raises(VideoError, match="is not the video of this prediction: it has 9 frames"):
        export(prediction, "alpha", tmp_path / "a.mov", Options(tmp_path / "longer.mp4"))


def test_a_video_read_at_another_rate(make, write_video, tmp_path):
    from momentvos.media import SampledVideo

    clip = SampledVideo(write_video("fast.mp4", length=16, fps=16), 8)
    one = make(clip, masks={2: disc(2)}, spans=((2, 2),))
    assert one.video.length == 8
    export(one, "alpha", tmp_path / "a.mov")
    assert Video.open(tmp_path / "a.mov").times == pytest.approx(clip.times)


@pytest.mark.parametrize("grow", [0, 1, 2.5, 7, 30, -1, -4, -30])
def test_growing_is_by_euclidean_distance(grow):
    mask = disc(0, (40, 60))
    mask[30, 55] = True
    y, x = np.mgrid[:40, :60]
    far = np.full(mask.shape, np.inf)
    for row, column in np.argwhere(~mask if grow < 0 else mask):
        far = np.minimum(far, np.hypot(y - row, x - column))
    wanted = far > 0.5 - grow if grow < 0 else far < 0.5 + grow
    assert np.array_equal(SoftMask(0, grow).opacity(mask) > 0, wanted)


def test_feather_is_a_ramp_around_the_edge():
    mask = np.zeros((9, 40), bool)
    mask[:, :20] = True
    row = SoftMask(feather=8).opacity(mask)[4].astype(int)
    assert row[:16].tolist() == [255] * 16 and not row[24:].any()
    assert np.diff(row).max() <= 0
    assert np.array_equal(row[16:24] + row[16:24][::-1], [255] * 8)
    # The border of the picture is no edge: the object goes on behind it.
    assert (SoftMask(feather=8).opacity(mask)[0] == row).all()
    assert (SoftMask(8, 3).opacity(np.ones((5, 5), bool)) == 255).all()
    assert not SoftMask(8, 3).opacity(np.zeros((5, 5), bool)).any()
    assert not SoftMask(0, -50).opacity(mask[:, :19]).any() or mask[:, :19].all()


@pytest.mark.parametrize(("name", "value"), [("feather", -1), ("feather", 501), ("grow", 1e9)])
def test_bounds_of_options(name, value):
    with pytest.raises(OutputError, match="pixels"):
        Options(**{name: value})
