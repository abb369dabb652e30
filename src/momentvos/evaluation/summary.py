"""A run on MomentWorld as one flat JSON file, as ``momentvos eval world -o X.json`` writes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from momentvos.evaluation.outcome import SCHEMA, Outcome


def flat(outcome: Outcome, facts: dict[str, Any]) -> dict[str, Any]:
    """What was asked, the means, the means by kind, and every expression with its own figures.

    facts: names and values that stand first. Metrics that only a benchmark's protocol needs are
    left out.
    """
    whole = outcome.score
    plain = tuple(replace(row, extra={}) for row in whole.expressions)
    return {"schema": SCHEMA, **facts, **replace(whole, expressions=plain).to_json()}
