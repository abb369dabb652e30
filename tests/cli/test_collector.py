"""The collector of cycles rests while modules are imported, and then looks at what is new."""

import gc
import weakref

import pytest

from momentvos.cli import collector


class Ring:
    """An object in a cycle."""

    def __init__(self):
        self.own = self


@pytest.fixture(autouse=True)
def as_before():
    assert gc.isenabled() and not gc.get_freeze_count()
    yield
    gc.unfreeze()
    gc.enable()


def test_it_rests_until_it_is_woken():
    with collector.resting() as wake:
        assert not gc.isenabled()
        wake(False)
        assert gc.isenabled()


def test_what_was_there_is_left_out_and_what_is_new_is_collected():
    with collector.resting() as wake:
        before = weakref.ref(Ring())
        wake(False)
        new = weakref.ref(Ring())
        gc.collect()
        assert new() is None and before() is not None
    gc.collect()
    assert before() is None


def test_what_importing_has_left_is_collected_where_that_is_asked_for():
    with collector.resting() as wake:
        before = weakref.ref(Ring())
        wake(True)
        assert before() is None and gc.get_freeze_count()


def test_all_is_as_before_where_it_is_not_woken():
    with pytest.raises(ValueError), collector.resting():
        raise ValueError
    assert gc.isenabled() and not gc.get_freeze_count()


def test_a_collector_that_its_user_has_stopped_stays_so():
    gc.disable()
    with collector.resting() as wake:
        wake(False)
        assert not gc.isenabled()
    assert not gc.isenabled()
