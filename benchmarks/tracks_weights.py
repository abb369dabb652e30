"""`tracks-cpu` of the catalogue with random weights, as a folder that `momentvos.load` takes.

python benchmarks/tracks_weights.py FOLDER VIDEO

Class, sizes, image processor and number of tokens of each part are those of the public weights,
which it names in place of; what the weights know is nothing. They lie in folders of the form of hub
repositories. So that random weights have something to track:

- EdgeTAM's object score is positive, and prompt and memory change its masks (see `_tracker`);
- `box_threshold` is what the sixth best box of the video's first frame scores, 0.99 at most, since
  scores of a random detector say nothing, and `max_tracks` is 3;
- the thresholds of presence and relevance are 0, so that something is answered whatever is
  scored.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

OBJECTS, BOXES = 3, 6
GAIN = 3.0
"""Of EdgeTAM's decoder and memory, so that different objects have different masks."""
PRESENT = 3.0
"""Object score."""
WORDS = [
    *("a", "an", "the", "photo", "of", "object", "thing", "person", "man", "woman", "dog", "cat"),
    *("animal", "bird", "car", "tree", "building", "chair", "table", "ball", "plant", "sign"),
    *("sky", "ground", "wall", "water", "rabbit", "bike", "square", "red", "green", "blue"),
]


def write(folder: Path, video: Path) -> None:
    """Make the parts, unless they are there, and the configuration for objects in a video."""
    import momentvos
    from momentvos.hub.catalogue import catalogue
    from momentvos.media import Video

    config = json.loads(json.dumps(catalogue()["tracks-cpu"].config))
    for role, make in MAKERS.items():
        if not (folder / role / "done").is_file():
            torch.manual_seed(0)
            for part in make():
                part.save_pretrained(folder / role)
            (folder / role / "done").touch()
        config[role]["model"] = str(folder.resolve() / role)
    config |= {"max_tracks": OBJECTS, "relevance_threshold": 0.0, "presence_threshold": 0.0}
    with tempfile.TemporaryDirectory() as place, torch.inference_mode():
        every = config | {"detector": config["detector"] | {"box_threshold": 0.0}}
        (Path(place) / "config.json").write_text(json.dumps(every))
        detector = momentvos.load(place, device="cpu").parts.detector
        first = next(iter(Video.open(video).read([0]))).rgb
        scores = sorted((one.score for one in detector([first], ["square"])[0]), reverse=True)
    config["detector"]["box_threshold"] = min(scores[BOXES], 0.99)
    (folder / "config.json").write_text(json.dumps(config, indent=2))


def _detector() -> list[Any]:
    """Grounding DINO tiny: Swin-T and BERT base, 172 million parameters, pictures of 800 x 1333."""
    from transformers import GroundingDinoConfig, GroundingDinoForObjectDetection
    from transformers.models.grounding_dino.image_processing_pil_grounding_dino import (
        GroundingDinoImageProcessorPil,
    )

    model = GroundingDinoForObjectDetection(GroundingDinoConfig())
    return [model, _bert_tokenizer(), GroundingDinoImageProcessorPil()]


def _bert_tokenizer() -> Any:
    """As many ids as BERT has; those that Grounding DINO knows by number are where they belong."""
    from transformers import BertTokenizer

    names = [f"[unused{number}]" for number in range(30522)]
    names[0], names[100:104] = "[PAD]", ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    names[1012], names[1029] = ".", "?"
    names[2000 : 2000 + len(WORDS)] = WORDS
    return BertTokenizer(vocab={name: number for number, name in enumerate(names)})


def _tracker() -> list[Any]:
    """EdgeTAM, 14 million parameters.

    With weights as they are drawn every object would be nowhere, and every mask the same.
    """
    from momentvos.sam2.edgetam import EdgeTam, edgetam_config

    model = EdgeTam(edgetam_config({}))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() > 1 and ("mask_decoder" in name or "memory" in name):
                weight *= GAIN
        model.mask_decoder.pred_obj_score_head.proj_out.bias += PRESENT
    return [model]


def _selector() -> list[Any]:
    """SigLIP2 base with patches of 16 at 224 pixels, 375 million parameters, 256,000 tokens."""
    from transformers import SiglipConfig, SiglipModel
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    from momentvos.text import train_tokenizer

    config = SiglipConfig(
        text_config={"vocab_size": 256000, "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0},
        vision_config={"image_size": 224, "patch_size": 16},
    )
    words = train_tokenizer([" ".join(WORDS)], 400, 64)
    return [SiglipModel(config), words, SiglipImageProcessorPil()]


MAKERS: dict[str, Callable[[], list[Any]]] = {
    "detector": _detector,
    "tracker": _tracker,
    "selector": _selector,
}


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
