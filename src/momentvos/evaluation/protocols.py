"""Each benchmark's protocol for masks of whole videos, under its own name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from momentvos.evaluation.moments import mean, presence
from momentvos.evaluation.revos import by_type
from momentvos.evaluation.scores import ExpressionScore

Rows = Sequence[ExpressionScore]
Figures = dict[str, float | None]


@dataclass(frozen=True)
class Protocol:
    """figures: of the rows that were scored, 0..1. zeros: an expression that has no answer counts
    as J = F = 0; else it is missing from the mean, and the counts say so.
    """

    about: str
    figures: Callable[[Rows], Figures]
    zeros: bool = False


def expressions(rows: Rows) -> Figures:
    """Mean J, F and J&F over expressions: MeViS, Ref-YouTube-VOS, Ref-DAVIS17 of the MLLM papers.

    An expression without target scores, frame by frame, 1 where nothing is segmented, else 0.
    """
    j, f = mean(row.j for row in rows), mean(row.f for row in rows)
    return {"J": j, "F": f, "J&F": None if j is None or f is None else (j + f) / 2}


def with_presence(rows: Rows) -> Figures:
    """MeViS v2: the same with N-acc and T-acc, and the mean of the three, as PVUW 2026 seems to
    rank by ("final"; inferred, not published).
    """
    told = presence([row.target for row in rows], [row.found for row in rows])
    figures = expressions(rows) | {
        "N-acc": told.no_target_accuracy,
        "T-acc": told.target_accuracy,
    }
    parts = [figures[name] for name in ("J&F", "N-acc", "T-acc")]
    return figures | {"final": None if None in parts else mean(parts)}


def revos(rows: Rows) -> Figures:
    """ReVOS: by type, overall over referring and reasoning, and what is there of R.

    R is the mean over the expressions of those two types ("R binary", "R code255": by how the
    masks are read), "R neg" that of the sentences about nothing, binary.
    """
    kinds = ("referring", "reasoning")
    figures = by_type([(row.kind, row.j, row.f) for row in rows], kinds)
    for name, key, chosen in (
        ("R binary", "r_binary", kinds),
        ("R code255", "r_code255", kinds),
        ("R neg", "r_binary", ("none",)),
    ):
        figures[name] = mean(row.extra.get(key) for row in rows if row.kind in chosen)
    return figures


def ref_sav(rows: Rows) -> Figures:
    """Ref-SAV: long and short expressions apart, overall their mean (Sa2VA)."""
    return by_type([(row.kind, row.j, row.f) for row in rows], ("long", "short"))


PROTOCOLS: Mapping[str, Protocol] = {
    "mevis": Protocol("mean over expressions", expressions),
    "mevis-v2": Protocol("mean over expressions, with N-acc and T-acc", with_presence),
    "ref-youtube-vos": Protocol("mean over expressions, as far as known", expressions),
    "ref-davis-expr": Protocol("mean over expressions (MLLM papers)", expressions),
    "reasonvos": Protocol("mean over expressions; missing ones are left out", expressions),
    "revos": Protocol("mean over the two types", revos, zeros=True),
    "ref-sav": Protocol("mean over long and short", ref_sav, zeros=True),
}  # fmt: skip
"""Ref-DAVIS17's classic protocol and DAVIS' own score label maps: see `davis`; images: `images`;
seconds: `windows` and `highlights`."""


def protocol_figures(name: str, rows: Rows, lost: Rows = ()) -> Figures:
    """The protocol's figures, 0..1, with "scored" and "expected", the counts behind them.

    lost: rows of the expressions without a usable answer, which count as the protocol says.
    Raises KeyError for an unknown name.
    """
    protocol = PROTOCOLS[name]
    counted = [*rows, *(replace(row, j=0.0, f=0.0) for row in lost)] if protocol.zeros else rows
    counts = {"scored": len(rows), "expected": len(rows) + len(lost)}
    return {**protocol.figures(counted), **counts}
