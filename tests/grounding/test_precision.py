"""What runs on a GPU in bfloat16 runs here too."""

import torch

from momentvos.grounding import build


def test_frames_are_compared_in_half_precision(
    half, clip, clip_folder, siglip_folder, blip2_folder, xclip_folder
):
    specs = [
        f"clip={clip_folder}",
        f"siglip2={siglip_folder}",
        f"blip2={blip2_folder}~itm",
        f"blip2={blip2_folder}~itc",
        f"xclip={xclip_folder}",
    ]
    for spec in specs:
        grounder = build(spec, "cpu")
        assert grounder.scorer.model.dtype == torch.bfloat16
        (answer,) = grounder.ground(clip, ["the dog that jumps"])
        assert len(answer.moment) == 4
