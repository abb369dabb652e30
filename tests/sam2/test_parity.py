"""Ours against `Sam2VideoModel`'s own inference."""

import copy

import pytest
import torch
from transformers import Sam2VideoInferenceSession

from momentvos.sam2 import Prompt, attend, decode, decode_mask, encode, remember

CLOSE = 1e-4


@pytest.fixture
def session(video):
    return _session(video)


def _session(video):
    state = Sam2VideoInferenceSession(video, *video.shape[-2:], dtype=video.dtype)
    state.obj_id_to_idx(1)
    state.obj_with_new_inputs = [1]
    return state


def _apart(a, b):
    assert a.shape == b.shape
    return (a - b).abs().max().item()


def _spread(logits):
    assert logits.std() > 0.05, "logits that hardly vary would compare equal by chance"


@torch.no_grad()
def test_image_features(sam, video):
    theirs = sam.get_image_features(video, return_dict=True).fpn_hidden_states
    ours = encode(sam, video)
    for mine, other in zip(ours.levels, theirs, strict=True):
        assert _apart(mine.flatten(2).permute(2, 0, 1), other) < 1e-5


@pytest.mark.parametrize("clicks", [1, 2])
@torch.no_grad()
def test_points_on_one_frame(sam, video, session, clicks):
    size = sam.config.image_size
    points = torch.tensor([[[size / 3, size / 4], [size / 2, size / 2]]])[:, :clicks]
    labels = torch.tensor([[1, 0]])[:, :clicks]
    session.add_point_inputs(
        0, 0, {"point_coords": points[:, None], "point_labels": labels[:, None]}
    )
    theirs = sam(session, frame_idx=0)

    pyramid = encode(sam, video[:1])
    attended = pyramid.with_top(attend(sam, pyramid.top))
    prompt = Prompt(points=points, labels=labels)
    ours = decode(sam, attended, prompt, multimask=clicks == 1, stable=True)
    assert _apart(ours.logits[:, None], theirs.pred_masks) < CLOSE
    _spread(ours.logits)
    stored = session.output_dict_per_obj[0]["cond_frame_outputs"][0]
    assert _apart(ours.pointer, stored["object_pointer"][:, 0]) < CLOSE
    assert _apart(ours.score, stored["object_score_logits"][:, 0, 0]) < CLOSE


@torch.no_grad()
def test_boxes_and_masks_as_the_image_model_embeds_them(sam, video):
    size = sam.config.image_size
    pyramid = encode(sam, video[:1])
    boxes = torch.tensor([[size / 4, size / 4, size / 2, size / 1.5]])
    mask = torch.randn(1, 1, size // 4, size // 4)
    for prompt, inputs in [
        (Prompt(boxes=boxes), {"input_boxes": boxes[:, None]}),
        (Prompt(mask=mask), {"input_masks": mask}),
    ]:
        theirs = sam._single_frame_forward(image_embeddings=list(pyramid.levels), **inputs)
        ours = decode(sam, pyramid, prompt, multimask=True)
        assert _apart(ours.logits[:, None], theirs.pred_masks) < CLOSE
        assert _apart(ours.pointer, theirs.object_pointer[:, 0]) < CLOSE


@pytest.mark.parametrize("empty", [False, True])
@torch.no_grad()
def test_mask_on_one_frame(sam, video, square, session, empty):
    mask = square * 0 if empty else square
    session.add_mask_inputs(0, 0, mask)
    theirs = sam(session, frame_idx=0)

    ours = decode_mask(sam, encode(sam, video[:1]), mask)
    assert _apart(ours.logits[:, None], theirs.pred_masks) < CLOSE
    stored = session.output_dict_per_obj[0]["cond_frame_outputs"][0]
    assert _apart(ours.pointer, stored["object_pointer"].flatten(0, -2)) < CLOSE
    assert _apart(ours.score, stored["object_score_logits"].flatten()) < CLOSE
    assert _apart(ours.full[:, None], stored["high_res_masks"]) < CLOSE


@pytest.mark.parametrize("binarize", [False, True])
@torch.no_grad()
def test_memory_of_seen_and_unseen_objects(sam, video, binarize):
    top = encode(sam, video[:2]).top
    quarter = sam.config.image_size // 4
    logits, score = torch.randn(2, quarter, quarter), torch.tensor([1.0, -1.0])
    full = torch.nn.functional.interpolate(logits[:, None], scale_factor=4.0, mode="bilinear")
    theirs, _ = sam._encode_new_memory(
        top.flatten(2).permute(2, 0, 1), full, score[:, None, None], binarize
    )
    ours = remember(sam, top, logits, score, binarize=binarize)
    assert _apart(ours.bfloat16().flatten(2).permute(2, 0, 1).float(), theirs.float()) < 0.02
    marked = sam.config.enable_occlusion_spatial_embedding
    shown = remember(sam, top, logits, -score, binarize=binarize)
    assert torch.equal(ours, shown) != marked


@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, CLOSE), (torch.float64, 1e-4)])
@torch.no_grad()
def test_propagation_from_a_mask(sam, video, square, dtype, close):
    # transformers keeps memories in bfloat16: a sum in another order may round one of them up.
    sam = copy.deepcopy(sam).to(dtype)
    video, square = video.to(dtype), square.to(dtype)
    session = _session(video)
    session.add_mask_inputs(0, 0, square)
    theirs = [out.pred_masks[:, 0] for out in sam.propagate_in_video_iterator(session, 0)]
    ours = _propagate(sam, video, square)
    assert len(theirs) == len(ours) == 12
    assert max(_apart(a, b) for a, b in zip(ours, theirs, strict=True)) < close
    for logits in ours:
        _spread(logits)


def _propagate(sam, video, mask):
    """SAM2's chronological pass: the mask, the 6 frames before, 15 pointers.

    transformers stores memories in bfloat16, so these are rounded likewise.
    """
    frames = encode(sam, video)
    memories, pointers, results = [], [], []
    for t in range(len(video)):
        pyramid = frames.select(torch.tensor([t]))
        if t == 0:
            decoded = decode_mask(sam, pyramid, mask)
        else:
            near = range(max(1, t - 6), t)
            recent = range(t - 1, max(0, t - min(len(video), 16)), -1)
            told = [0, *recent]
            attended = attend(
                sam,
                pyramid.top,
                torch.stack([memories[i] for i in (0, *near)], dim=1),
                torch.tensor([[-1, *(t - i - 1 for i in near)]]),
                torch.stack([pointers[i] for i in told], dim=1),
                torch.tensor([[(t - i) / (min(len(video), 16) - 1) for i in told]]),
            )
            decoded = decode(sam, pyramid.with_top(attended), Prompt(), multimask=True)
        logits = decoded.logits if decoded.full is None else decoded.full
        memory = remember(sam, pyramid.top, logits, decoded.score, binarize=t == 0)
        memories.append(memory.bfloat16().to(video.dtype))
        pointers.append(decoded.pointer)
        results.append(decoded.logits)
    return results
