"""EdgeTAM against what `EdgeTamVideoModel` with timm's RepViT gave (`record_edgetam.py`)."""

import copy
import json

import numpy as np
import pytest
import torch
from tests.sam2 import edgetam_reference as reference

from momentvos.propagation import DecoderOptions, both_ways, merge, run
from momentvos.sam2 import (
    Prompt,
    Reading,
    attend,
    attend_unequal,
    compiled,
    decode,
    decode_mask,
    encode,
    remember,
)
from momentvos.sam2.edgetam import EdgeTam, edgetam_config
from momentvos.sam2.precision import reduce_products
from momentvos.sam2.repvit import RepVit
from momentvos.sam2.sizes import at_size, resize, step

CLOSE = 1e-4
LENGTH = reference.FRAMES


def _model(name: str) -> EdgeTam:
    return reference.fill(EdgeTam(edgetam_config(reference.published_json(name))), name)


@pytest.fixture(scope="module", params=["small", "published"])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def model(name):
    return _model(name)


@pytest.fixture(scope="module")
def features(model):
    """Of all frames."""
    with torch.no_grad():
        return encode(model, reference.frames(model.config.image_size))


@pytest.fixture
def small():
    return _model("small")


@pytest.fixture(scope="module")
def recorded(name):
    """Recorded numbers of a model by what they are."""
    with np.load(reference.RECORDED, allow_pickle=False) as file:
        return {
            key.removeprefix(f"{name} "): file[key] for key in file.files if key.startswith(name)
        }


def _near(mine: torch.Tensor, other: np.ndarray) -> bool:
    assert tuple(mine.shape) == other.shape
    assert other.std() > 0.01, "numbers that hardly vary would compare equal by chance"
    return bool((mine - torch.from_numpy(other)).abs().max() < CLOSE)


def _given(how: str, side: int) -> tuple[str, Prompt]:
    if how == "point":
        points, labels = reference.point(side)
        return "points", Prompt(points=points, labels=labels)
    if how == "box":
        return "box", Prompt(boxes=reference.box(side))
    return "mask", Prompt(mask=reference.square(side))


