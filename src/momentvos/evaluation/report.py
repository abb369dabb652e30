"""Scores as a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping

from momentvos.evaluation.scores import WorldScore

COLUMNS = {
    "J&F": ("jf", 100),
    "J": ("j", 100),
    "F": ("f", 100),
    "J&F in M+": ("inside", 100),
    "J&F in M-": ("outside", 100),
    "Top-1": ("top1", 100),
    "tIoU": ("tiou", 1),
    "R1@0.5": ("recall", 100),
    "J&F of these": ("joint", 100),
    "no target refused": ("refused", 100),
    "target refused": ("missed", 100),
    "J&F with no target": ("jf_all", 100),
}
"""Heading of a table's column -> the figure in it and its factor."""


def table(scores: Mapping[str, WorldScore]) -> str:
    """A Markdown table, one row per name; shares in percent, tIoU 0..1, a dash where undefined."""
    lines = [
        ["", *COLUMNS, "scored", "frames/s"],
        ["---", *["---:"] * (len(COLUMNS) + 2)],
    ]
    for name, score in scores.items():
        speed = "-" if score.speed is None else f"{score.speed:.0f}"
        lines.append([name, *cells(score), f"{score.scored} / {score.expected}", speed])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cells(score: WorldScore) -> list[str]:
    """The metrics of `COLUMNS` as text."""
    return [_cell(getattr(score, key), factor) for key, factor in COLUMNS.values()]


def official(metrics: Mapping[str, float | None]) -> tuple[list[str], list[str]]:
    """Names and cells of a benchmark's own metrics, in percent, its counts last."""
    shown = {name: value for name, value in metrics.items() if name not in ("scored", "expected")}
    names = [*shown, "scored"]
    counts = f"{metrics.get('scored')} / {metrics.get('expected')}"
    return names, [*("-" if v is None else f"{100 * v:.2f}" for v in shown.values()), counts]


def official_table(title: str, metrics: Mapping[str, float | None]) -> str:
    """The same as a Markdown table of one row."""
    names, row = official(metrics)
    rule = ["---", *["---:"] * len(names)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (["", *names], rule, [title, *row]))


def _cell(value: float | None, factor: int) -> str:
    return "-" if value is None else f"{value * factor:.{1 if factor == 100 else 3}f}"
