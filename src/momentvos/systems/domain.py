"""Whether a video shows what a model's weights know, by statistics of local image features.

Beside the weights of a model lie prototypes of what cells of its image encoder's first stages hold
in pictures of its domain (`tools/domain_statistics.py` computes them). Pictures of another kind
have cells far from every prototype, and so do most of their cells: PatchCore's idea (Roth et al.,
2022), at the size of some kilobytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers.utils import cached_file

from momentvos.errors import ModelError
from momentvos.guard import guarded
from momentvos.sam2 import stage, stem
from momentvos.sam2.geometry import fitted, padded
from momentvos.weights import DOMAIN_FILE

if TYPE_CHECKING:
    from transformers import Sam2VideoModel

    from momentvos.propagation.feature_cache import FeatureCache

FRAMES = 5
"""Frames of a video that are looked at; the median frame decides."""
SHARE = 0.65
"""A frame is as far as the cell that this share of its cells is nearer than."""
_SOURCES = ("revision", "cache_dir", "token", "local_files_only", "subfolder", "force_download")
_PARTS = ("mean", "whitening", "prototypes")


@dataclass(frozen=True)
class Prototypes:
    """What the cells of one stage hold in pictures of the domain.

    mean: [C]. whitening: [C, C], after which a cell's distance to the nearest prototype is 1 in
    the typical picture of the domain. prototypes: whitened, [K, C].
    """

    mean: Tensor
    whitening: Tensor
    prototypes: Tensor

    def distances(self, cells: Tensor) -> Tensor:
        """Of cells [N, M, C] to their nearest prototypes, [N, M]."""
        mean, whitening, prototypes = (
            one.to(cells) for one in (self.mean, self.whitening, self.prototypes)
        )
        return torch.cdist((cells - mean) @ whitening, prototypes[None]).amin(-1)


@dataclass(frozen=True)
class DomainCheck:
    """Statistics of the pictures that a model was trained on.

    stages: of the image encoder's first stages, in order. limit: the largest distance, as
    `distance` gives it, of a video of the domain.
    """

    stages: tuple[Prototypes, ...]
    limit: float

    def distance(self, cache: FeatureCache) -> float:
        """How far a video's pictures are from those of the domain; about 1 is typical of it."""
        cells = local_features(cache, spread(len(cache.video)), len(self.stages))
        return float(self.frame_distances(cells).median())

    def frame_distances(self, cells: Sequence[Tensor]) -> Tensor:
        """Of N frames, [N], from their cells [N, M, C] of each stage."""
        far = [
            one.distances(rows).quantile(SHARE, dim=1)
            for one, rows in zip(self.stages, cells, strict=True)
        ]
        return torch.stack(far).mean(0)

    def holds(self, cache: FeatureCache) -> bool:
        """Whether a video shows what the model knows."""
        return self.distance(cache) <= self.limit

    def save(self, folder: str | Path) -> None:
        """Write `domain.safetensors` into a model's folder, in 16 bits."""
        tensors = {
            f"{number}.{part}": getattr(one, part).half().contiguous()
            for number, one in enumerate(self.stages)
            for part in _PARTS
        }
        save_file(tensors | {"limit": torch.tensor([self.limit])}, Path(folder) / DOMAIN_FILE)

    @classmethod
    def beside(cls, name: str | Path, sam: Sam2VideoModel, **kwargs: Any) -> DomainCheck | None:
        """The statistics beside a model's weights in a folder or on a hub, or None.

        sam: the model's, whose encoder they must be of. kwargs: those of ``from_pretrained``.
        Raises ModelError for a file that cannot be read or is of another encoder.
        """
        if Path(name).is_dir():
            path = Path(name) / DOMAIN_FILE
        else:
            source = {key: kwargs[key] for key in _SOURCES if key in kwargs}
            missing = ("gated_repo", "missing_entries", "connection_errors")
            quiet = {f"_raise_exceptions_for_{one}": False for one in missing}
            path = Path(cached_file(name, DOMAIN_FILE, **source, **quiet) or "")
        if not path.is_file():
            return None
        with (
            guarded(ModelError, f"The statistics '{path}' cannot be read"),
            safe_open(path, framework="pt") as file,
        ):
            read = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
        widths = sam.config.vision_config.backbone_config.embed_dim_per_stage
        count = sum(key.endswith(".mean") for key in read)
        shapes = {f"{n}.{part}" for n in range(count) for part in _PARTS} | {"limit"}
        if not 0 < count <= len(widths) or read.keys() != shapes or not _fit(read, widths):
            raise ModelError(
                f"The statistics '{path}' are damaged or of another model; remove the file, or get "
                "the model again."
            )
        stages = [Prototypes(*(read[f"{n}.{part}"] for part in _PARTS)) for n in range(count)]
        return cls(tuple(stages), float(read["limit"]))


def spread(length: int) -> list[int]:
    """Numbers of up to `FRAMES` frames, in the middle of equal parts of a video."""
    return sorted({(2 * part + 1) * length // (2 * FRAMES) for part in range(FRAMES)})


@torch.inference_mode()
def local_features(cache: FeatureCache, frames: Sequence[int], stages: int) -> list[Tensor]:
    """Cells of the first stages of SAM2's encoder, float [N, M, C] each, without padding.

    The few frames are decoded apart from the cache's blocks, which are of many frames.
    """
    sam, mode, side = cache.sam, cache.mode, cache.side
    rows = [torch.from_numpy(one.rgb)[None] for one in cache.video.read(frames)]
    pictures = torch.cat([fitted(one, side, mode, cache.resizer) for one in rows])
    x = stem(sam, padded(pictures.to(sam.device), side, mode).to(sam.dtype))
    found = []
    for number in range(stages):
        x = stage(sam, number, x)
        height, width = (
            max(content * size // side, 1)
            for content, size in zip(pictures.shape[2:], x.shape[1:3], strict=True)
        )
        found.append(x[:, :height, :width].flatten(1, 2).float())
    return found


def note(domain: str | None) -> str:
    """What is said with every answer about a video outside of what the model knows."""
    known = "its training videos" if domain is None else f"{domain} only"
    return (
        f"this video is unlike what the model knows ({known}), so its answer means little; for "
        "real videos: momentvos run VIDEO SENTENCE --model tracks-cpu"
    )


def _fit(read: dict[str, Tensor], widths: Sequence[int]) -> bool:
    """Whether all values are finite and of shapes that fit the encoder and each other."""
    if read["limit"].numel() != 1 or not all(one.isfinite().all() for one in read.values()):
        return False
    for number, width in enumerate(widths[: len(read) // len(_PARTS)]):
        mean, whitening, prototypes = (read[f"{number}.{part}"] for part in _PARTS)
        if mean.shape != (width,) or whitening.shape != (width, width):
            return False
        if prototypes.ndim != 2 or not len(prototypes) or prototypes.shape[1] != width:
            return False
    return True