def _tracked(
    model: EdgeTam, how: str, features=None, length: int = LENGTH
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mask logits `[T,h,w]` and object scores `[T]`, by the engine that tracks with SAM2."""
    side, start = model.config.image_size, reference.MIDDLE if how == "both ways" else 0
    features = features or encode(model, reference.frames(side)[:length])
    kind, given = _given(how, side)
    rows = {}
    for part in run(
        model,
        both_ways(range(length), [start], given=kind),
        lambda steps: features.select(torch.tensor([one.frame for one in steps])),
        lambda steps: given,
        DecoderOptions.of_sam2(model.config, length),
    ):
        for row, one in enumerate(part.steps):
            rows[one.frame] = part.decoded.logits[row], part.decoded.score[row]
    logits, scores = zip(*(rows[frame] for frame in range(length)), strict=True)
    return torch.stack(logits), torch.stack(scores)


def test_its_weights_are_those_of_the_published_form(model, recorded):
    ours = {f"{key} {','.join(map(str, one.shape))}" for key, one in model.state_dict().items()}
    assert ours == set(recorded["names"].tolist())
    assert isinstance(model.vision_encoder.backbone, RepVit)


@torch.no_grad()
def test_image_features(features, recorded):
    for number, level in enumerate(features.levels):
        tokens = level[:1].flatten(2).permute(2, 0, 1)[:: 37 // (number + 1), 0, ::3]
        assert _near(tokens, recorded[f"level {number}"])


@pytest.mark.parametrize("seen", [1, -1])
@torch.no_grad()
def test_a_memory_of_seen_and_unseen_objects(model, features, recorded, seen):
    side, top = model.config.image_size, features.top[:1]
    logits = reference.square(side)[:, 0] * 4 - 2
    memory = remember(model, top, logits, torch.tensor([float(seen)]))
    assert _near(memory[0, :, :, 0].T[::9, ::3], recorded[f"memory {seen}"])
    config = model.config
    assert memory.shape[2] == (
        config.perceiver_resampler_num_latents + config.perceiver_resampler_num_latents_2d
    )


@pytest.mark.parametrize("how", reference.RUNS)
@torch.no_grad()
def test_twelve_frames(model, features, recorded, how):
    logits, scores = _tracked(model, how, features)
    every = reference.EVERY
    assert _near(logits[:, ::every, ::every], recorded[f"{how} logits"])
    assert _near(scores, recorded[f"{how} scores"])


@torch.no_grad()
def test_objects_are_tracked_side_by_side_as_each_alone(small):
    ways = ("mask", "point", "box")
    side, order = small.config.image_size, range(4)
    features = encode(small, reference.frames(side)[:4])
    given = [_given(how, side) for how in ways]
    plans = [both_ways(order, [k], given=kind, obj_id=k) for k, (kind, _) in enumerate(given)]

    def tracked(plan):
        parts = run(
            small,
            plan,
            lambda steps: features.select(torch.tensor([one.frame for one in steps])),
            lambda steps: given[steps[0].obj_id][1],
            DecoderOptions.of_sam2(small.config, LENGTH),
        )
        rows = {}
        for part in parts:
            for one, logits in zip(part.steps, part.decoded.logits, strict=True):
                rows[one.obj_id, one.frame] = logits
        return rows

    together = tracked(merge(plans))
    alone = {key: logits for plan in plans for key, logits in tracked(plan).items()}
    assert together.keys() == alone.keys()
    assert max((together[key] - alone[key]).abs().max() for key in alone) < CLOSE


@pytest.fixture
def reading(small):
    """What three rows read: memories, slots, pointers and offsets."""
    draw = torch.Generator().manual_seed(0)
    tokens = 26

    def noise(*shape):
        return torch.randn(shape, generator=draw)

    return Reading(
        noise(3, 2, 64, tokens, 1), torch.tensor([[-1, 0]] * 3), noise(3, 4, 128), noise(3, 4)
    )


@pytest.mark.parametrize("parts", ["both", "memories", "pointers"])
def test_reading_alone_is_as_with_gradients(small, reading, parts):
    side = small.config.image_size // 16
    top = torch.randn(3, 128, side, side, generator=torch.Generator().manual_seed(1))
    memories = None if parts == "pointers" else reading.memories
    pointers = None if parts == "memories" else reading.pointers
    given = (top, memories, reading.slots, pointers, reading.offsets)
    theirs = attend(small, *given)
    assert theirs.requires_grad
    with torch.no_grad():
        assert (attend(small, *given) - theirs).abs().max() < 1e-5


@torch.no_grad()
def test_rows_that_read_unequally_much(small, reading):
    side = small.config.image_size // 16
    top = torch.randn(3, 128, side, side, generator=torch.Generator().manual_seed(1))
    few = Reading(reading.memories[:1, :1], reading.slots[:1, :1])
    many = Reading(
        *(getattr(reading, part)[1:] for part in ("memories", "slots", "pointers", "offsets"))
    )
    mixed = attend_unequal(small, top, [([1], few), ([0, 2], many)])
    assert (mixed[1:2] - attend(small, top[1:2], few.memories, few.slots)).abs().max() < 1e-5
    both = attend(small, top[[0, 2]], many.memories, many.slots, many.pointers, many.offsets)
    assert (mixed[[0, 2]] - both).abs().max() < 1e-5


def test_every_weight_is_used(small):
    side = small.config.image_size
    frames = encode(small, reference.frames(side)[:3])
    first, second, third = (frames.select(torch.tensor([n])) for n in range(3))
    masked = decode_mask(small, first, reference.square(side))
    points, labels = reference.point(side)
    points, labels = torch.cat([points, points + 5], 1), torch.cat([labels, labels * 0], 1)
    whole = [masked.pointer.sum()]
    memories = [remember(small, first.top, masked.full, masked.score)]
    memories.append(remember(small, first.top, masked.full, -masked.score))
    bare = second.with_top(attend(small, second.top))
    for prompt in (Prompt(points=points, labels=labels), Prompt(boxes=reference.box(side))):
        for multimask in (False, True):
            made = decode(small, bare, prompt, multimask=multimask, mix_pointer=False)
            whole += [made.logits.square().sum(), made.iou.sum(), made.score.sum()]
    gone = decode(small, bare, Prompt(mask=torch.ones(1, 1, side // 4, side // 4)), gate=False)
    pointers = torch.stack([masked.pointer, small.no_object_pointer], 1)
    slots = torch.tensor([[0, 1]])
    for slot in range(0, small.num_maskmem, 2):
        read = (torch.stack(memories, 1), (slots + slot) % small.num_maskmem)
        top = attend(small, third.top, *read, pointers, torch.tensor([[0.1, 0.2]]))
        made = decode(small, third.with_top(top), Prompt(), gate=False, mix_pointer=False)
        whole += [made.logits.square().sum(), made.pointer.sum(), gone.logits.square().sum()]
    sum(whole).backward()
    without = {
        key for key, one in small.named_parameters() if one.grad is None or not one.grad.any()
    }
    unchosen = {key for key in without if "output_hypernetworks_mlps" in key}  # the best is taken
    assert without - unchosen == {"no_memory_positional_encoding"}  # nor does SAM2


def test_every_norm_of_the_encoder_counts(small):
    norms = {key: one for key, one in small.vision_encoder.named_buffers() if "running" in key}
    assert len(norms) > 50
    for one in norms.values():
        one.requires_grad_(True)
    levels = encode(small, reference.frames(small.config.image_size)[:1]).levels
    sum(level.square().sum() for level in levels).backward()
    assert all(one.grad.any() for one in norms.values())


@pytest.mark.parametrize("part", ["stem.conv2.bn.running_var", "stages_1.blocks.0.se.fc2.bias"])
@torch.no_grad()
def test_a_change_of_a_weight_is_noticed(small, part):
    frame = reference.frames(small.config.image_size)[:1]
    before = encode(small, frame)
    weight = small.vision_encoder.backbone.timm_model.state_dict()[part]
    kept = weight.clone()
    weight.mul_(3).add_(0.5)
    assert not torch.equal(encode(small, frame).top, before.top)
    weight.copy_(kept)
    assert torch.equal(encode(small, frame).top, before.top)


def test_it_loads_from_a_folder_of_the_published_form(small, tmp_path):
    small.save_pretrained(tmp_path)
    file = tmp_path / "config.json"
    values = json.loads(file.read_text())
    assert values["vision_config"]["backbone_config"]["model_type"] == "timm_wrapper"
    values["vision_config"]["backbone_config"].pop("label_names", None)  # timm would be asked
    config = edgetam_config(values)
    again, info = EdgeTam.from_pretrained(tmp_path, config=config, output_loading_info=True)
    assert not any(info.values())
    for key, weight in small.state_dict().items():
        assert torch.equal(again.state_dict()[key], weight)


def test_what_is_not_given_is_as_published():
    config = edgetam_config({})
    assert config.to_dict() == edgetam_config({"vision_config": {}}).to_dict()
    assert config.image_size == 1024
    assert not config.enable_temporal_pos_encoding_for_object_pointers
    with torch.device("meta"):
        assert sum(one.numel() for one in EdgeTam(config).parameters()) == 13_895_794


def test_a_configuration_of_an_earlier_version_is_read():
    values = reference.published_json("published") | {"memory_attention_rope_theta": 5000.0}
    values["vision_config"]["backbone_config"] |= {
        "architecture": "repvit_m1", "num_classes": 1000, "pretrained_cfg": {"num_classes": 1000},
    }  # fmt: skip
    config = edgetam_config(values)
    assert config.rope_parameters["rope_theta"] == 5000
    assert config.vision_config.backbone_config.sizes == ((48, 96, 192, 384), (2, 2, 14, 2))


@pytest.mark.parametrize(
    ("vision", "message"),
    [
        ({"backbone_config": {"architecture": "resnet50"}}, "'resnet50', not 'repvit_m1'"),
        ({"model_type": "sam2_vision_model"}, "'sam2_vision_model', not EdgeTAM's"),
    ],
)
def test_another_encoder_is_refused(vision, message):
    with pytest.raises(ValueError, match=message):
        edgetam_config({"vision_config": vision})


@torch.no_grad()
def test_another_size_is_as_if_built_for_it(small):
    assert step(edgetam_config({})) == 256
    assert step(small.config) == 64
    built = reference.fill(EdgeTam(at_size(small.config, 192)), "small")
    before = _tracked(small, "box", length=3)[0]
    resize(small, 192)
    assert small.config.to_dict() == built.config.to_dict()
    assert torch.equal(_tracked(small, "box", length=3)[0], _tracked(built, "box", length=3)[0])
    resize(small, 128)
    assert torch.equal(_tracked(small, "box", length=3)[0], before)
    with pytest.raises(ValueError, match="a multiple of 64 pixels, not 96"):
        resize(small, 96)


@torch.no_grad()
def test_products_in_bfloat16_give_nearly_the_same_masks(small):
    exact = _tracked(small, "mask", length=4)[0] > 0
    reduced = copy.deepcopy(small)
    reduce_products(reduced)
    assert reduced.vision_encoder.backbone.timm_model.stem.conv1.c.weight.dtype == torch.bfloat16
    close = _tracked(reduced, "mask", length=4)[0] > 0
    assert (close & exact).sum() / (close | exact).sum() > 0.97


@pytest.mark.slow
@torch.no_grad()
def test_compiled_features(small):
    if compiled.compiler() is None:
        pytest.skip("there is no C++ compiler")
    frame = reference.frames(small.config.image_size)[:1]
    plain = encode(small, frame)
    assert compiled.compile_parts(small)
    for mine, other in zip(encode(small, frame).levels, plain.levels, strict=True):
        assert (mine - other).abs().max() < CLOSE
