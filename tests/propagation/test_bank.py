"""The memory bank while a plan runs: what it holds, and that freeing changes nothing."""

import pytest
import torch

from momentvos.propagation import Bank, Read, Step


def write(bank, frame, obj_id=0, value=0.0, kind="recent"):
    step = Step(frame, write=kind, obj_id=obj_id)
    bank.write(step, torch.full((2, 1, 1), value), torch.full((3,), value))


@pytest.fixture
def bank():
    bank = Bank()
    for obj_id in range(2):
        for frame in (0, 4, 9):
            write(bank, frame, obj_id, 10 * obj_id + frame)
    return bank


def test_objects_read_their_own_memories(bank):
    steps = [Step(5, read=Read(order="nearest"), obj_id=obj_id) for obj_id in range(2)]
    memories, slots, pointers, offsets = bank.gather(steps, [bank.select(s) for s in steps])
    assert memories[:, :, 0, 0, 0].tolist() == [[4, 9, 0], [14, 19, 10]]
    assert pointers[:, :, 0].tolist() == memories[:, :, 0, 0, 0].tolist()
    assert slots.tolist() == [[0, 1, 2]] * 2
    assert offsets.tolist() == [[1, 4, 5]] * 2


def test_reading_nothing_gives_nothing(bank):
    for step in (Step(5), Step(0, read=Read()), Step(5, read=Read(), obj_id=7)):
        assert bank.gather([step], [bank.select(step)]) is None


def test_what_is_forgotten_still_counts_as_written(bank):
    step = Step(12, read=Read(frames=2))
    before = bank.select(step)
    bank.forget(0, 0, pointer=False)
    assert len(bank) == 5
    bank.forget(0, 0, pointer=True)
    bank.forget(0, 0, pointer=True)
    assert len(bank) == 5
    assert bank.select(step) == before


def test_anchors_come_first_nearest_first_and_leave_room_for_pointers(bank):
    for frame in (2, 8):
        write(bank, frame, kind="conditioning")
    chosen = bank.select(Step(9, read=Read(frames=2, pointers=3)))
    assert chosen.frames == (8, 2, 4, 0)
    assert chosen.slots == (6, 6, 0, 1)
    assert chosen.pointers == (8, 2, 4)
    assert bank.select(Step(9, read=Read(conditioning=1))).frames[:1] == (8,)
