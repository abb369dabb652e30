import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from momentvos.data.world import WORDS
from momentvos.text import train_tokenizer


def test_special_tokens_have_robertas_ids(tokenizer):
    assert tokenizer.convert_tokens_to_ids(["<s>", "<pad>", "</s>", "<unk>", "<mask>"]) == [
        0, 1, 2, 3, 4,
    ]  # fmt: skip
    ids = tokenizer("two cats")["input_ids"]
    assert ids[0] == tokenizer.bos_token_id == 0 and ids[-1] == tokenizer.eos_token_id == 2


def test_known_words_are_one_token(tokenizer):
    assert tokenizer.tokenize("two dog spin") == ["Ġtwo", "Ġdog", "Ġspin"]
    assert len(tokenizer.tokenize("the dog that jumps, then turns back")) == 8


def test_every_word_of_the_world_is_one_token_of_the_minis_vocabulary():
    words = WORDS()
    tokenizer = train_tokenizer(words)
    assert len(tokenizer) <= 1024
    assert all(len(tokenizer.tokenize(word)) == 1 for word in words if word != ",")


def test_saved_and_loaded_the_ordinary_way(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    text = "the zebra jumps, é 猫 🐈 then spins"
    assert loaded(text)["input_ids"] == tokenizer(text)["input_ids"]
    assert loaded.model_max_length == tokenizer.model_max_length == 64
    assert loaded.pad_token_id == 1


def test_learning_is_repeatable():
    texts = ["a cat", "a dog", "cats and dogs"]
    assert train_tokenizer(texts).get_vocab() == train_tokenizer(reversed(texts)).get_vocab()


@settings(max_examples=50)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="<"), max_size=30))
def test_any_text_is_kept_byte_by_byte(tokenizer, text):
    ids = tokenizer(text)["input_ids"]
    assert tokenizer.unk_token_id not in ids
    decoded = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    assert decoded.removeprefix(" ") == text.removeprefix(" ")


def test_a_vocabulary_that_is_too_small():
    with pytest.raises(ValueError, match="do not fit"):
        train_tokenizer(["elephant", "hippopotamus"], vocab_size=262)
