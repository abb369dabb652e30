"""Pixels equal those of `transformers`' own image processors by Pillow, on 20 pictures.

Bit for bit where both resize by Pillow. SAM2 and SAM3 have a processor for torchvision alone, which
resizes by PyTorch's kernel for bytes: there a rounding may fall the other way.
"""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from momentvos.grounding.chat import chat_model
from momentvos.sam2.geometry import to_input
from momentvos.systems.tracks.parts import KINDS

SIZES = [
    (48, 80), (80, 48), (64, 64), (3, 40), (100, 30), (30, 100), (1, 1), (2, 3), (5, 200),
    (200, 5), (17, 23), (333, 250), (250, 333), (480, 640), (720, 1280), (1080, 608), (97, 131),
    (256, 256), (1, 50), (600, 60),
]  # fmt: skip
"""(height, width): wide, tall, square, tiny, narrow, large."""


def picture(number: int) -> np.ndarray:
    """uint8 [H, W, 3]: noise, waves, grey, black, white."""
    height, width = SIZES[number]
    noise = np.random.default_rng(number)
    rows, columns = np.mgrid[:height, :width]
    kind = number % 5
    if kind == 0:
        return noise.integers(0, 256, (height, width, 3), np.uint8)
    if kind == 1:
        waves = [np.sin(rows / (3 + k) + columns / (7 - k)) for k in range(3)]
        return ((np.stack(waves, -1) + 1) * 127.5).round().astype(np.uint8)
    if kind == 2:
        grey = noise.integers(0, 256, (height, width, 1), np.uint8)
        return np.repeat(grey, 3, axis=2)
    if kind == 3:
        slopes = [rows / height, columns / width, (rows + columns) / (height + width)]
        return (np.stack(slopes, -1) * 255).round().astype(np.uint8)
    edges = ((rows // 3 + columns // 5) % 2 * 255).astype(np.uint8)
    return np.repeat(edges[..., None], 3, axis=2)


def pictures() -> Iterator[np.ndarray]:
    return map(picture, range(len(SIZES)))


def theirs(folder, kind):
    """The image processor of `transformers` by Pillow, from the same folder."""
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    from transformers.models.grounding_dino.image_processing_pil_grounding_dino import (
        GroundingDinoImageProcessorPil,
    )
    from transformers.models.owlv2.image_processing_pil_owlv2 import Owlv2ImageProcessorPil
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
    from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil
    from transformers.models.videomae.image_processing_pil_videomae import (
        VideoMAEImageProcessorPil,
    )

    classes = {
        "owlv2": Owlv2ImageProcessorPil, "siglip": SiglipImageProcessorPil,
        "siglip2": SiglipImageProcessorPil, "siglip2-naflex": Siglip2ImageProcessorPil,
        "clip": CLIPImageProcessorPil, "xclip": VideoMAEImageProcessorPil,
    }  # fmt: skip
    return classes.get(kind, GroundingDinoImageProcessorPil).from_pretrained(folder)


@pytest.mark.parametrize("name", ["grounding-dino", "mm-grounding-dino", "llmdet", "owlv2"])
def test_detectors_see_what_their_processor_makes(checkpoint, name):
    kind = "owlv2" if name == "owlv2" else "grounding-dino"
    detector = KINDS["detector"][kind].load({"model": str(checkpoint(name))})
    processor = theirs(checkpoint(name), name)
    for rgb in pictures():
        mine = detector.pixels([rgb, rgb])
        other = processor(Image.fromarray(rgb), return_tensors="pt")
        assert set(mine) == set(other)
        for key, value in other.items():
            assert torch.equal(mine[key][:1], value), (name, key, rgb.shape)
            assert torch.equal(mine[key][1:], value)


def seen(module):
    """What a module is given as pixels, one call after the other."""
    kept = []

    def keep(_, args, kwargs):
        kept.append([*args, *kwargs.values()])

    module.register_forward_pre_hook(keep, with_kwargs=True)
    return kept


@pytest.mark.parametrize("name", ["siglip", "siglip2", "siglip2-naflex", "clip", "xclip"])
def test_selectors_see_what_their_processor_makes(checkpoint, name, monkeypatch):
    tower = KINDS["selector"]["similarity"].load({"model": str(checkpoint(name))}).tower
    processor = theirs(checkpoint(name), name)
    kept = seen(tower.model.vision_model)
    with torch.inference_mode():
        texts = tower.texts(["the dog", "a photo of a cat"])
        for rgb in pictures():
            kept.clear()
            tower.logits([rgb], texts)
            other = processor([Image.fromarray(rgb)], return_tensors="pt")["pixel_values"]
            mine = next(value for value in kept[0] if isinstance(value, torch.Tensor))
            if name == "xclip":  # a window is filled up with its last frame
                mine, other = mine[:1], other.flatten(0, -4)
            assert torch.equal(mine, other), (name, rgb.shape)


@pytest.mark.parametrize("name", ["qwen2.5-vl", "qwen3-vl"])
def test_chat_models_see_what_their_processor_makes(checkpoint, name):
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    chat = chat_model.load("chat", str(checkpoint(name)), "cpu")
    vision = chat.model.config.vision_config
    area = (vision.patch_size * vision.spatial_merge_size) ** 2
    low, high = chat_model.TOKENS
    normal = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3} if name == "qwen3-vl" else {}
    processor = Qwen2VLImageProcessorPil(
        size={"shortest_edge": low * area, "longest_edge": high * area},
        patch_size=vision.patch_size, merge_size=vision.spatial_merge_size, **normal,
    )  # fmt: skip
    kept = seen(chat.model.model.visual)
    for rgb in pictures():
        kept.clear()
        chat.yes_no([rgb, "Is it true?"])
        other = processor(Image.fromarray(rgb), return_tensors="pt")
        pixels, grid = (value for value in kept[0] if isinstance(value, torch.Tensor))
        assert torch.equal(grid, other["image_grid_thw"]), rgb.shape
        assert torch.equal(pixels, other["pixel_values"]), rgb.shape


def bytes_resized(rgb, side, mode):
    """What torchvision's `Resize` of a uint8 picture is: PyTorch's kernel for bytes."""
    planes = torch.from_numpy(rgb).permute(2, 0, 1)[None]
    return F.interpolate(planes, (side, side), mode=mode, antialias=True, align_corners=False)


@pytest.mark.parametrize("name", ["sam3", "sam3-video"])
def test_sam3_sees_what_its_processor_makes(checkpoint, name):
    detector = KINDS["detector"]["sam3"].load({"model": str(checkpoint(name))})
    for rgb in pictures():
        mine = detector.pixels([rgb])["pixel_values"]
        other = (bytes_resized(rgb, 112, "bilinear") / 255 - 0.5) / 0.5
        assert mine.shape == (1, 3, 112, 112)
        assert (mine - other).abs().max() < 1.01 * 2 / 255, rgb.shape
        square = Image.fromarray(rgb).resize((112, 112), Image.Resampling.BILINEAR)
        exact = (torch.from_numpy(np.array(square)).permute(2, 0, 1) / 255 - 0.5) / 0.5
        assert (mine[0] - exact).abs().max() < 1e-6, rgb.shape


def test_sam2_sees_what_its_authors_program_makes():
    """By `PIL.Image.resize` without more words, which is bicubic, to the whole square.

    The same bit for bit by "pillow", and within one level of grey by "float"; within four where a
    picture is ten times as high as wide, for there Pillow 13 takes the directions in another order.
    """
    level = 1.001 / 255 / 0.224
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    for rgb in pictures():
        square = torch.from_numpy(np.array(Image.fromarray(rgb).resize((128, 128))))
        other = ((square / 255 - mean) / std).permute(2, 0, 1)[None]
        tall = rgb.shape[0] >= 10 * rgb.shape[1]
        for resizer, levels in (("float", 1), ("pillow", 0)):
            mine, _ = to_input(rgb[None], 128, "stretch", resizer)
            assert (mine - other).abs().max() <= (4 if tall else levels) * level, rgb.shape
