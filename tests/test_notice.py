"""Warnings of ours as notes: each once, and those of others as ever."""

import warnings

import pytest

from momentvos.notice import handed_on, warn


def test_our_own_are_handed_on_once_and_those_of_others_stay():
    said = []
    with pytest.warns(UserWarning) as others, handed_on(said.append):
        warnings.simplefilter("always")
        for _ in range(2):
            warn("The egg is old.")
            warn("The hen is new.", FutureWarning, stacklevel=2)
        warnings.warn("The egg is old.", UserWarning, stacklevel=1)
    assert said == ["The egg is old.", "The hen is new."]
    assert [(type(one), str(one)) for one in said] == [(str, one) for one in said]
    assert [str(one.message) for one in others] == ["The egg is old."]


def test_without_a_program_that_takes_them_they_are_pythons():
    with handed_on([].append):
        pass
    with pytest.warns(FutureWarning, match="The hen is new") as seen:
        warn("The hen is new.", FutureWarning)
    assert seen[0].filename == __file__


def test_filters_count():
    said = []
    with warnings.catch_warnings(), handed_on(said.append):
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="old"):
            warn("The egg is old.")
        warnings.simplefilter("ignore")
        warn("The egg is old.")
    assert not said
