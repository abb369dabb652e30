"""What the expressions ask for: hardness, balance, and what val and test keep for themselves."""

from collections import Counter

import pytest

from momentvos.data.world.answer import Facts, does_then
from momentvos.data.world.atlas import categories
from momentvos.data.world.background import FAMILIES
from momentvos.data.world.grammar import Noun
from momentvos.data.world.motion import RELATIONS, VERBS
from momentvos.data.world.questions import extra
from momentvos.data.world.split import generator, held_out
from momentvos.data.world.version import version


def alike(made, expression):
    """Objects that are no target but share category and look with one."""
    targets = {k for k, _ in expression.targets}
    looks = {(made.objects[k].category, made.objects[k].look) for k in targets}
    return [
        k for k, o in enumerate(made.objects) if k not in targets and (o.category, o.look) in looks
    ]


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_only_the_motion_tells_the_target_apart(scenes, split):
    asked = [(m, e) for m in scenes[split] for e in m.expressions if e.kind == "motion"]
    hard = [bool(alike(made, expression)) for made, expression in asked]
    assert sum(hard) >= 0.7 * len(hard)


def test_hard_is_said_of_exactly_those(everything):
    for made in everything:
        for expression in made.expressions:
            if expression.kind in ("motion", "several", "sequence", "relation"):
                targets = {k for k, _ in expression.targets}
                fit = {k for k, o in enumerate(made.objects)
                       if o.category == expression.category
                       and expression.attribute in (None, o.look)}  # fmt: skip
                assert expression.hard == bool(set(alike(made, expression)) & (fit - targets))


SHARES = {
    "v1": {"motion": (0.28, 0.5), "several": (0.02, 0.3)},
    "v2": {"motion": (0.1, 0.3), "several": (0.4, 0.6)},
}


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_kinds_are_balanced(world_version, scenes, split):
    kinds = Counter(e.kind for made in scenes[split] for e in made.expressions)
    share = {kind: count / kinds.total() for kind, count in kinds.items()}
    assert all(low < share[kind] < high for kind, (low, high) in SHARES[world_version].items())
    assert 0.08 < share["none"] < 0.22
    assert all(share[kind] > 0.02 for kind in ("sequence", "relation", "attribute"))


def test_the_number_of_targets_fits_the_kind(everything):
    for made in everything:
        for expression in made.expressions:
            count = len(expression.targets)
            assert expression.category in {actor.category for actor in made.objects}
            if expression.kind == "motion":
                assert count == 1
            elif expression.kind == "several":
                assert count >= 2
            elif expression.kind == "none":
                assert count == 0
            else:
                assert count >= 1


def test_number_words_count_the_targets(everything):
    words = {"two": 2, "three": 3, "four": 4}
    for made in everything:
        for expression in made.expressions:
            said = [words[w] for w in expression.sentence.split() if w in words]
            if said and expression.targets:
                assert said == [len(expression.targets)]


def test_train_never_uses_a_held_out_pair(scenes):
    for made in scenes["train"]:
        for actor in made.objects:
            assert not any(held_out(actor.category, s.verb) for s in actor.segments
                           if not (s.verb == s.direction and _leads(made, actor, s)))  # fmt: skip
        for expression in made.expressions:
            assert not any(held_out(expression.category, verb) for verb in expression.motions)


def _leads(made, actor, segment):
    """Whether the segment is the path of an object that another one follows or overtakes."""
    return any(
        (s.start, s.stop) == (segment.start, segment.stop) and made.objects[s.other] is actor
        for other in made.objects
        for s in other.segments
        if s.other is not None
    )


@pytest.mark.parametrize("split", ["val", "test"])
def test_every_motion_named_elsewhere_has_a_held_out_pair(scenes, split):
    for made in scenes[split]:
        for expression in made.expressions:
            if expression.motions:
                assert any(held_out(expression.category, verb) for verb in expression.motions)


def test_a_quarter_of_the_pairs_is_held_out_and_no_category_or_motion_is_left_without():
    for name in categories():
        held = [verb for verb in VERBS if held_out(name, verb)]
        assert 4 <= len(held) <= 5
        assert any(verb not in RELATIONS for verb in held)
    for verb in VERBS:
        assert sum(held_out(name, verb) for name in categories()) == 12


def test_grounds_are_not_shared(scenes):
    used = {split: {made.background[0] for made in made_} for split, made_ in scenes.items()}
    for split, names in used.items():
        assert names <= set(FAMILIES[split])
    everything = [name for names in FAMILIES.values() for name in names]
    assert len(everything) == len(set(everything))


def test_more_is_asked_of_all_shapes_half_of_it_in_vain(scenes):
    found = []
    for made in scenes["train"][:40]:
        facts = Facts.of(made.objects)
        said = extra(generator("train", 9, made.seed), "train", facts, 10)
        assert len(said) <= 10 and len({one.sentence for one in said}) > len(said) - 3
        found += said
        for one in said:
            assert not any(held_out(one.category, verb) for verb in one.motions)
            if len(one.motions) == 2:
                first, second = one.motions
                noun = Noun(one.category, one.attribute)
                assert dict(one.targets) == does_then(facts, noun, first, second)
                assert one.targets or does_then(facts, noun, second, first)
            assert bool(one.others) == (one.motions[:1] != () and one.motions[0] in RELATIONS)
    empty = sum(not one.targets for one in found)
    assert 0.35 < empty / len(found) < 0.65
    assert {one.kind for one in found} == {*version("v1").kinds, "none"}
