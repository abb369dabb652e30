"""A report as one HTML file that needs nothing else: tables, a histogram, cases as pictures."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

BINS = 20


@dataclass(frozen=True)
class Table:
    """A heading, column names, and rows of cells whose first is the row's name."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Card:
    """One case: its sentence, where it is from, short facts, a JPEG, and SVG bars."""

    sentence: str
    place: str
    facts: Sequence[str]
    picture: bytes | None = None
    bars: str = ""


@dataclass(frozen=True)
class Page:
    """What a report says. values: the headline figure of each expression, 0..1."""

    title: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    headline: str = "J&F"
    values: Sequence[float] = ()
    breakdown: Sequence[Table] = ()
    cases: Sequence[tuple[str, Sequence[Card]]] = field(default=())
    failed: Sequence[tuple[str, str]] = ()


def render(page: Page) -> str:
    """The whole document. All texts are escaped; it loads nothing from anywhere."""
    facts = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in page.facts)
    parts = [f"<h1>{escape(page.title)}</h1><dl>{facts}</dl>", *map(_table, page.tables)]
    if page.values:
        title = f"{page.headline} of the expressions"
        parts.append(f"<h2>{escape(title)}</h2>{_histogram(page.values)}")
    if page.breakdown:
        parts.append("<h2>By attribute</h2>")
        parts.append(f'<div class="grid">{"".join(map(_table, page.breakdown))}</div>')
    if page.cases:
        parts.append(
            '<p class="legend"><i class="answer"></i>answered <i class="truth"></i>true; '
            "the bars show both moments over time, the line below them the relevance</p>"
        )
    for title, cards in page.cases:
        parts.append(f"<h2>{escape(title)}</h2>{''.join(map(_card, cards))}")
    if page.failed:
        rows = [(place, error) for place, error in page.failed]
        parts.append(_table(Table("Failed", ("expression", "error"), rows), "texts"))
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(page.title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _table(table: Table, kind: str = "") -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    title = f"<h3>{escape(table.title)}</h3>" if table.title else ""
    return (
        f'<section class="{kind}">{title}<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _card(card: Card) -> str:
    facts = "".join(f"<li>{escape(fact)}</li>" for fact in card.facts)
    picture = ""
    if card.picture is not None:
        data = base64.b64encode(card.picture).decode("ascii")
        picture = f'<img alt="frames with masks" src="data:image/jpeg;base64,{data}">'
    return (
        f"<article><h3>{escape(card.sentence)}</h3><p>{escape(card.place)}</p>"
        f"<ul>{facts}</ul>{picture}{card.bars}</article>"
    )


def _histogram(values: Sequence[float]) -> str:
    counts = [0] * BINS
    for value in values:
        counts[min(max(int(value * BINS), 0), BINS - 1)] += 1
    top = max(counts)
    bars = "".join(
        f'<rect x="{20 + n * 30}" y="{110 - 96 * count / top:.1f}" width="27" '
        f'height="{96 * count / top:.1f}" class="bar"><title>{n / BINS:.2f} to '
        f"{(n + 1) / BINS:.2f}: {count}</title></rect>"
        + (
            f'<text x="{33.5 + n * 30}" y="{106 - 96 * count / top:.1f}">{count}</text>'
            if count
            else ""
        )
        for n, count in enumerate(counts)
    )
    ticks = "".join(
        f'<text x="{20 + n * 30 * BINS / 5:.0f}" y="126">{20 * n}</text>' for n in range(6)
    )
    return f'<svg class="histogram" viewBox="0 0 640 132" role="img">{bars}{ticks}</svg>'


_STYLE = """
:root{--ink:#1d232b;--quiet:#687382;--line:#dfe3e8;--paper:#fff;--ground:#f5f6f8;
--answer:#ff3d7f;--truth:#2a9df4}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaee;--quiet:#9aa4b2;--line:#343a43;
--paper:#1b1f25;--ground:#121519}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:26px;margin:0 0 12px}h2{font-size:19px;margin:36px 0 12px}
h3{font-size:15px;margin:0 0 6px}p{margin:0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0 0 24px}
dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
section{margin:0 0 16px}
.wide{overflow-x:auto;background:var(--paper);border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:6px 12px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--quiet);font-weight:500;white-space:normal;vertical-align:bottom}
tbody tr:last-child td{border-bottom:0}
th:first-child,td:first-child{text-align:left}
.texts td{white-space:normal;text-align:left;overflow-wrap:anywhere}.texts th{text-align:left}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,500px),1fr));gap:0 16px}
.grid th,.grid td{padding:5px 8px;font-size:13px}
article{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:14px 16px;
margin:0 0 14px}
article p{color:var(--quiet);font-size:13px}
ul{list-style:none;display:flex;flex-wrap:wrap;gap:6px;margin:8px 0;padding:0}
li{background:var(--ground);border-radius:999px;padding:1px 10px;font-size:13px}
img{display:block;max-width:100%;height:auto;border-radius:4px}
svg{display:block;width:100%}
.bars{height:44px;margin-top:8px}
.bars .ground{fill:var(--ground)}.bars .truth{fill:var(--truth)}.bars .answer{fill:var(--answer)}
.bars polyline{fill:none;stroke:var(--quiet);stroke-width:1.5}
.histogram{max-width:760px}.histogram .bar{fill:#5b7fdb}
.histogram text{fill:var(--quiet);font-size:11px;text-anchor:middle}
.legend{font-size:13px;color:var(--quiet);margin-top:28px}
.legend i{display:inline-block;width:12px;height:12px;border-radius:3px;margin:0 6px 0 12px}
.legend i.answer{background:var(--answer)}.legend i.truth{background:var(--truth)}
"""
