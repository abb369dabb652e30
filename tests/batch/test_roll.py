"""Which lost queries have used up a try."""

from momentvos.batch.roll import Roll, to_blame


def test_what_ends_its_process_is_to_blame_and_what_is_lost_with_a_machine_is_not():
    roll = Roll()
    for number, node in {1: "gone", 2: "here", 3: "here", 4: "gone", 5: "unheard"}.items():
        roll.tell(number, node, ended=False)
    roll.tell(3, "here", ended=True)  # its answer was lost on the way
    roll.tell(4, "gone", ended=True)
    lost = {1, 2, 3, 4, 5, 6}  # 6 never began
    assert to_blame(lost, roll.begun(), {"here", "new"}) == {2}


def test_a_round_knows_nothing_of_the_one_before():
    roll = Roll()
    roll.tell(1, "a", ended=False)
    assert roll.begun() == {1: "a"}
    roll.tell(2, "b", ended=False)
    assert roll.begun() == {2: "b"}


def test_a_query_that_has_begun_elsewhere_is_not_ended_by_a_late_word():
    roll = Roll()
    roll.tell(1, "a", ended=False)
    roll.tell(1, "b", ended=False)
    roll.tell(1, "a", ended=True)
    assert roll.begun() == {1: "b"}
