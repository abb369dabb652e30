"""An outcome as a page: metrics, breakdown, and the worst and best cases as pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from momentvos.data.sample import Sample
from momentvos.errors import MomentVOSError
from momentvos.evaluation.html import Card, Page, Table
from momentvos.evaluation.metrics import key
from momentvos.evaluation.outcome import Outcome
from momentvos.evaluation.pictures import bars, strip
from momentvos.evaluation.report import COLUMNS, cells, official
from momentvos.evaluation.score import Answer
from momentvos.evaluation.scores import ExpressionScore, WorldScore
from momentvos.masklet import Masklet
from momentvos.moment import Moment

WORST, BEST, UNSCORED = 12, 6, 12
BREAKDOWN = ("J&F", "J&F in M+", "J&F in M-", "Top-1", "tIoU", "no target refused")

Lookup = Callable[[Sample], Answer | Masklet]


def page(outcome: Outcome, lookup: Lookup) -> Page:
    """lookup: the answer to a sample that has been answered."""
    score = outcome.score
    values = {key(one): outcome.value(one) for one in outcome.samples}
    ranked = sorted(
        (one for one in outcome.samples if values[key(one)] is not None),
        key=lambda one: values[key(one)] or 0.0,
    )
    worst = ranked[:WORST]
    best = [one for one in ranked[: WORST - 1 : -1] if one.targets][:BEST]
    unknown = [
        one for one in outcome.samples if key(one) in outcome.unscored and values[key(one)] is None
    ]
    some = unknown[:: max(1, -(-len(unknown) // UNSCORED))]
    facts = [(name, text) for name, text in outcome.facts.items() if text]
    if score.scored or not outcome.unscored:
        facts.append(("scored", f"{score.scored} of {score.expected} expressions"))
    if outcome.left_out:
        facts.append((f"{outcome.left_out} without a target", "not asked"))
    if outcome.unscored:
        facts.append(("answered, masks not public", str(len(outcome.unscored))))
    facts += [("note", note) for note in outcome.notes]
    tables = [Table(name, *_official(metrics)) for name, metrics in outcome.metrics.items()]
    if score.scored:
        tables.append(_table("Beside them", {"all expressions": score}, [*COLUMNS]))
    cases = (("Worst", worst), ("Best", best), ("Some answers", some))
    return Page(
        title=f"{outcome.facts['model']} on {outcome.facts['benchmark']}",
        facts=facts,
        tables=tables,
        headline=_headline(outcome),
        values=[value for one in ranked if (value := values[key(one)]) is not None],
        breakdown=[
            _table(name, parts, BREAKDOWN)
            for name, parts in (outcome.breakdown() if score.scored else {}).items()
        ],
        cases=[
            (title, [_card(one, outcome.rows.get(key(one)), lookup) for one in members])
            for title, members in cases
            if members
        ],
        failed=[
            (f"{one.video_id} / {one.expression_id}", outcome.errors[key(one)])
            for one in outcome.samples
            if key(one) in outcome.errors
        ],
    )


def _official(metrics: Mapping[str, float | None]) -> tuple[list[str], list[list[str]]]:
    names, row = official(metrics)
    return names, [row]


def _headline(outcome: Outcome) -> str:
    row = next(iter(outcome.rows.values()), None)
    return "tIoU" if row is None else "IoU" if "union" in row.extra else "J&F"


def _table(title: str, scores: Mapping[str, WorldScore], names: Sequence[str]) -> Table:
    """Metrics that are defined in no row are left out."""
    shown = {name: dict(zip(COLUMNS, cells(score), strict=True)) for name, score in scores.items()}
    kept = [column for column in names if any(row[column] != "-" for row in shown.values())]
    rows = [
        [name, *(shown[name][column] for column in kept), f"{score.scored} / {score.expected}"]
        for name, score in scores.items()
    ]
    return Table(title, ["", *kept, "scored"], rows)


def _card(sample: Sample, row: ExpressionScore | None, lookup: Lookup) -> Card:
    facts = [] if row is None else _facts(row)
    place = f"{sample.video_id} / {sample.expression_id}"
    truth = sample.moment if sample.timed else None
    picture, drawn = None, ""
    try:
        answer = lookup(sample)
        if isinstance(answer, Masklet):
            picture = strip(sample, answer)
            drawn = bars(sample.length, truth, Moment.from_frames(answer.frames()), ())
        else:
            picture = strip(sample, answer.masklet)
            drawn = bars(sample.length, truth, answer.moment, answer.relevance)
    except MomentVOSError as error:
        facts.append(str(error))
    return Card(sample.sentence, place, [fact for fact in facts if fact], picture, drawn)


def _facts(row: ExpressionScore) -> list[str]:
    shown: dict[str, float | None] = {"J&F": row.jf, "J": row.j, "F": row.f}
    shown |= {"J&F in M+": row.inside, "J&F in M-": row.outside}
    facts = [f"{name} {100 * value:.1f}" for name, value in shown.items() if value is not None]
    if row.tiou is not None:
        facts.append(f"tIoU {row.tiou:.2f}")
    facts += ["found" if row.found else "not found", row.kind, "" if row.target else "no target"]
    return facts
