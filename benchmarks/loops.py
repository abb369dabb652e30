"""Loops through a video that follow objects from their masks: ours, and those that others ship.

Each is called with frames `[T,3,S,S]`, normalised, and masks `[N,1,S,S]` of the first, and gives
mask logits `[N,S/4,S/4]` frame by frame, as it goes.
"""

from __future__ import annotations

import copy
import importlib.util
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from transformers import Sam2HieraDetConfig, Sam2VideoInferenceSession, Sam2VideoModel

from momentvos.convert.names import sam2_sources
from momentvos.propagation import DecoderOptions, both_ways, merge, run
from momentvos.sam2 import Prompt, Pyramid, compiled, encode
from momentvos.sam2.compiled import compile_parts
from momentvos.sam2.edgetam import EdgeTam, edgetam_config
from momentvos.sam2.init_weights import draw_layers, draw_tokens
from momentvos.sam2.precision import reduce_products
from momentvos.sam2.sizes import HIERA_BASE_PLUS, HIERA_LARGE, at_size, sam_config

Loop = Callable[[Tensor, Tensor], Iterator[Tensor]]

HIERA = {
    "tiny": {},
    "small": {"blocks_per_stage": [1, 2, 11, 2], "global_attention_blocks": [7, 10, 13]},
    "base+": HIERA_BASE_PLUS,
    "large": HIERA_LARGE,
}
CONFIGS = {"tiny": "t", "small": "s", "base+": "b+", "large": "l"}
"""How files of the sam2 package are called."""


def model(size: str, side: int, seed: int = 0) -> Sam2VideoModel:
    """SAM2.1 of a published size, or EdgeTAM, with random weights, for `side` x `side` pixels."""
    torch.manual_seed(seed)
    if size == "edgetam":
        made = EdgeTam(at_size(edgetam_config({}), side))
        draw_layers(made.modules())
        made.mask_decoder.pred_obj_score_head.proj_out.bias.data += 5
        return made.eval().requires_grad_(False)
    hiera = Sam2HieraDetConfig(image_size=[side, side], **HIERA[size])
    sam = Sam2VideoModel(sam_config(hiera, pointer_encoding=True, occlusion_embedding=True))
    draw_layers(sam.modules())
    draw_tokens(sam)
    sam.mask_decoder.pred_obj_score_head.proj_out.bias.data += 5  # so that objects are there
    return sam.eval().requires_grad_(False)


