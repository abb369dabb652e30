"""The frame that CLIP proposes, as the released program has it."""

import numpy as np
import pytest
import torch
from transformers import CLIPConfig, CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from momentvos.errors import ModelError
from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment
from momentvos.text import train_tokenizer

SENTENCES = ["The dog that jumps.", "the cat", "a RED square  moves"]
LAYERS = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A small CLIP with its folder."""
    folder = tmp_path_factory.mktemp("clip")
    words = train_tokenizer(["the dog that jumps", "the cat", "a red square moves"], 300, 32)
    ids = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    text = LAYERS | ids | {"vocab_size": len(words), "max_position_embeddings": 32}
    vision = LAYERS | {"image_size": 32, "patch_size": 8}
    torch.manual_seed(0)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=12)).eval()
    for weight in model.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.3)
    images = CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    )
    for part in (model, words, images):
        part.save_pretrained(folder)
    return folder, model, words, images


@torch.no_grad()
def test_the_sampling_meets_the_frame_that_clip_likes_best(build, frames, clip):
    folder, model, words, images = clip
    video, mini = ArrayVideo(frames, 24.0), build()
    sentences = [" ".join(sentence.lower().split()) for sentence in SENTENCES]
    texts = words(sentences, padding=True, return_tensors="pt")
    pixels = images(list(frames), return_tensors="pt")
    logits = model(
        input_ids=texts["input_ids"], attention_mask=texts["attention_mask"], **pixels
    ).logits_per_text
    best = logits.argmax(1).tolist()
    assert {frame % 2 for frame in best} == {0, 1}  # every second frame is sampled
    mini.config.proposer = str(folder)
    made = mini.segment(video, SENTENCES)
    mini.config.proposer = None
    for sentence, answer, frame in zip(SENTENCES, made, best, strict=True):
        told = mini.segment(video, sentence, relevance=[float(k == frame) for k in range(20)])
        assert int(np.argmax(answer.relevance)) % 2 == frame % 2
        assert answer.relevance == pytest.approx(told.relevance, abs=1e-5)


def test_what_is_given_counts_before_clip(build, frames):
    mini = build(proposer="/nowhere")
    video = ArrayVideo(frames, 24.0)
    mini.segment(video, "the dog", Moment([(4, 6)]))
    mini.segment(video, "the dog", relevance=[float(k == 3) for k in range(20)])
    mini.segment(ArrayVideo(frames[:1], 24.0), "the dog")
    with pytest.raises(ModelError, match="nowhere"):
        mini.segment(video, "the dog")
