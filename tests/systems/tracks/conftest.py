"""Tiny random checkpoints of the true classes, and objects that play roles from ground truth."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest
import torch

from momentvos.systems import registry
from momentvos.systems.tracks.crops import box_of
from momentvos.systems.tracks.detectors import Detection

VOCABULARY = 1100
"""Grounding DINO knows "." and the ends of texts by BERT's own ids, the largest of them 1029."""


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """The system is registered, whatever metadata are installed."""
    names = {"tgl", "momentseg", "vrshq", "tracks"}
    points = [EntryPoint(n, f"momentvos.systems.{n}:ENTRY", registry.GROUP) for n in sorted(names)]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    registry.registered.cache_clear()
    yield
    registry.registered.cache_clear()


@pytest.fixture(scope="session")
def bert_tokenizer(tmp_path_factory):
    from transformers import BertTokenizer

    words = [f"[unused{n}]" for n in range(VOCABULARY)]
    words[0], words[100:104] = "[PAD]", ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words[1012], words[1029] = ".", "?"
    words[200:208] = ["dog", "cat", "animal", "object", "person", "red", "square", "object##s"]
    file = tmp_path_factory.mktemp("bert") / "vocab.txt"
    file.write_text("\n".join(words) + "\n")
    return BertTokenizer(str(file))


def save(folder, model, tokenizer=None, images=None, std=0.05):
    """In the form of a hub repository, with weights that tell pictures apart."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=std)
    for part in (model, tokenizer, images):
        if part is not None:
            part.save_pretrained(folder)
    return folder


def dino_config(kind):
    from transformers import BertConfig, SwinConfig

    backbone = SwinConfig(
        image_size=64, embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 1, 1], window_size=4,
        out_features=["stage2", "stage3", "stage4"],
    )  # fmt: skip
    text = BertConfig(
        vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32,
    )  # fmt: skip
    return kind(
        backbone_config=backbone, text_config=text, d_model=32, encoder_layers=1,
        decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=32, decoder_ffn_dim=32, num_queries=12, num_feature_levels=4,
        max_text_len=64, disable_custom_kernels=True,
    )  # fmt: skip


@pytest.fixture(scope="session", params=["grounding-dino", "mm-grounding-dino"])
def dino_folder(request, tmp_path_factory, bert_tokenizer):
    import transformers as tf
    from transformers.models.grounding_dino.image_processing_pil_grounding_dino import (
        GroundingDinoImageProcessorPil,
    )

    torch.manual_seed(0)
    if request.param == "grounding-dino":
        model = tf.GroundingDinoForObjectDetection(dino_config(tf.GroundingDinoConfig))
    else:
        model = tf.MMGroundingDinoForObjectDetection(dino_config(tf.MMGroundingDinoConfig))
    images = GroundingDinoImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96})
    folder = tmp_path_factory.mktemp("weights") / request.param
    return save(folder, model, bert_tokenizer, images)


@pytest.fixture(scope="session")
def owl_folder(tmp_path_factory, bert_tokenizer):
    import transformers as tf
    from transformers.models.owlv2.image_processing_pil_owlv2 import Owlv2ImageProcessorPil

    torch.manual_seed(0)
    small = {
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }  # fmt: skip
    text = small | {
        "vocab_size": VOCABULARY, "max_position_embeddings": 16, "bos_token_id": 101,
        "pad_token_id": 0, "eos_token_id": 102,
    }  # fmt: skip
    config = tf.Owlv2Config(
        text_config=text, vision_config=small | {"image_size": 64, "patch_size": 16},
        projection_dim=16,
    )  # fmt: skip
    images = Owlv2ImageProcessorPil(size={"height": 64, "width": 64})
    folder = tmp_path_factory.mktemp("weights") / "owlv2"
    return save(folder, tf.Owlv2ForObjectDetection(config), bert_tokenizer, images)


@pytest.fixture(scope="session")
def tokenizer():
    from momentvos.text import train_tokenizer

    return train_tokenizer(["the dog that jumps", "a photo of a cat", "the red square"], 400, 16)


@pytest.fixture(scope="session")
def siglip_folder(tmp_path_factory, tokenizer):
    import transformers as tf
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    torch.manual_seed(0)
    small = {
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }  # fmt: skip
    text = small | {
        "vocab_size": len(tokenizer), "max_position_embeddings": 16, "projection_size": 16,
        "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2,
    }  # fmt: skip
    config = tf.SiglipConfig(
        text_config=text, vision_config=small | {"image_size": 32, "patch_size": 16}
    )
    images = SiglipImageProcessorPil(size={"height": 32, "width": 32})
    folder = tmp_path_factory.mktemp("weights") / "siglip"
    return save(folder, tf.SiglipModel(config), tokenizer, images, std=0.3)


@pytest.fixture(scope="session")
def sam_folder(tmp_path_factory):
    from transformers import Sam2VideoModel

    from momentvos.sam2.sizes import sam_mini

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights") / "sam2"
    Sam2VideoModel(sam_mini()).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def clip_arrays():
    """12 frames of two squares, the red one moving, and their numbers, [T, 64, 96(, 3)]."""
    frames = np.full((12, 64, 96, 3), 60, np.uint8)
    ids = np.zeros((12, 64, 96), np.uint8)
    for frame in range(12):
        for number, (x, colour) in enumerate([(6 + 4 * frame, (220, 30, 30)), (60, (30, 30, 220))]):
            y = 8 + 30 * number
            frames[frame, y : y + 20, x : x + 20] = colour
            ids[frame, y : y + 20, x : x + 20] = number + 1
    frames[:, 0, 0, 0] = np.arange(12)  # no two frames are the same
    return frames, ids


@pytest.fixture
def clip(clip_arrays):
    from momentvos.media.arrays import ArrayVideo

    return ArrayVideo(clip_arrays[0], 6.0)


class TruthDetector:
    """Detects every object by its true mask, as all of the phrases that it is told."""

    def __init__(self, frames, ids, names=None):
        self.ids = {rgb.tobytes(): row for rgb, row in zip(frames, ids, strict=True)}
        self.names, self.asked = names, []

    def __call__(self, frames, phrases):
        self.asked.append((len(frames), tuple(phrases)))
        found = []
        for rgb in frames:
            ids = self.ids[rgb.tobytes()]
            row = []
            for number in np.unique(ids[ids > 0]).tolist():
                known = phrases if self.names is None else [self.names[number]]
                scores = {one: 0.9 for one in phrases if one in known}
                if scores:
                    box = tuple(map(float, box_of(ids == number)))
                    row.append(Detection(box, scores, ids == number))
            found.append(row)
        return found


@pytest.fixture
def truth(clip_arrays):
    return TruthDetector(*clip_arrays)


@pytest.fixture(scope="session")
def tgl():
    import momentvos

    return momentvos.load("tgl-mini", device="cpu")
