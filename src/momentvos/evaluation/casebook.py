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

WORST, BEST = 12, 6
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
    left_out = ((f"{outcome.left_out} without a target", "not asked"),) if outcome.left_out else ()
    return Page(
        title=f"{outcome.facts['model']} on {outcome.facts['benchmark']}",
        facts=[
            *((name, text) for name, text in outcome.facts.items() if text),
            ("scored", f"{score.scored} of {score.expected} expressions"),
            *left_out,
        ],
        tables=[_table("", {"all expressions": score}, [*COLUMNS])],
        values=[row.jf for row in score.expressions],
        breakdown=[_table(name, values, BREAKDOWN) for name, values in outcome.breakdown().items()],
        cases=[
            (title, [_card(one, outcome.rows[key(one)], lookup) for one in cases])
            for title, cases in (("Worst", worst), ("Best", best))
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


def _card(sample: Sample, row: ExpressionScore, lookup: Lookup) -> Card:
    facts = [f"J&F {100 * row.jf:.1f}", f"J {100 * row.j:.1f}", f"F {100 * row.f:.1f}"]
    for name, value in (("in M+", row.inside), ("in M-", row.outside)):
        if value is not None:
            facts.append(f"J&F {name} {100 * value:.1f}")
    if row.tiou is not None:
        facts.append(f"tIoU {row.tiou:.2f}")
    facts.append("found" if row.found else "not found")
    facts += [sample.kind or "", "" if row.target else "no target"]
    place = f"{sample.video_id} / {sample.expression_id}"
    picture, drawn = None, ""
    try:
        answer = lookup(sample)
        if isinstance(answer, Prediction):
            picture = strip(sample, answer.masklet)
            drawn = bars(sample.length, sample.moment, answer.moment, answer.relevance)
        else:
            picture = strip(sample, answer)
            drawn = bars(sample.length, sample.moment, Moment.from_frames(answer.frames()), ())
    except MomentVOSError as error:
        facts.append(str(error))
    return Card(sample.sentence, place, [fact for fact in facts if fact], picture, drawn)
