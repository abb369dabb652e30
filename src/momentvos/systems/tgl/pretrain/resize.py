"""A trained TGL for frames of another size."""

from __future__ import annotations

import copy

import torch.nn.functional as F
from torch import Tensor

from momentvos.sam2.sizes import at_size
from momentvos.systems.tgl.model import TglModel


def resized(model: TglModel, size: int) -> TglModel:
    """The same weights for frames of `size` x `size` pixels, to be trained on there.

    Cheap steps on small frames come first, and objects are larger afterwards.
    Patches of the adapters keep their share of the frame, so their embeddings of places are
    interpolated; all other weights are the same at every size. The window attention of the stages
    keeps its windows in cells.

    Raises ValueError where a patch would not be a whole number of cells.
    """
    before = model.config.image_size
    patches = [patch * size / before for patch in model.config.adapter_patches]
    if size % 32 or any(patch % 1 for patch in patches):
        raise ValueError(
            f"{size} pixels do not suit a model for {before}: its adapters would see patches of "
            f"{', '.join(f'{patch:g}' for patch in patches)} cells"
        )
    config = copy.deepcopy(model.config)
    config.sam_config = at_size(config.sam_config, size)
    config.adapter_patches = [int(patch) for patch in patches]
    made = TglModel(config).to(model.device, model.dtype)
    weights = model.state_dict()
    for name, empty in made.state_dict().items():
        if name.endswith("spatial_pos_embed"):
            weights[name] = _interpolated(weights[name], empty.shape[3])
    made.load_state_dict(weights)
    made.tokenizer = model.tokenizer
    resized: TglModel = made.train(model.training)
    return resized


def _interpolated(embedding: Tensor, places: int) -> Tensor:
    """[1, 1, 1, P*P, d] for another number of places."""
    old, new = round(embedding.shape[3] ** 0.5), round(places**0.5)
    grid = embedding[0, 0].transpose(1, 2).unflatten(2, (old, old))
    wide = F.interpolate(grid.float(), (new, new), mode="bicubic", align_corners=False)
    return wide.flatten(2).transpose(1, 2)[None, None].to(embedding.dtype)
