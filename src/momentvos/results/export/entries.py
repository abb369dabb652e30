"""The exporters of this package, as entry points name them."""

from __future__ import annotations

from momentvos.results.export.exporter import Exporter

_HOME = "momentvos.results.export."
_EDGES = ("feather", "grow", "moment_only")
_EDITORIAL = (("opentimelineio",), "'momentvos[otio]'")

MATTE = Exporter(
    "grey lossless video, white is the object: luma matte for film editors (.mov or .mkv)",
    _HOME + "matte:write",
    (".mov", ".mkv"),
    "sentence",
    _EDGES,
)
ALPHA = Exporter(
    "ProRes 4444 with the object's opacity as alpha: for film editors (.mov)",
    _HOME + "alpha:write",
    (".mov",),
    "sentence",
    _EDGES,
)
ALPHA_WEBM = Exporter(
    "VP9 with the object's opacity as alpha: for web pages (.webm)",
    _HOME + "alpha:write",
    (".webm",),
    "sentence",
    _EDGES,
)
CUTOUT = Exporter(
    "the object alone: a folder of transparent PNGs, or an .mp4 of it on a colour",
    _HOME + "cutout:write",
    ("", ".mp4"),
    "sentence",
    (*_EDGES, "background"),
    ours=r"\d{5,}\.png",
)
OTIO = Exporter(
    "OpenTimelineIO timeline with a marker per moment: for film editors (.otio, .edl, .xml)",
    _HOME + "otio:write",
    (".otio", ".edl", ".xml"),
    options=("moment_only",),
)
EDL = Exporter(
    "CMX 3600 edit decision list, through OpenTimelineIO (.edl)",
    _HOME + "otio:write",
    (".edl",),
    options=("moment_only",),
    requires=("opentimelineio", "otio_cmx3600_adapter"),
    extra=_EDITORIAL[1],
)
FCPXML = Exporter(
    "Final Cut Pro 7 XML, which Premiere Pro and Resolve read, through OpenTimelineIO (.xml)",
    _HOME + "otio:write",
    (".xml",),
    options=("moment_only",),
    requires=("opentimelineio", "otio_fcp_adapter"),
    extra=_EDITORIAL[1],
)
CSV = Exporter(
    "table with a row per moment, or per frame: for spreadsheets and pandas (.csv)",
    _HOME + "csv:write",
    (".csv",),
    options=("moment_only",),
    choices={"rows": ("moments", "frames")},
)
SRT = Exporter(
    "subtitles that show each sentence while it holds: for any player (.srt)",
    _HOME + "srt:write",
    (".srt",),
    "video",
)
COCO = Exporter(
    "COCO with an image per frame, grouped by video, and a mask per object (.json)",
    _HOME + "coco:write",
    (".json",),
    options=("moment_only", "images"),
)
YTVIS = Exporter(
    "YouTube-VIS: a list of masks per object (.json)",
    _HOME + "ytvis:write",
    (".json",),
    options=("moment_only", "images"),
)
MEVIS = Exporter(
    "MeViS data set: sentences, masks and moments, to train and evaluate on (folder)",
    _HOME + "mevis:write",
    ("",),
    options=("moment_only", "images"),
    ours=r"mask_dict\.json|meta_expressions\.json|JPEGImages(/[^/]+(/\d{5,}\.jpg)?)?",
)
DAVIS = Exporter(
    "palette PNGs, a pixel is its object's number, in Ref-DAVIS's layout (folder)",
    _HOME + "davis:write",
    ("",),
    options=("moment_only", "images"),
    ours=(
        r"valid(/(Annotations|JPEGImages)(/[^/]+(/\d{5,}\.(png|jpg))?)?)?"
        r"|meta_expressions(/valid(/meta_expressions\.json)?)?"
    ),
)
CVAT = Exporter(
    "CVAT for video 1.1: masks, polygons or boxes (.xml)",
    _HOME + "cvat:write",
    (".xml",),
    "video",
    ("moment_only",),
    choices={"shape": ("mask", "polygon", "box")},
)
LABELSTUDIO = Exporter(
    "Label Studio tasks: timeline labels and boxes of videos, masks of images (.json)",
    _HOME + "labelstudio:write",
    (".json",),
    options=("moment_only",),
    choices={"url": ()},
)
FIFTYONE = Exporter(
    "FiftyOne video data set: temporal detections, masks per frame (folder)",
    _HOME + "fiftyone:write",
    ("",),
    options=("moment_only",),
    ours=r"metadata\.json|samples\.json|frames(/[^/]+\.json)?",
)
RERUN = Exporter(
    "Rerun recording: frames, masks, boxes and curves, to look at (.rrd)",
    _HOME + "rerun:write",
    (".rrd",),
    options=("moment_only",),
    requires=("rerun",),
    extra="'momentvos[rerun]'",
)
ELAN = Exporter(
    "ELAN annotations with a tier per sentence: for linguists (.eaf)",
    _HOME + "elan:write",
    (".eaf",),
    "video",
)
