"""Weights, frames and prompts of EdgeTAM's recorded reference; they need neither timm nor ours."""

import zlib
from pathlib import Path

import numpy as np
import torch

RECORDED = Path(__file__).parent / "edgetam_recorded.npz"
FRAMES, MIDDLE = 12, 7
EVERY = 4
"""Every how many-th pixel of the logits is recorded."""
SIDES = {"small": 128, "published": 256}
ENCODERS = {
    "small": {"embed_dim": [16, 24, 32, 48], "depth": [1, 2, 3, 2]},
    "published": {},
}
MODELS = {
    "small": {
        "enable_temporal_pos_encoding_for_object_pointers": True,
        "enable_occlusion_spatial_embedding": True,
        "memory_attention_hidden_size": 128,
        "memory_attention_mlp_hidden_size": 96,
        "memory_attention_rope_k_sizes": [4, 4],
        "perceiver_resampler_num_latents": 10,
        "perceiver_resampler_num_latents_2d": 16,
        "perceiver_resampler_mlp_intermediate_size": 96,
        "memory_encoder_hidden_size": 128,
        "mask_downsampler_embed_dim": 128,
        "memory_fuser_embed_dim": 128,
        "memory_fuser_intermediate_dim": 96,
    },
    "published": {
        "enable_temporal_pos_encoding_for_object_pointers": False,
        "enable_occlusion_spatial_embedding": False,
    },
}
SCORES = {"small": 1.5, "published": 2.0}
"""Of the object score's bias: at random it would be nowhere."""
STRONG = ("memory", "perceiver", "mask_decoder", "object_pointer")
GAINS = {"small": 1.6, "published": 1.5}
"""Of some weights, for what is remembered to change masks (but rounding not to grow with it)."""
RUNS = ("mask", "point", "box", "both ways")


def published_json(name: str) -> dict:
    """A ``config.json`` as `transformers` writes it, without label names."""
    side, encoder = SIDES[name], ENCODERS[name]
    hidden = MODELS[name].get("memory_attention_hidden_size", 256)
    features = {"in_chans": 3, "features_only": True, "out_indices": [0, 1, 2, 3]}
    return {
        "model_type": "edgetam_video",
        "image_size": side,
        "memory_attention_rope_feat_sizes": [side // 16] * 2,
        "prompt_encoder_config": {"image_size": side, "hidden_size": hidden},
        "mask_decoder_config": {
            "hidden_size": hidden, "iou_head_hidden_dim": hidden, "mlp_dim": 2 * hidden,
            "num_attention_heads": 4,
        } if name == "small" else {},
        "vision_config": {
            "model_type": "edgetam_vision_model",
            "backbone_channel_list": encoder.get("embed_dim", [48, 96, 192, 384])[::-1],
            "backbone_feature_sizes": [[side // stride] * 2 for stride in (4, 8, 16)],
            "fpn_hidden_size": hidden,
            "backbone_config": {
                "model_type": "timm_wrapper",
                "architecture": "repvit_m1.dist_in1k",
                "model_args": features | encoder,
            },
        },
    } | MODELS[name]  # fmt: skip


@torch.no_grad()
def fill(model: torch.nn.Module, name: str) -> torch.nn.Module:
    """Give every weight numbers that depend on its name alone and show in the result."""
    for key, weight in model.state_dict().items():
        if weight.is_floating_point():
            weight.copy_(_weight(key, tuple(weight.shape), GAINS[name]))
    model.mask_decoder.pred_obj_score_head.proj_out.bias.fill_(SCORES[name])
    return model.eval()


def _weight(name: str, shape: tuple[int, ...], gain: float) -> torch.Tensor:
    name = name.replace("prompt_encoder.shared_embedding", "shared_image_embedding")  # it is one
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    drawn = (rng.random(shape) * 2 - 1) * 3**0.5
    if name.endswith("running_var"):
        drawn = 1 + 0.5 * abs(drawn)
    elif len(shape) == 1 and name.endswith("weight"):
        drawn = 1 + 0.2 * drawn
    elif name.endswith("scale"):
        drawn = 0.5 + 0.1 * drawn
    elif "latents" in name:
        pass
    elif len(shape) < 2 or any(part in name for part in ("embed", "token", "encoding")):
        drawn = 0.3 * drawn
    else:
        drawn = 0.9 * drawn / np.prod(shape[1:]) ** 0.5
        if "neck" in name:
            drawn = 0.15 * drawn
        if any(part in name for part in STRONG):
            drawn = gain * drawn
    return torch.from_numpy(drawn.astype(np.float32))


def frames(side: int) -> torch.Tensor:
    """Normalised frames of waves that move, `[12,3,S,S]`."""
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[:side, :side] / side
    made = np.zeros((FRAMES, 3, side, side))
    for colour in range(3):
        for _ in range(8):
            down, right, phase = *rng.integers(-6, 7, 2), rng.random()
            for time in range(FRAMES):
                turn = down * rows + right * columns + phase + 0.04 * time * (1 + colour)
                made[time, colour] += 0.5 * np.sin(2 * np.pi * turn)
    return torch.from_numpy(made.astype(np.float32))


def square(side: int) -> torch.Tensor:
    """A mask on one frame, `[1,1,S,S]`."""
    mask = torch.zeros(1, 1, side, side)
    mask[..., side // 4 : side // 2, side // 3 : side * 3 // 4] = 1
    return mask


def point(side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A point `[1,1,2]` on one frame, and its label `[1,1]`."""
    return torch.tensor([[[side * 0.4, side * 0.3]]]), torch.tensor([[1]])


def box(side: int) -> torch.Tensor:
    """A box `[1,4]` on one frame."""
    return torch.tensor([[side / 4, side / 5, side / 2, side / 1.5]])
