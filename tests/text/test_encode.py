import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from momentvos.errors import SentenceError
from momentvos.text import encode, normalise


def test_normalise_like_the_training_of_samwise():
    assert normalise("  The\tDog \n jumps ") == "the dog jumps"
    assert normalise(" The  Dog", lower=False) == "The Dog"


def test_a_sentence_as_it_is():
    raw = " The\tDog  \n jumps "
    assert normalise(raw, lower=False, single_spaces=False) == raw
    assert normalise(raw, single_spaces=False) == raw.lower()
    with pytest.raises(SentenceError, match="empty"):
        normalise(" \n ", single_spaces=False)


@given(st.text(st.characters(codec="utf-8")).filter(lambda text: text.split()))
def test_normalising_twice_changes_nothing_more(text):
    once = normalise(text, lower=False)
    assert normalise(once, lower=False) == once
    assert "  " not in normalise(text)


@pytest.mark.parametrize("sentence", ["", "  ", "\n\t", "\u3000"])
def test_an_empty_sentence(tokenizer, sentence):
    with pytest.raises(SentenceError, match="empty"):
        encode(tokenizer, ["two cats", sentence], length=16)


def test_bytes_that_are_no_text(tokenizer):
    with pytest.raises(SentenceError, match="not text"):
        encode(tokenizer, [b"caf\xe9".decode("utf-8", "surrogateescape")], length=16)


def test_padding_offsets_and_verbs(tokenizer):
    tokens = encode(
        tokenizer, ["The dog that  JUMPS, then turns", "two cats"], length=16, tagger="rules"
    )
    assert len(tokens) == 2 and tokens.texts[0] == "the dog that jumps, then turns"
    assert tokens.mask.sum(1).tolist() == [9, 4]
    assert tokens.ids[1, 4:].eq(1).all() and tokens.ids[:, 0].eq(0).all()
    assert tokens.mask.dtype == tokens.verbs.dtype == torch.bool
    marked = [tokens.texts[0][a:b] for a, b in tokens.offsets[0, tokens.verbs[0]].tolist()]
    assert [word.strip() for word in marked] == ["jumps", "turns"]
    assert not tokens.verbs[1].any() and tokens.notes == ()


def test_a_verb_of_several_tokens_is_flagged_whole(tokenizer):
    tokens = encode(tokenizer, ["the dog zigzagging"], length=32, tagger="rules")
    pieces = tokens.offsets[0, tokens.verbs[0]]
    assert len(pieces) > 1
    assert (
        tokens.texts[0][int(pieces[:, 0].min()) : int(pieces[:, 1].max())].strip() == "zigzagging"
    )


def test_spaces_become_tokens_where_they_are_kept(tokenizer):
    raw = ["the  dog\n jumps"]
    kept = encode(tokenizer, raw, length=16, single_spaces=False)
    assert kept.texts == tuple(raw)
    assert kept.ids[0].tolist() == tokenizer(raw[0])["input_ids"]
    assert kept.ids.shape[1] > encode(tokenizer, raw, length=16).ids.shape[1]


def test_no_tagger_flags_nothing_and_an_own_one_is_asked(tokenizer):
    assert not encode(tokenizer, ["the dog jumps"], length=16).verbs.any()
    tokens = encode(tokenizer, ["the dog jumps"], length=16, tagger=lambda text: ((4, 7),))
    assert tokenizer.convert_ids_to_tokens(tokens.ids[0, tokens.verbs[0]].tolist()) == ["Ġdog"]


def test_a_long_sentence_is_cut_and_it_is_said(tokenizer):
    tokens = encode(tokenizer, ["two cats", "dog " * 2000, "dog " * 14], length=16)
    assert tokens.ids.shape == (3, 16) and tokens.ids[1, -1] == 2
    assert tokens.notes == ("sentence too long: the first 16 of its 2002 tokens were read",)
    assert tokens.select([0]).notes == () and tokens.select([1]).notes == tokens.notes


def test_select_repeat_and_move(tokenizer):
    tokens = encode(tokenizer, ["the dog that jumps", "two cats"], length=16, tagger="rules")
    one = tokens.select([1])
    assert one.ids.tolist() == [tokens.ids[1, :4].tolist()] and one.texts == ("two cats",)
    assert tokens.select([1, 0, 1]).texts == ("two cats", "the dog that jumps", "two cats")
    twice = tokens.repeat(2)
    assert [text[:3] for text in twice.texts] == ["the", "the", "two", "two"]
    assert twice.ids.shape == (4, tokens.ids.shape[1]) and twice.verbs[0].equal(tokens.verbs[0])
    assert tokens.to("meta").verbs.is_meta and tokens.to("cpu").ids.equal(tokens.ids)
