import base64
import io
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from momentvos.data.formats.mevis import read
from momentvos.evaluation.footage import SampleVideo
from momentvos.evaluation.html import Card, Page, Table, render
from momentvos.evaluation.pictures import TRUTH, bars, strip
from momentvos.masklet import Masklet
from momentvos.moment import Moment

EVIL = '<script>alert("1")</script>&'


@pytest.fixture
def case(small_world, painter):
    samples = read(small_world())
    sample = next(one for one in samples if one.targets and one.masks(range(6)).any())
    (answer,) = painter(samples, shift=20).segment(
        SampleVideo(sample), [sample.sentence], [sample.moment]
    )
    return sample, answer


def test_a_strip_shows_both_masks_and_the_frames(case):
    sample, answer = case
    picture = pixels(strip(sample, answer.masklet, frames=3, height=120))
    assert picture.shape[0] == 120 and picture.shape[1] <= 3 * 120 + 8
    assert (np.abs(picture.astype(int) - TRUTH).sum(-1) < 120).sum() > 20
    assert pink(picture) > pink(pixels(strip(sample, Masklet(sample.size), 3, 120)))


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def pink(picture):
    return (picture[..., 0].astype(int) - picture[..., 1] > 60).sum()


def test_bars_show_spans_and_curve():
    svg = ET.fromstring(bars(10, Moment([(2, 4)]), Moment([(0, 0), (3, 9)]), [0.5] * 10))
    rects = [rect.attrib for rect in svg.iter("rect") if rect.get("class") != "ground"]
    assert [(r["class"], r["x"], r["width"]) for r in rects] == [
        ("truth", "2", "3"),
        ("answer", "0", "1"),
        ("answer", "3", "7"),
    ]
    assert len(next(svg.iter("polyline")).get("points").split()) == 10
    assert "truth" not in bars(10, None, Moment(), ())


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in {"meta", "img", "link", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_page_is_well_formed_loads_nothing_and_escapes_everything(case):
    sample, answer = case
    picture = strip(sample, answer.masklet)
    card = Card(EVIL, EVIL, [EVIL], picture, bars(6, sample.moment, answer.moment, ()))
    table = Table(EVIL, ("", EVIL), [(EVIL, EVIL)])
    page = Page(
        EVIL,
        [(EVIL, EVIL)],
        [table],
        EVIL,
        [0.0, 0.52, 1.0],
        [table],
        [(EVIL, [card])],
        [(EVIL, EVIL)],
    )
    text = render(page)
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert tags.open == []
    kinds = {tag for tag, _ in tags.seen}
    assert not kinds & {"script", "link", "iframe"} and text.count("&lt;script&gt;") > 8
    sources = [attrs["src"] for tag, attrs in tags.seen if tag == "img"]
    assert [base64.b64decode(one.split(",")[1]) for one in sources] == [picture]
    assert not re.search(r"https?://", text) and "url(" not in text
    assert not any(name.startswith("on") for _, attrs in tags.seen for name in attrs)


def test_an_empty_page_is_a_page():
    assert render(Page("nothing", [], [])).startswith("<!doctype html>")
