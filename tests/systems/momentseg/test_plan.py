"""MomentSeg's plan from anchors."""

import pytest

from momentvos.propagation import both_ways
from momentvos.systems.momentseg.plan import from_anchors
from momentvos.systems.momentseg.refresh import Refresh, RefreshHook


def test_the_order_is_both_ways_and_every_frame_is_prompted():
    plan = from_anchors(range(20), [2, 9, 15], 1, obj_id=3)
    same = both_ways(range(20), [2, 9, 15], 1, given="tokens", tracked="tokens", obj_id=3)
    assert plan.stages == same.stages
    assert {(step.features, step.prompt) for step in plan.steps()} == {("plain", "tokens")}
    with pytest.raises(ValueError, match="anchors"):
        from_anchors(range(5), [7])


def test_anchors_clear_by_the_released_rule_unless_given_another():
    hook = from_anchors(range(5), [2]).hook()
    assert isinstance(hook, RefreshHook) and hook.rule == Refresh(0.9, 7)
    other = from_anchors(range(5), [2], refresh=Refresh(0.5, 3))
    assert other.hook().rule == Refresh(0.5, 3)
    assert other.hook() is not other.hook(), "each run has its own state"
    assert from_anchors(range(5), [2], tracked=None, refresh=None).hook is None
