"""Yes or no from log-probabilities, from logits, and from a word."""

import numpy as np
import pytest
import torch

from momentvos.mllm.yes_no import YesNo, by_logits, by_top, by_word


def test_a_word_that_is_not_listed_is_no_likelier_than_the_last_that_is():
    certain = by_top([("Yes", np.log(0.97)), ("Sure", np.log(0.01)), ("Ja", np.log(0.005))])
    assert certain.log_odds == pytest.approx(np.log(0.97 / 0.005))
    assert by_top([("no", np.log(0.9))]).log_odds == pytest.approx(np.log(0.1 / 0.9))
    both = [(" yes", np.log(0.2)), ("YES", np.log(0.2)), ("no", np.log(0.1))]
    assert by_top(both) == YesNo(pytest.approx(np.log(4.0)))
    signs = [("\u2581Yes", np.log(0.2)), ("\u0120yes.", np.log(0.2)), ("No,", np.log(0.1))]
    assert by_top(signs) == YesNo(pytest.approx(np.log(4.0)))
    assert by_top([("no", 0.0)]).log_odds < -10
    assert by_top([("maybe", -0.1)]) is None
    assert by_top([]) is None


@pytest.mark.parametrize(
    ("text", "odds"),
    [("Yes.", 2.0), ("**No**, never", -2.0), ("\n no", -2.0), ("nothing", None), ("not", None),
     ("yesterday", None), ("", None), ("I say yes", None)],
)  # fmt: skip
def test_the_first_word_alone_counts(text, odds):
    assert by_word(text) == (None if odds is None else YesNo(odds, from_text=True))


class Letters:
    """A tokenizer whose words begin with a sign for the space, if `spaced`."""

    def __init__(self, spaced):
        self.spaced = spaced

    def encode(self, text, add_special_tokens):
        ids = [ord(letter) for letter in text]
        return [ord(" "), *ids] if self.spaced else ids


def test_logits_count_where_the_two_words_begin_differently():
    logits = torch.zeros(128)
    logits[[ord("y"), ord("n")]] = torch.tensor([3.0, 1.0])
    # "y" and "Y" against "n" and "N"; the space before both says nothing.
    wanted = np.log((np.exp(3.0) + 1) / (np.exp(1.0) + 1))
    assert by_logits(logits, Letters(False)) == YesNo(pytest.approx(wanted))
    assert by_logits(logits, Letters(True)) is None
