"""The to_pixels dual encoder: what it computes, how it is kept, and how it is asked."""

import numpy as np
import pytest
import torch

from momentvos.errors import ModelError
from momentvos.grounding import build
from momentvos.grounding.dual.model import DualConfig, DualEncoder
from momentvos.grounding.dual.scorer import load, to_pixels

SENTENCES = ["the dog that jumps", "a red square moves left, then right"]


@pytest.fixture(scope="module")
def dual(tokenizer):
    torch.manual_seed(0)
    config = DualConfig(
        side=32, channels=16, blocks=1, dimension=16, layers=1, heads=2,
        vocab_size=len(tokenizer), window=8,
    )  # fmt: skip
    model = DualEncoder(config).eval()
    model.tokenizer = tokenizer
    return model


@pytest.fixture(scope="module")
def dual_folder(dual, tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights") / "dual"
    dual.save_pretrained(folder)
    return folder


@torch.no_grad()
def test_cells_and_sentences_are_unit_vectors(dual, tokenizer):
    cells = dual.cells(torch.rand(2, 5, 3, 32, 32))
    assert cells.shape == (2, 5, 16, 16)
    assert torch.allclose(cells.norm(dim=-1), torch.ones(2, 5, 16), atol=1e-5)
    encoded = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    read = dual.sentences(encoded["input_ids"], encoded["attention_mask"])
    assert torch.allclose(read.norm(dim=-1), torch.ones(2), atol=1e-5)


@torch.no_grad()
def test_padding_says_nothing(dual, tokenizer):
    both = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    alone = tokenizer(SENTENCES[:1], return_tensors="pt")
    first = dual.sentences(both["input_ids"], both["attention_mask"])[0]
    second = dual.sentences(alone["input_ids"], alone["attention_mask"])[0]
    assert torch.allclose(first, second, atol=1e-5)


@torch.no_grad()
def test_a_frame_is_as_relevant_as_its_best_cell(dual):
    cells = torch.nn.functional.normalize(torch.randn(4, 9, 16), dim=-1)
    sentence = torch.nn.functional.normalize(torch.randn(1, 16), dim=-1)
    before = dual.relevance(cells, sentence)
    cells[2, 5] = sentence[0]
    after = dual.relevance(cells, sentence)
    assert after[0, 2] > before[0, 2]
    assert torch.allclose(after[0, [0, 1, 3]], before[0, [0, 1, 3]], atol=1e-6)


@torch.no_grad()
def test_motion_is_seen(dual):
    forth = torch.zeros(1, 6, 3, 32, 32)
    for frame in range(6):
        forth[0, frame, :, 8:16, 4 * frame : 4 * frame + 8] = 1.0
    back = forth.flip(1)
    assert not torch.allclose(dual.cells(forth), dual.cells(back).flip(1), atol=1e-3)


@torch.no_grad()
def test_a_saved_folder_answers_as_the_model_does(dual, dual_folder, tokenizer, write_frames):
    from momentvos.media import Video

    video = Video.open(write_frames(8), fps=8)
    answers = build(f"dual={dual_folder}@0.0", "cpu").ground(video, SENTENCES)
    encoded = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    pixels = to_pixels(np.stack([frame.rgb for frame in video.frames()]), 32)
    expected = dual(pixels, encoded["input_ids"], encoded["attention_mask"]).sigmoid()
    assert np.allclose([one.relevance for one in answers], expected, atol=1e-5)


def test_windows_overlap_and_best_frames_are_chosen(dual_folder, clip):
    (answer,) = build(f"dual={dual_folder}:3", "cpu").ground(clip, SENTENCES[:1])
    assert len(answer.relevance) == 20 and len(answer.frames) == 3
    assert min(answer.relevance[n] for n in answer.frames) == sorted(answer.relevance)[-3]


def test_another_model_is_refused(clip_folder):
    with pytest.raises(ModelError, match="'clip', not 'momentvos_dual'"):
        load(clip_folder, "cpu")