def clip(side: int, length: int, objects: int) -> tuple[Tensor, Tensor]:
    """Frames of smooth noise that moves, and a rectangle for each object on the first."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(1, 3, side // 16, side // 16, generator=generator)
    canvas = torch.nn.functional.interpolate(noise, size=(side, side), mode="bicubic")[0]
    frames = torch.stack([canvas.roll((2 * t, 3 * t), dims=(1, 2)) for t in range(length)])
    masks = torch.zeros(objects, 1, side, side)
    for number in range(objects):
        top, left = (side * (number % 4) // 5, side * (number // 4) // 5)
        masks[number, 0, top : top + side // 4, left : left + side // 3] = 1
    return frames, masks


def fast(sam: Sam2VideoModel, mode: str) -> Sam2VideoModel:
    """The model in a mode of ours, such as "bfloat16+compile"; "float32" is itself."""
    kind, _, more = mode.partition("+")
    if mode == "float32":
        return sam
    made = copy.deepcopy(sam)
    if kind == "bfloat16":
        reduce_products(made)
    if more:
        compile_parts(made)
    return made


def is_compiled(sam: Sam2VideoModel) -> bool:
    """Whether programs were made of its image encoder, which the first frame does."""
    return bool(compiled._PROGRAMS.get(sam.vision_encoder))


def ours(sam: Sam2VideoModel) -> Loop:
    """The engine of this package, frame by frame."""

    @torch.inference_mode()
    def loop(frames: Tensor, masks: Tensor) -> Iterator[Tensor]:
        length = range(len(frames))
        plan = merge(both_ways(length, [0], obj_id=number) for number in range(len(masks)))
        kept: dict[int, Pyramid] = {}

        def features(steps):
            numbers = [step.frame for step in steps]
            if numbers[0] not in kept:
                kept.clear()
                kept[numbers[0]] = encode(sam, frames[numbers[0]][None])
            return Pyramid.cat([kept[number] for number in numbers])

        def prompts(steps):
            return Prompt(mask=masks[[step.obj_id for step in steps]])

        options = DecoderOptions.of_sam2(sam.config, length=len(frames))
        done: list[Tensor] = []
        for part in run(sam, plan, features, prompts, options):
            done.append(part.decoded.logits)
            if sum(map(len, done)) == len(masks):
                yield torch.cat(done)
                done = []

    return loop


def transformers(sam: Sam2VideoModel) -> Loop:
    """`Sam2VideoModel.propagate_in_video_iterator`."""

    @torch.inference_mode()
    def loop(frames: Tensor, masks: Tensor) -> Iterator[Tensor]:
        session = Sam2VideoInferenceSession(frames, *frames.shape[-2:], dtype=frames.dtype)
        for number, mask in enumerate(masks):
            session.obj_id_to_idx(number)
            session.add_mask_inputs(number, 0, mask[None])
        session.obj_with_new_inputs = list(range(len(masks)))
        for out in sam.propagate_in_video_iterator(session, 0):
            yield out.pred_masks[:, 0]

    return loop


def sam2(sam: Sam2VideoModel, size: str) -> Loop | None:
    """`propagate_in_video` of Meta's package with the same weights; None where it is missing."""
    if importlib.util.find_spec("sam2") is None:
        return None
    import sam2 as package  # noqa: F401  # registers its configurations
    from sam2 import sam2_video_predictor
    from sam2.build_sam import build_sam2_video_predictor

    side = sam.config.image_size
    predictor = build_sam2_video_predictor(
        f"configs/sam2.1/sam2.1_hiera_{CONFIGS[size]}.yaml",
        device="cpu",
        apply_postprocessing=False,  # filling holes needs a GPU; the rest of it:
        hydra_overrides_extra=[
            f"++model.image_size={side}",
            "++model.sam_mask_decoder_extra_args.dynamic_multimask_via_stability=true",
            "++model.sam_mask_decoder_extra_args.dynamic_multimask_stability_delta=0.05",
            "++model.sam_mask_decoder_extra_args.dynamic_multimask_stability_thresh=0.98",
            "++model.binarize_mask_from_pts_for_mem_enc=true",
        ],
    )
    predictor.load_state_dict(_named_as_in_sam2(sam))
    predictor.requires_grad_(False)

    @contextmanager
    def given(frames: Tensor):
        """In place of the folder of pictures that it reads."""
        before = sam2_video_predictor.load_video_frames
        sam2_video_predictor.load_video_frames = lambda **_: (frames, side, side)
        try:
            yield
        finally:
            sam2_video_predictor.load_video_frames = before

    @torch.inference_mode()
    def loop(frames: Tensor, masks: Tensor) -> Iterator[Tensor]:
        with given(frames):
            state = predictor.init_state(video_path="")
        for number, mask in enumerate(masks):
            predictor.add_new_mask(state, 0, number, mask[0] > 0)
        low: list[Tensor] = []
        resized = predictor._get_orig_video_res_output

        def watched(state, masks):
            low.append(masks)
            return resized(state, masks)

        predictor._get_orig_video_res_output = watched
        try:
            for _ in predictor.propagate_in_video(state):
                yield low.pop()[:, 0]
        finally:
            predictor._get_orig_video_res_output = resized

    return loop


def _named_as_in_sam2(sam: Sam2VideoModel) -> OrderedDict[str, Tensor]:
    made: OrderedDict[str, Tensor] = OrderedDict()
    for name, weight in sam.state_dict().items():
        sources = sam2_sources(name)
        parts = weight.chunk(len(sources)) if len(sources) > 1 else [weight]
        made.update(zip(sources, parts, strict=False))
    return made
