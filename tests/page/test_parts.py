"""Small parts of the page, each in the browser, against what they must agree with."""

import re

import numpy as np
import pytest
from pycocotools import mask as coco

from momentvos.results.palette import PALETTE


@pytest.fixture(scope="module")
def run(browser, server):
    """Run JavaScript that imports modules of the page: run("rle.js", "rle => ...", value)."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url + "/page/icon.svg")
    page.goto(server.url + "/")

    def call(module: str, function: str, value=None):
        source = f"async (value) => ({function})(await import('/page/{module}'), value)"
        return page.evaluate(source, value)

    yield call
    context.close()


def blobs(height: int, width: int, seed: int) -> np.ndarray:
    """A mask of a few rectangles, with noise on some of them."""
    noise = np.random.default_rng(seed)
    mask = np.zeros((height, width), bool)
    for _ in range(noise.integers(0, 5)):
        top, left = noise.integers(0, height), noise.integers(0, width)
        mask[
            top : top + noise.integers(1, height + 1), left : left + noise.integers(1, width + 1)
        ] = 1
    return mask & (noise.random(mask.shape) < 0.9) if seed % 2 else mask


def encoded(mask: np.ndarray) -> dict:
    made = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(one) for one in made["size"]], "counts": made["counts"].decode()}


DECODE = """(rle, masks) => masks.map((one) => {
  const {data, box} = rle.decode(one);
  return [Array.from(data), box];
})"""


def test_masks_are_decoded_as_pycocotools_does(run):
    shapes = [(1, 1), (1, 9), (9, 1), (13, 7), (48, 64), (120, 90)]
    masks = [blobs(*shapes[seed % 6], seed) for seed in range(40)]
    masks += [np.ones((5, 4), bool), np.zeros((5, 4), bool), np.eye(40, dtype=bool)]
    made = run("rle.js", DECODE, [encoded(one) for one in masks])
    for mask, (data, box) in zip(masks, made, strict=True):
        assert np.array_equal(np.array(data).reshape(mask.shape), mask)
        rows, columns = np.nonzero(mask)
        if len(rows):
            ends = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert box == [int(one) for one in ends]
        else:
            assert box is None


def test_long_runs_are_decoded(run):
    mask = np.zeros((1080, 1920), bool)
    mask[300:900, 500:1500] = True
    mask[310, 600] = False
    function = "(rle, one) => rle.decode(one).data.reduce((sum, value) => sum + value, 0)"
    assert run("rle.js", function, encoded(mask)) == mask.sum()


def test_masks_are_scaled_by_the_nearest_pixel(run):
    mask = blobs(40, 60, 4)
    function = "(rle, one) => Array.from(rle.decode(one, 120, 80).data)"
    made = np.array(run("rle.js", function, encoded(mask))).reshape(80, 120)
    assert np.array_equal(made, mask.repeat(2, 0).repeat(2, 1))


def test_the_innermost_point_is_in_the_thickest_part(run):
    mask = np.zeros((60, 80), bool)
    mask[5:8, 2:70] = True
    mask[30:51, 40:61] = True
    function = "(rle, one) => rle.innermost(rle.decode(one))"
    x, y = run("rle.js", function, encoded(mask))
    assert abs(x - 50) <= 1
    assert abs(y - 40) <= 1
    assert run("rle.js", function, encoded(np.zeros((4, 4), bool))) is None


def test_colours_are_those_of_the_overlay(run):
    made = run("colours.js", "(colours) => colours.COLOURS")
    assert [tuple(one) for one in made] == list(PALETTE)
    used = [[], [0], [0, 1, 3], [0, 1, 2, 3, 4, 5, 6, 7], [1, 1, 0]]
    function = "(colours, used) => used.map((one) => colours.freeColour(one))"
    assert run("colours.js", function, used) == [0, 1, 2, 0, 2]


def test_times_are_written_as_people_read_them(run):
    function = "(words, values) => values.map((one) => words.time(one, 3))"
    made = run("words.js", function, [0, 3.25, 59.9994, 59.9996, 62.25, 3600, 3725.5])
    assert made == [
        "0.000 s", "3.250 s", "59.999 s", "1:00.000", "1:02.250", "1:00:00.000", "1:02:05.500",
    ]  # fmt: skip


def test_what_a_model_cannot_know_is_never_nothing(run):
    function = "(words, one) => words.verdict(one, 'sprites')"
    answer = {"status": "not_found", "in_domain": False, "seconds": []}
    made = run("words.js", function, answer)
    assert made["short"] == "Cannot tell"
    assert "does not know scenes like this one" in made["text"]
    made = run("words.js", function, answer | {"in_domain": True})
    assert made["short"] == "Not found"
    assert "Nothing that the model knows (sprites) matches" in made["text"]
    function = "(words, [one, clicks]) => words.verdict(one, null, {clicks}).text"
    answer |= {"in_domain": None}
    assert "could not follow" in run("words.js", function, [answer, [{"object": True}]])
    assert "no other object" in run("words.js", function, [answer, [{"object": False}]])


def test_ends_of_moments_stay_apart(run):
    function = """(timeline, [spans, moves]) => moves.map(
      ([at, place, frame]) => timeline.bound(spans, at, place, frame, 100))"""
    spans = [[10, 20], [30, 40]]
    moves = [[0, 0, -5], [0, 0, 25], [0, 1, 29], [0, 1, 5], [1, 0, 12], [1, 1, 200], [1, 1, 35]]
    assert run("timeline.js", function, [spans, moves]) == [0, 20, 28, 10, 22, 99, 35]


def test_frames_are_found_by_their_times(run):
    function = """(clock, seconds) => {
      const made = new clock.Clock({times: [0, 0.1, 0.5, 0.6], durations: [0.1, 0.4, 0.1, 0.3]});
      return [made.duration, seconds.map((one) => made.at(one))];
    }"""
    duration, frames = run("clock.js", function, [-1, 0, 0.0999, 0.1, 0.49, 0.5, 0.6, 9])
    assert duration == pytest.approx(0.9)
    assert frames == [0, 0, 0, 1, 1, 2, 3, 3]


def test_no_module_writes_markup_or_asks_another_host(server):
    names = ["index.html", "base.css", "page.css"]
    seen, waiting = {}, ["main.js", *names]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen[name] = server.get(f"/page/{name}").text
        waiting += re.findall(r'from "\./([a-z-]+\.js)"', seen[name])
    assert len(seen) > 15
    for name, text in seen.items():
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in text, name
        hosts = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text)
        assert set(hosts) <= {"http://www.w3.org"}, name
