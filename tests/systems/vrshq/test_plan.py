"""VRS-HQ's plan from a keyframe."""

import pytest

from momentvos.systems.vrshq.plan import from_keyframe


def test_the_keyframe_is_given_and_the_rest_tracked():
    plan = from_keyframe(range(5), 2)
    assert [step.frame for step in plan.steps()] == [2, 3, 4, 1, 0]
    assert [step.prompt for step in plan.steps()] == ["mask", None, None, None, None]
    assert [step.write for step in plan.steps()] == ["conditioning"] + ["recent"] * 4
    assert plan.hook is None
    fused = from_keyframe(range(5), 4, given="tokens", tracked="tokens")
    assert [step.frame for step in fused.steps()] == [4, 3, 2, 1, 0]
    assert {step.prompt for step in fused.steps()} == {"tokens"}
    assert {step.obj_id for step in from_keyframe(range(3), 1, obj_id=5).steps()} == {5}
    with pytest.raises(ValueError, match="among the frames"):
        from_keyframe(range(5), 5)
