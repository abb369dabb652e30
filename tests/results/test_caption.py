"""Fonts that have the letters, with right spaces, and lines that fit."""

import pytest

from momentvos.results.caption import font_for, wrap


@pytest.mark.parametrize("size", [10, 11, 13, 16, 24])
def test_words_are_apart(size):
    font = font_for("a turtle that is sliding", size)
    assert font.getname()[0] == "DejaVu Sans"
    together, apart = font.getlength("issliding"), font.getlength("is sliding")
    assert apart - together == pytest.approx(0.318 * size, rel=0.1)  # of DejaVu's space


@pytest.mark.parametrize(
    "text",
    ["plain", "“quoted” – dash", "Straße", "собака", "σκύλος", "跳ぶ犬", "🐶 dog", "", "a\tb"],
)
def test_a_font_for_every_script(text):
    assert font_for(text, 12).getlength(text or "x") > 0


@pytest.mark.parametrize("text", ["собака", "σκύλος", "naïve çà", "→ ∈ ≤", "كلب", "כלב"])
def test_dejavu_draws_what_it_has(text):
    font = font_for(text, 20)
    assert font.getname()[0] == "DejaVu Sans"
    missing = font.getmask("\U0010fffd")
    assert all(bytes(font.getmask(letter)) != bytes(missing) for letter in text if letter != " ")


FONT = font_for("", 12)


@pytest.mark.parametrize(
    "text", ["", "a", "the dog that jumps", "x" * 300, "word " * 500, "短い犬 walks", "ab " * 30]
)
@pytest.mark.parametrize("most", [1, 2, 3])
def test_lines_fit(text, most):
    lines = wrap(text, FONT, 120, most)
    assert 1 <= len(lines) <= most
    assert all(FONT.getlength(line) <= 120 for line in lines)
    said = "".join(lines).replace(" ", "")
    whole = text.replace(" ", "")
    assert said == whole or (said.endswith("…") and whole.startswith(said[:-1]))
