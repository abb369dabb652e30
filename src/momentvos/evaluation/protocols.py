"""Each benchmark's protocol under its own name: what counts, how, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from momentvos.errors import BenchmarkError
from momentvos.evaluation.davis import ObjectScore, davis, ref_davis_classic
from momentvos.evaluation.highlights import Highlights, highlight_metrics, moment_metrics
from momentvos.evaluation.images import Overlap, grefcoco, lisa, refcoco
from momentvos.evaluation.joint import JOINT, moments_and_masks
from momentvos.evaluation.longrvos import TUBE, long_rvos
from momentvos.evaluation.moments import mean, presence
from momentvos.evaluation.phrases import Phrase, saco
from momentvos.evaluation.revos import ENCODINGS, EXTRA, by_type
from momentvos.evaluation.scores import ExpressionScore
from momentvos.evaluation.tubes import Tube, hc_stvg_own, stvg, vidstg
from momentvos.evaluation.windows import Retrieval, retrieval_metrics

Rows = Sequence[ExpressionScore]
Metrics = dict[str, float | None]
Lost = Literal["left out", "zero", "zero by video", "refused"]


@dataclass(frozen=True)
class Protocol:
    """figures: from records to what is reported, 0..1; None where nothing is there to count.

    record: what is counted. lost: what happens to one that was not answered: it is left out of
    the means, counts as J = F = 0, counts so if its whole video was not answered and is else left
    out, or nothing is reported.
    """

    about: str
    record: type
    metrics: Callable[[Sequence[Any]], Mapping[str, float | None]]
    lost: Lost = "left out"


def expressions(rows: Rows) -> Metrics:
    """Mean J, F and J&F over expressions: MeViS, Ref-YouTube-VOS, Ref-DAVIS17 of the MLLM papers.

    An expression without target scores, frame by frame, 1 where nothing is segmented, else 0.
    """
    j, f = mean(row.j for row in rows), mean(row.f for row in rows)
    return {"J": j, "F": f, "J&F": None if j is None or f is None else (j + f) / 2}


def with_presence(rows: Rows) -> Metrics:
    """MeViS v2: the same with N-acc and T-acc, and "final", the mean of J&F and the two.

    Its program is not public; the reported rows of the 8th LSVOS challenge (2026) have this mean.
    """
    shares = presence([row.target for row in rows], [row.found for row in rows])
    metrics = expressions(rows) | {
        "N-acc": shares.no_target_accuracy,
        "T-acc": shares.target_accuracy,
    }
    parts = [metrics[name] for name in ("J&F", "N-acc", "T-acc")]
    return metrics | {"final": None if None in parts else mean(parts)}


def revos(rows: Rows) -> Metrics:
    """ReVOS: J, F and J&F of referring and of reasoning sentences; overall is the mean of the two.

    R and A are overall metrics, by how masks are saved (`revos.ENCODINGS`). "R neg" is R of the
    sentences about nothing, binary. Each is None where no row has it.
    """
    table = by_type(
        [(row.kind, {"J": row.j, "F": row.f, **row.extra}) for row in rows],
        ("referring", "reasoning"),
    )
    metrics = _spread(table)
    for letter in "RA":
        for name in ENCODINGS:
            found = table.get(f"{letter.lower()}_{name}", {})
            metrics[f"{letter} {name}"] = found.get("overall")
    metrics["R neg"] = mean(row.extra.get("r_binary") for row in rows if row.kind == "none")
    return metrics


def ref_sav(rows: Rows) -> Metrics:
    """Ref-SAV: long and short expressions apart, overall their mean (Sa2VA)."""
    return _spread(
        by_type([(row.kind, {"J": row.j, "F": row.f}) for row in rows], ("long", "short"))
    )


def moments(queries: Sequence[Retrieval]) -> Metrics:
    """What papers on moments of MeViS report (TGL Table 6, Chrono): R1@m and mIoU over queries,
    mAP, mAP@0.5 and mAP@0.75 as QVHighlights has them.
    """
    ranked = moment_metrics(queries)
    return {**retrieval_metrics(queries), **{m: ranked[m] for m in ("mAP", "mAP@0.5", "mAP@0.75")}}


def _spread(table: Mapping[str, Mapping[str, float | None]]) -> Metrics:
    return {
        f"{name} {kind}": figure
        for name in ("J", "F", "J&F")
        for kind, figure in table.get(name, {"overall": None}).items()
    }


PROTOCOLS: Mapping[str, Protocol] = {
    "mevis": Protocol("mean over expressions", ExpressionScore, expressions, "zero by video"),
    "mevis-v2": Protocol(
        "mean over expressions, with N-acc and T-acc",
        ExpressionScore,
        with_presence,
        "zero by video",
    ),
    "ref-youtube-vos": Protocol(
        "mean over expressions; the server's program is not public", ExpressionScore, expressions
    ),
    "ref-davis-expr": Protocol(
        "Ref-DAVIS17 as MLLM papers have it: mean over expressions",
        ExpressionScore,
        expressions,
        "zero by video",
    ),
    "ref-davis-classic": Protocol(
        "Ref-DAVIS17 by annotator: objects of merged label maps, as davis-unsup",
        ObjectScore,
        ref_davis_classic,
        "refused",
    ),
    "davis-unsup": Protocol("mean over objects, best pairing", ObjectScore, davis, "refused"),
    "davis-semi": Protocol("mean over objects, by label", ObjectScore, davis, "refused"),
    "reasonvos": Protocol("mean over expressions", ExpressionScore, expressions),
    "revos": Protocol("mean over two types of sentences", ExpressionScore, revos, "zero"),
    "long-rvos": Protocol(
        "mean over expressions, with tIoU and vIoU of the frames with masks",
        ExpressionScore,
        long_rvos,
        "zero by video",
    ),
    "moments-and-masks": Protocol(
        "one figure for moment, masks and presence (M&M)",
        ExpressionScore,
        moments_and_masks,
        "zero",
    ),
    "ref-sav": Protocol("mean over long and short sentences", ExpressionScore, ref_sav, "zero"),
    "reasonseg": Protocol("gIoU and cIoU of LISA's meters", Overlap, lisa, "zero"),
    "refcoco-lisa": Protocol("gIoU and cIoU of LISA's meters", Overlap, lisa, "zero"),
    "refcoco-precision": Protocol("oIoU, mIoU and P@m by sentence", Overlap, refcoco, "zero"),
    "grefcoco-rela": Protocol("gIoU, cIoU, N-acc and T-acc", Overlap, grefcoco, "zero"),
    "moments": Protocol("R1@m, mIoU and mAP by query", Retrieval, moments, "zero"),
    "charades-sta": Protocol("R1@m and mIoU by query", Retrieval, retrieval_metrics, "zero"),
    "activitynet-captions": Protocol(
        "R1@m and mIoU by query", Retrieval, retrieval_metrics, "zero"
    ),
    "timelens": Protocol("R1@m and mIoU by query", Retrieval, retrieval_metrics, "zero"),
    "hc-stvg": Protocol("TubeDETR's evaluator: 5 frames a second", Tube, stvg, "refused"),
    "hc-stvg-own": Protocol("the authors' program: every frame", Tube, hc_stvg_own, "zero"),
    "vidstg": Protocol("TubeDETR's evaluator, by form of sentence", Tube, vidstg, "refused"),
    "saco": Protocol("cgF1 and pHOTA of SAM 3's program", Phrase, saco, "zero"),
    "qvhighlights": Protocol("mAP and R1@m by query", Retrieval, moment_metrics, "zero"),
    "qvhighlights-hl": Protocol("highlights by rater", Highlights, highlight_metrics, "refused"),
}
"""By name. The metrics of Ref-DAVIS17's two do not compare with each other."""


