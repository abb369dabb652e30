"""An outcome as a page: figures, breakdown, and the worst and best cases as pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from momentvos.data.sample import Sample
from momentvos.errors import MomentVOSError
from momentvos.evaluation.html import Card, Page, Table
from momentvos.evaluation.outcome import Outcome, key
from momentvos.evaluation.pictures import bars, strip
from momentvos.evaluation.report import COLUMNS, cells
from momentvos.evaluation.scores import ExpressionScore, WorldScore
from momentvos.masklet import Masklet
from momentvos.moment import Moment
from momentvos.prediction import Prediction

WORST, BEST, UNSCORED = 12, 6, 12
BREAKDOWN = ("J&F", "J&F in M+", "J&F in M-", "Top-1", "tIoU", "no target refused")

Lookup = Callable[[Sample], Prediction | Masklet]


def page(outcome: Outcome, lookup: Lookup) -> Page:
    """lookup: the answer to a sample that has been answered."""
    score = outcome.score
    ranked = sorted(
        (one for one in outcome.samples if key(one) in outcome.rows),
        key=lambda one: outcome.rows[key(one)].jf,
    )
    worst = ranked[:WORST]
    best = [one for one in ranked[::-1] if one not in worst and one.targets][:BEST]
    unscored = [one for one in outcome.samples if key(one) in outcome.unscored]
    some = unscored[:: max(1, -(-len(unscored) // UNSCORED))]
    left_out = ((f"{outcome.left_out} without a target", "not asked"),) if outcome.left_out else ()
    return Page(
        title=f"{outcome.facts['model']} on {outcome.facts['benchmark']}",
        facts=[
            *((name, text) for name, text in outcome.facts.items() if text),
            ("scored", f"{score.scored} of {score.expected} expressions"),
            *left_out,
            *((("answered, truth not public", str(len(unscored))),) if unscored else ()),
        ],
        tables=[_table("", {"all expressions": score}, [*COLUMNS])] if score.scored else [],
        values=[row.jf for row in score.expressions],
        breakdown=[
            _table(name, values, BREAKDOWN)
            for name, values in (outcome.breakdown() if score.scored else {}).items()
        ],
        cases=[
            (title, [_card(one, outcome.rows.get(key(one)), lookup) for one in cases])
            for title, cases in (("Worst", worst), ("Best", best), ("Some answers", some))
            if cases
        ],
        failed=[
            (f"{one.video_id} / {one.expression_id}", outcome.errors[key(one)])
            for one in outcome.samples
            if key(one) in outcome.errors
        ],
    )


def _table(title: str, scores: Mapping[str, WorldScore], names: Sequence[str]) -> Table:
    """Figures that are defined in no row are left out."""
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
    truth = None if row is None else sample.moment
    picture, drawn = None, ""
    try:
        answer = lookup(sample)
        if isinstance(answer, Prediction):
            picture = strip(sample, answer.masklet)
            drawn = bars(sample.length, truth, answer.moment, answer.relevance)
        else:
            picture = strip(sample, answer)
            drawn = bars(sample.length, truth, Moment.from_frames(answer.frames()), ())
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
