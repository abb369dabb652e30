"""The text of `--grounder`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.errors import ModelError
from momentvos.grounding import parse
from momentvos.grounding.part import FIXED, Part, Spec
from momentvos.grounding.registry import grounders
from momentvos.grounding.spec import FALLBACKS

paths = st.text("abcXYZ019/._- :@", min_size=1, max_size=12).filter(
    lambda text: text[-1] in "abcXYZ/" and text == text.strip()
)


@st.composite
def parts(draw) -> Part:
    if draw(st.integers(0, 7)) == 0:
        return Part(FIXED, draw(st.sampled_from(["40:62", "3.2s-5.0s", "1s-2s,7:9", "5"])))
    name, entry = draw(st.sampled_from(sorted(grounders().items(), key=lambda item: item[0])))
    source = None
    if entry.source == "required" or (entry.source == "optional" and draw(st.booleans())):
        source = draw(paths)
    k = threshold = None
    if entry.top_k and draw(st.booleans()):
        k = draw(st.integers(1, 999))
    elif entry.threshold and draw(st.booleans()):
        threshold = draw(st.integers(0, 99)) / 100
    form = draw(st.sampled_from(["", *entry.words]))
    fallback = draw(st.sampled_from(["", *(FALLBACKS if entry.fallback else ())]))
    words = tuple(word for word in (form, fallback) if word)
    return Part(name, source, k, threshold, words)


@given(st.lists(parts(), min_size=1, max_size=3).map(tuple))
def test_what_is_written_is_read_back(chosen):
    assert parse(str(Spec(chosen))).parts == chosen


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_in_one_sentence(text):
    try:
        assert parse(text).parts
    except ModelError as error:
        assert str(error).isprintable()


def test_a_grounder_is_one_line():
    with pytest.raises(ModelError, match="one line of printable"):
        parse("clip\n:4")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tam", [Part("model")]),
        ("clip:4", [Part("clip", k=4)]),
        ("siglip@0.5", [Part("siglip2", threshold=0.5)]),
        ("chrono=runs/a+blip2:4", [Part("chrono", "runs/a"), Part("blip2", k=4)]),
        (r"clip=C:\models\clip:8", [Part("clip", r"C:\models\clip", k=8)]),
        ("oracle=a+b.json+uniform:2", [Part("oracle", "a+b.json"), Part("uniform", k=2)]),
        (
            "qwen3-vl=Qwen/Qwen3-VL-4B-Instruct~frames~or-all:2",
            [Part("qwen3-vl", "Qwen/Qwen3-VL-4B-Instruct", 2, words=("frames", "or-all"))],
        ),
    ],
)
def test_reads_what_the_page_shows(text, expected):
    assert list(parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clpi:4", "did you mean 'clip'"),
        ("all:3", "cannot choose 3 frames"),
        ("clip:0", "cannot choose 0 frames"),
        ("clip:2:3", "twice"),
        ("clip:2@0.5", "not by both"),
        ("chrono=x@0.5", "cannot choose by relevance"),
        ("clip@1.5", "cannot choose by relevance"),
        ("all=x", "takes no '=x'"),
        ("chrono", "chrono=FOLDER"),
        ("umt", "umt=l16_25m.pth"),
        ("blip2~span", "choose ~itm, ~itc"),
        ("qwen3-vl~span~frames", "only one can hold"),
        ("chrono=x~or-all~or-none", "only one can hold"),
    ],
)
def test_says_what_is_wrong(text, said):
    with pytest.raises(ModelError, match=said):
        parse(text)