def protocol_metrics(name: str, rows: Sequence[Any], lost: Sequence[Any] = ()) -> Metrics:
    """The protocol's metrics, 0..1, with "scored" and "expected", the counts behind them.

    rows: records of its kind. lost: records of what has no usable answer, which count as the
    protocol says; what they say of an answer is ignored for an `ExpressionScore`, others are to
    say that there is none. Without any row every metric is None: a miss is no score. Raises
    KeyError for an unknown name, BenchmarkError where the protocol wants an answer to everything.
    """
    protocol = PROTOCOLS[name]
    expected = len(rows) + len(lost)
    if protocol.lost == "refused" and lost:
        raise BenchmarkError(
            f"{name} needs an answer to everything; {len(lost)} of {expected} are missing."
        )
    zeros: list[Any] = []
    if protocol.lost == "zero":
        zeros = list(lost)
    elif protocol.lost == "zero by video":
        answered = {row.video for row in rows}
        zeros = [row for row in lost if row.video not in answered]
    counted = [*rows, *map(_nothing, zeros)] if rows else []
    return {**protocol.metrics(counted), "scored": len(rows), "expected": expected}


def _nothing(record: Any) -> Any:
    if not isinstance(record, ExpressionScore):
        return record
    # Without an answer, neither is a target found nor a sentence about nothing refused.
    extra = dict.fromkeys((*EXTRA, *TUBE, *JOINT), 0.0)
    return replace(record, found=not record.target, j=0.0, f=0.0, inside=0.0, extra=extra)
