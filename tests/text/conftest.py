import pytest

from momentvos.text import train_tokenizer


@pytest.fixture(scope="session")
def tokenizer():
    return train_tokenizer(
        ["the dog that jumps, then turns back", "two cats that spin", "moves to the left"]
    )
