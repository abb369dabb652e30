"""Long sequences are scored in spans that overlap."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from momentvos.systems.tgl.spans import Spans


@given(length=st.integers(1, 40), span=st.integers(1, 12), window=st.integers(1, 9))
def test_every_frame_is_scored_and_means_are_taken(length, span, window):
    sizes = []

    def score(text, values):
        sizes.append(values.shape[1])
        return values + text.mean()

    spans = Spans(score, 2, span, length)
    values = torch.arange(2.0 * length).view(2, length)
    for start in range(0, length, window):
        frames = list(range(start, min(start + window, length)))
        spans.push(frames, torch.ones(1, 3, 4), values[:, frames])
    torch.testing.assert_close(spans.finish(), values + 1)
    assert max(sizes) <= span


def test_where_spans_overlap_their_scores_are_averaged():
    spans = Spans(lambda text, values: text.mean() * torch.ones_like(values), 1, 4, 6)
    for frame in range(6):
        spans.push([frame], torch.full((1, 1, 1), float(frame)), torch.zeros(1, 1))
    assert spans.finish()[0].tolist() == pytest.approx([1.5, 1.5, 2.5, 2.5, 3.5, 3.5])


def test_frames_that_were_never_added_have_a_score_of_zero():
    spans = Spans(lambda text, values: values + 5, 1, 4, 4)
    spans.push([1, 3], torch.zeros(1, 1, 1), torch.zeros(1, 2))
    assert spans.finish()[0].tolist() == [0.0, 5.0, 0.0, 5.0]
    assert Spans(lambda *_: torch.zeros(()), 1, 4, 3).finish().tolist() == [[0.0] * 3]
