"""RepViT, the convolutional image encoder of EdgeTAM (Wang et al., RepViT, CVPR 2024).

Modules are named as in the published weights, which `timm` made, so that those load as they are.
They hold weights only; `repvit_steps` runs them.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.models.timm_wrapper.configuration_timm_wrapper import TimmWrapperConfig

ARCHITECTURE = "repvit_m1"
WIDTHS, DEPTHS = (48, 96, 192, 384), (2, 2, 14, 2)
"""Its channels and blocks by stage."""
LARGEST_WIDTH, LARGEST_DEPTH = 4096, 64
SQUEEZE, ROUND = 4, 8
"""Squeeze-and-excitation has a fourth of the channels, rounded to a multiple of 8."""


class RepVitConfig(TimmWrapperConfig):  # type: ignore[misc]
    """The configuration of the published weights, for `RepVit` in the place of timm's model.

    architecture: "repvit_m1", with or without a training recipe ("repvit_m1.dist_in1k").
    model_args: timm's; `embed_dim` and `depth` give other sizes.
    """

    def check(self) -> None:
        """Raise ValueError for another architecture, and for sizes that are none."""
        if str(self.architecture).split(".")[0] != ARCHITECTURE:
            raise ValueError(f"the image encoder is '{self.architecture}', not '{ARCHITECTURE}'")
        for values, most in zip(self.sizes, (LARGEST_WIDTH, LARGEST_DEPTH), strict=True):
            if len(values) != len(WIDTHS) or any(
                type(one) is not int or not 0 < one <= most for one in values
            ):
                raise ValueError(f"the image encoder's stages are of {list(values)}")

    @property
    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Channels and blocks of each stage."""
        given = self.model_args or {}
        return tuple(given.get("embed_dim", WIDTHS)), tuple(given.get("depth", DEPTHS))


class NormedConv(nn.Module):
    """A convolution without a bias, and the norm behind it."""

    def __init__(self, into: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.c = nn.Conv2d(into, out, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(out)

    def folded(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of the convolution that both amount to, in float32."""
        norm = self.bn
        assert norm.running_mean is not None and norm.running_var is not None
        scale = norm.weight.float() * (norm.running_var.float() + norm.eps).rsqrt()
        shift = norm.bias.float() - norm.running_mean.float() * scale
        return self.c.weight.float() * scale[:, None, None, None], shift


class TokenMixer(nn.Module):
    """Two depthwise convolutions and the identity, added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = NormedConv(channels, channels, 3, groups=channels)
        self.conv1 = NormedConv(channels, channels, 1, groups=channels)


class ChannelMixer(nn.Module):
    """A perceptron over the channels, twice as wide inside."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = NormedConv(channels, 2 * channels, 1)
        self.conv2 = NormedConv(2 * channels, channels, 1)


class Excite(nn.Module):
    """Squeeze-and-excitation: a gate for each channel of what the whole picture holds."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max((channels // SQUEEZE + ROUND // 2) // ROUND, 1) * ROUND
        self.fc1, self.fc2 = nn.Conv2d(channels, inner, 1), nn.Conv2d(inner, channels, 1)


class Block(nn.Module):
    """Token mixer, gate (of every other block), channel mixer."""

    def __init__(self, channels: int, gated: bool) -> None:
        super().__init__()
        self.token_mixer, self.channel_mixer = TokenMixer(channels), ChannelMixer(channels)
        self.se = Excite(channels) if gated else None


class Downsample(nn.Module):
    """A block, then half the resolution and more channels."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.pre_block = Block(into, gated=False)
        self.spatial_downsample = NormedConv(into, into, 3, 2, groups=into)
        self.channel_downsample = NormedConv(into, out, 1)
        self.ffn = ChannelMixer(out)


class Stage(nn.Module):
    """Blocks of one resolution; every stage but the first halves it before."""

    def __init__(self, into: int | None, out: int, depth: int) -> None:
        super().__init__()
        self.downsample = None if into is None else Downsample(into, out)
        self.blocks = nn.ModuleList(Block(out, gated=k % 2 == 0) for k in range(depth))


class Stem(nn.Module):
    """Two convolutions, each of which halves the resolution."""

    def __init__(self, out: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = NormedConv(3, out // 2, 3, 2), NormedConv(out // 2, out, 3, 2)


class Trunk(nn.Module):
    """Stem and stages, `stages_0` to `stages_3`."""

    def __init__(self, widths: Sequence[int], depths: Sequence[int]) -> None:
        super().__init__()
        self.stem = Stem(widths[0])
        into = [None, *widths[:-1]]
        for k, (before, out, depth) in enumerate(zip(into, widths, depths, strict=True)):
            self.add_module(f"stages_{k}", Stage(before, out, depth))


class RepVit(PreTrainedModel):  # type: ignore[misc]
    """The image encoder's weights."""

    config_class = RepVitConfig
    main_input_name = "pixel_values"

    def __init__(self, config: RepVitConfig) -> None:
        super().__init__(config)
        self.timm_model = Trunk(*config.sizes)  # the name is that of the published weights
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Every part draws its own weights when it is built."""
