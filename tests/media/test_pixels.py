"""Colours of video streams by their labels: matrix, range, HDR."""

from fractions import Fraction

import av
import numpy as np
import pytest

from momentvos.errors import VideoError
from momentvos.media import Video, VideoWriter

MATRICES = {  # Kr and Kb by number in H.273
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}
LIMITED, FULL = 1, 2


def code(rgb, matrix, spread, bits):
    """Y'CbCr (or Y'CgCo) of R'G'B' by H.273."""
    red, green, blue = rgb
    if matrix == 8:
        luma = (red + 2 * green + blue) / 4
        chroma = ((2 * green - red - blue) / 4, (red - blue) / 2)
    else:
        kr, kb = MATRICES[matrix]
        luma = kr * red + (1 - kr - kb) * green + kb * blue
        chroma = ((blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr))
    unit, top = 2 ** (bits - 8), 2**bits - 1
    if spread == FULL:
        return [round(luma * top), *(round(2 ** (bits - 1) + part * top) for part in chroma)]
    return [round((16 + 219 * luma) * unit), *(round((128 + 224 * part) * unit) for part in chroma)]


def write(path, patches, matrix, spread=LIMITED, *, bits=10, transfer=1, primaries=1, lines=32):
    """A lossless film of patches of R'G'B' from 0 to 1, each 8 pixels wide."""
    layout = {8: "yuv444p", 10: "yuv444p10le"}[bits]
    frame = av.VideoFrame(8 * len(patches), lines, layout)
    known = matrix if matrix == 8 or matrix in MATRICES else 1
    codes = np.array([code(patch, known, spread, bits) for patch in patches])
    kind = np.uint8 if bits == 8 else np.uint16
    for plane, values in zip(frame.planes, codes.T, strict=True):
        rows = np.zeros((lines, plane.line_size // kind(0).nbytes), kind)
        rows[:, : 8 * len(patches)] = np.repeat(values, 8)
        plane.update(rows.tobytes())
    with av.open(str(path), "w") as target:
        stream = target.add_stream("ffv1", rate=8)
        stream.width, stream.height, stream.pix_fmt = frame.width, lines, layout
        for labelled in (stream.codec_context, frame):
            labelled.colorspace, labelled.color_range = matrix, spread
            labelled.color_trc, labelled.color_primaries = transfer, primaries
        for number in range(2):
            frame.pts, frame.time_base = number, Fraction(1, 8)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return path


def patches_of(path):
    rgb = next(Video.open(path).frames()).rgb
    return rgb[rgb.shape[0] // 2, 4::8].astype(int)


PATCHES = [(0.8, 0.3, 0.1), (0.1, 0.7, 0.4), (0.2, 0.3, 0.9), (0.5, 0.5, 0.5), (0, 0, 0)]


@pytest.mark.parametrize("matrix", [*MATRICES, 8])
@pytest.mark.parametrize("spread", [LIMITED, FULL])
@pytest.mark.parametrize("bits", [8, 10])
def test_matrices_and_ranges(tmp_path, matrix, spread, bits):
    path = write(tmp_path / "a.mkv", PATCHES, matrix, spread, bits=bits)
    assert np.abs(patches_of(path) - np.array(PATCHES) * 255).max() < 2.1
    assert Video.open(path).notes == []


@pytest.mark.parametrize(("lines", "matrix"), [(32, 6), (720, 1)])
def test_a_matrix_that_is_not_stated_goes_by_the_size(tmp_path, lines, matrix):
    path = write(tmp_path / "a.mkv", PATCHES, matrix, bits=8, lines=lines)
    data = path.read_bytes()
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.colorspace == matrix
    place = data.index(b"\x55\xb1\x81") + 3  # MatrixCoefficients of Matroska
    path.write_bytes(data[:place] + b"\2" + data[place + 1 :])
    assert np.abs(patches_of(path) - np.array(PATCHES) * 255).max() < 2.1


def test_what_cannot_be_converted_is_named(tmp_path):
    with pytest.raises(VideoError, match=r"a\.mkv' has colours of a kind.*BT\.709 first"):
        Video.open(write(tmp_path / "a.mkv", PATCHES, 14))


@pytest.mark.parametrize(
    ("transfer", "values", "expected", "note"),
    [
        (16, (0, 0.5081, 0.5807, 0.7518, 0.9), (0, 189, 230, 255, 255), "HDR (PQ)"),
        (18, (0, 0.5, 0.75, 1.0), (0, 143, 230, 255), "HDR (HLG)"),
        (14, (0, 0.25, 0.5, 1.0), (0, 64, 128, 255), "BT.2020"),
    ],
)
def test_hdr_and_wide_gamut(tmp_path, transfer, values, expected, note):
    path = tmp_path / "hdr.mkv"
    write(path, [(value,) * 3 for value in values], 9, transfer=transfer, primaries=9)
    video = Video.open(path)
    assert len(video.notes) == 1 and video.notes[0].startswith(note)
    assert np.abs(patches_of(path) - np.array(expected)[:, None]).max() <= 1
    overlay = tmp_path / "overlay.mp4"
    with VideoWriter.like(video, overlay) as writer:
        for frame in video.frames():
            writer.write(frame.rgb)
    assert Video.open(overlay).notes == []
    assert np.abs(patches_of(overlay) - np.array(expected)[:, None]).max() <= 8


def test_colours_of_bt2020_look_the_same(tmp_path):
    """BT.709 red, in BT.2020 light (ITU-R BT.2087), is BT.709 red again."""
    red = tuple(np.array([0.6274, 0.0691, 0.0164]) ** (1 / 2.4))
    green = tuple(np.array([0.3293, 0.9195, 0.0880]) ** (1 / 2.4))
    path = write(tmp_path / "wide.mkv", [red, green, (0, 1, 0)], 9, transfer=14, primaries=9)
    got = patches_of(path)
    assert np.abs(got[:2] - [(255, 0, 0), (0, 255, 0)]).max() < 26
    assert np.abs(got[0, 0] - 255) <= 1 and np.abs(got[1, 1] - 255) <= 1
    assert got[2].tolist() == [0, 255, 0]  # more than BT.709 can show


@pytest.mark.parametrize(
    ("params", "peak"),
    [
        ("max-cll=4000,400", 4000),
        (
            "master-display=G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)L(20000000,50)",
            2000,
        ),
        ("hdr10-opt=0", 1000),
    ],
)
def test_the_peak_of_hdr10_is_heeded(tmp_path, params, peak):
    from momentvos.media.colours import Colours, ToSdr

    if "libx265" not in av.codecs_available:
        pytest.skip("this FFmpeg has no libx265")
    grey = np.full((64, 64, 3), round(0.7 * 65535), np.uint16)
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as target:
        # With bframes, x265 never sets the decoding time of a single frame.
        options = {"x265-params": f"log-level=none:crf=4:bframes=0:{params}"}
        stream = target.add_stream("libx265", rate=8, options=options)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p10le"
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace = 16, 9, 9
        frame = av.VideoFrame.from_ndarray(grey, format="rgb48le")
        frame = frame.reformat(format="yuv420p10le", dst_colorspace=9, dst_color_range=LIMITED)
        frame.color_trc, frame.color_primaries = 16, 9
        frame.pts, frame.time_base = 0, Fraction(1, 8)
        target.mux([*stream.encode(frame), *stream.encode(None)])
    rgb = next(Video.open(path).frames()).rgb
    expected = ToSdr(Colours(16, 9, float(peak)))(grey)
    assert np.abs(rgb.astype(int) - expected).max() <= 2
