"""Record what `EdgeTamVideoModel` of `transformers`, with timm's RepViT, makes of the reference.

python tests/sam2/record_edgetam.py      # where torch, torchvision, timm and transformers are

It needs nothing of this package. The file beside it was recorded with torch 2.14.1, timm 1.0.31 and
transformers 5.24.0.
"""

import numpy as np
import torch
from edgetam_reference import (
    EVERY,
    FRAMES,
    MIDDLE,
    RECORDED,
    RUNS,
    SIDES,
    box,
    fill,
    frames,
    point,
    published_json,
    square,
)  # fmt: skip
from transformers import (
    EdgeTamVideoConfig,
    EdgeTamVideoInferenceSession,
    EdgeTamVideoModel,
    EdgeTamVisionConfig,
)
from transformers.models.timm_wrapper import TimmWrapperConfig


def build(name: str) -> EdgeTamVideoModel:
    """The model with the reference's weights."""
    values = published_json(name)
    vision = values.pop("vision_config")
    backbone = vision.pop("backbone_config")
    backbone.pop("model_type"), vision.pop("model_type"), values.pop("model_type")
    vision = EdgeTamVisionConfig(backbone_config=TimmWrapperConfig(**backbone), **vision)
    model = EdgeTamVideoModel(EdgeTamVideoConfig(vision_config=vision, **values))
    assert type(model.vision_encoder.backbone.timm_model).__name__ == "FeatureListNet"
    return fill(model, name)


def track(model: EdgeTamVideoModel, video: torch.Tensor, run: str) -> tuple[np.ndarray, np.ndarray]:
    """Mask logits [12, h, w] and object scores [12]."""
    side = video.shape[-1]
    start = MIDDLE if run == "both ways" else 0
    logits, scores = [None] * FRAMES, [None] * FRAMES
    for reverse in (False, True) if run == "both ways" else (False,):
        session = EdgeTamVideoInferenceSession(video, side, side, dtype=video.dtype)
        session.obj_id_to_idx(1)
        session.obj_with_new_inputs = [1]
        if run in ("mask", "both ways"):
            session.add_mask_inputs(0, start, square(side))
        else:
            corners = box(side).view(1, 2, 2), torch.tensor([[2, 3]])
            where, labels = point(side) if run == "point" else corners
            given = {"point_coords": where[:, None], "point_labels": labels[:, None].int()}
            session.add_point_inputs(0, start, given)
        for out in model.propagate_in_video_iterator(session, start, reverse=reverse):
            logits[out.frame_idx] = out.pred_masks[0, 0].numpy()
            scores[out.frame_idx] = out.object_score_logits.reshape(-1)[:1].numpy()
    return np.stack(logits), np.concatenate(scores)


@torch.no_grad()
def main() -> None:
    found: dict[str, np.ndarray] = {}
    for name, side in SIDES.items():
        model, video = build(name), frames(side)
        found[f"{name} names"] = np.array(
            [f"{key} {','.join(map(str, one.shape))}" for key, one in model.state_dict().items()]
        )
        features = model.get_image_features(video[:1], return_dict=True).fpn_hidden_states
        for level, one in enumerate(features):
            found[f"{name} level {level}"] = one[:: 37 // (level + 1), 0, ::3].numpy()
        mask = square(side) * 4 - 2
        for seen in (1.0, -1.0):
            score = torch.tensor([[[seen]]])
            memory, _ = model._encode_new_memory(features[-1], mask, score, False)
            found[f"{name} memory {seen:g}"] = memory[0, ::9, ::3].numpy()
        for run in RUNS:
            logits, scores = track(model, video, run)
            before = found.get(f"{name} mask logits", logits[:, ::EVERY, ::EVERY])
            apart = abs(logits[:, ::EVERY, ::EVERY] - before).max((1, 2))
            print(name, run, scores.round(2), "from the mask's:", apart.round(2))
            found[f"{name} {run} logits"] = logits[:, ::EVERY, ::EVERY]
            found[f"{name} {run} scores"] = scores
    np.savez_compressed(RECORDED, **found)


if __name__ == "__main__":
    main()
