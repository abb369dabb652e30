"""TGL on a video: ground by TAM, adapt and prompt the moment, segment along the dual path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.moment import Moment
from momentvos.propagation import DecoderOptions, MemoryMaskHook, Plan, Step
from momentvos.results.record import State
from momentvos.sam2 import Prompt, Pyramid
from momentvos.systems.patches.logits import Frames
from momentvos.systems.patches.scores import SessionPatches
from momentvos.systems.session import Grounded, InferenceSession, Progress, Request, Search
from momentvos.systems.tgl.ground import Keep, relevance
from momentvos.systems.tgl.plan import dual_path
from momentvos.systems.tgl.shared_cache import SharedCache
from momentvos.systems.tgl.switch import MemorySwitch
from momentvos.systems.tgl.windowed import AdaptedWindows
from momentvos.systems.windows import stride_for

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

ADAPTED = 256 << 20
"""Bytes of the adapted features of a block, of all sentences that go through the video together."""


class TglSession(InferenceSession):
    """See `InferenceSession`; SAMWISE is the same without a moment."""

    model: TglModel

    def __init__(self, model: TglModel, request: Request) -> None:
        super().__init__(model, request, mode=request.config.image_fit)
        self.method = "TGL" if model.can_ground else "SAMWISE"
        self.tokens = model.tokenize(self.texts)
        self.shared = SharedCache(model, request.video, cache=self.cache)
        stride = stride_for(request.video.fps, self.config.rate)
        self.patches: SessionPatches | None = None
        if model.patches is not None:
            frames = Frames(len(self.video), self.shared.patches, self.config.tam_span, stride)
            self.patches = SessionPatches(model, frames, self.tokens.texts, self.journal)
        self._adapted = AdaptedWindows(model, self.shared, stride)

    def ground(self, progress: Progress | None = None) -> list[Grounded]:
        """Relevance by TAM, for all sentences in one pass; every frame without."""
        length = len(self.video)
        rows = [row for row, moment in enumerate(self.moments) if moment is None]
        curves: dict[int, tuple[float, ...]] = {}
        presences: dict[int, float] = {}
        if rows and self.model.can_ground:
            report = None if progress is None else lambda done, of: progress("grounding", done, of)

            def load(state: State) -> tuple[Tensor, list[float]]:
                curves = state.tensors["relevance"]
                if curves.shape != (len(rows), length):
                    raise ValueError(f"relevance of shape {tuple(curves.shape)}")
                return curves, [float(value) for value in state.values["presence"]]

            relevance, present = self.journal.memo(
                "relevance",
                lambda: self._grounded(rows, report),
                lambda made: State({"presence": made[1]}, {"relevance": made[0]}),
                load,
            )
            self.journal.drop("tam")
            for row, curve, presence in zip(rows, relevance.tolist(), present, strict=True):
                curves[row], presences[row] = tuple(curve), presence
        made = []
        for row, given in enumerate(self.moments):
            curve = curves.get(row)
            if curve is not None:
                made.append(Grounded(curve, self._moment(curve), presences[row]))
            else:
                made.append(Grounded(presence=1.0 if given is None or given.clip(length) else 0.0))
        return made

    @property
    def together(self) -> int:
        """As many as whose adapted windows are small beside the model (`ADAPTED`)."""
        config = self.config
        channels = config.sam_config.vision_config.fpn_hidden_size
        cells = (config.image_size // 16) ** 2
        frames = config.window * stride_for(self.video.fps, config.rate)
        size: int = 2 * frames * cells * channels * self.model.dtype.itemsize
        return max(min(super().together, ADAPTED // size), 1)

    def plan(self, row: int, grounded: Grounded) -> Plan:
        """Moment-guided dual-path propagation."""
        config, moment = self.config, grounded.moment or Moment.empty()
        frames: Sequence[int] = range(len(self.video))
        self._adapt(row, moment)
        return dual_path(
            frames,
            moment,
            moment_features=config.moment_features,
            memory=config.memory,
            moment_reads=config.moment_reads,
            count=config.memory_frames,
            pointers=config.pointers,
            slots=config.slots,
            alone=() if config.single_reads else self._adapted.alone(row),
            obj_id=row,
        )

    def features(self, steps: Sequence[Step]) -> Pyramid:
        """F_SAM of plain steps, F_Adp of adapted ones."""
        if steps[0].features == "plain":
            return self.cache([step.frame for step in steps])
        return self._adapted.pyramid([(step.obj_id, step.frame) for step in steps])

    def prompts(self, steps: Sequence[Step]) -> Prompt:
        """rho_txt of each step's window, and what patches say."""
        prompts = [self._adapted.prompt(step.obj_id, step.frame) for step in steps]
        dense = None
        if self.patches is not None:
            dense = self.patches.dense([(step.obj_id, step.frame) for step in steps])
        return Prompt(tokens=torch.cat(prompts), dense=dense)

    @property
    def decoder_options(self) -> DecoderOptions:
        """The single mask; pointers without temporal distance, as SAMWISE has them."""
        return DecoderOptions(gate=self.config.gate, scored=self.config.object_score)

    @property
    def relevance_median(self) -> int:
        """As for TAM's relevance."""
        median: int = self.config.relevance_median
        return median

    def memory_mask_hook(self) -> MemoryMaskHook | None:
        """SAMWISE's conditional memory encoder, where there is one."""
        return MemorySwitch(self.model, self.prompts) if self.config.cme else None

    def counts(self, step: Step) -> bool:
        """Only prompted frames count for presence."""
        return step.prompt is not None

    def moment_inside(
        self, grounded: Grounded, relevance: Sequence[float], place: Moment
    ) -> Moment:
        """By TAM among these frames; empty where TAM is below the presence threshold.

        The frames' best relevance stands for presence, or what patches say of the whole video.
        """
        presence = grounded.presence if self.patches is not None else max(relevance)
        if not place or presence < self.config.presence_threshold:
            return Moment.empty()
        return place & self._moment(relevance)

    def notes(self, row: int) -> tuple[str, ...]:
        """Notes on a sentence that was truncated."""
        return (*super().notes(row), *self.tokens.sentence_notes[row])

    def search(self, row: int, grounded: Grounded, trained: bool) -> Search:
        """The moment; with a trained selector every frame that may belong to it."""
        search = super().search(row, grounded, trained)
        if trained and grounded.relevance is not None:
            config = self.config
            threshold = config.selection.candidate_threshold
            moment = Moment.from_relevance(search.prior, threshold, config.relevance_median)
            search = Search(moment.frames(), search.prior)
        self._adapt(row, Moment.from_frames(search.frames))
        return search

    def candidate_step(self, row: int, frame: int) -> Step:
        """See `InferenceSession`; the frame is adapted."""
        return Step(frame, "adapted", "tokens", obj_id=row)

    def presence_threshold(self, row: int, selected: bool) -> float:
        """See `InferenceSession`; a trained selector's counts for given moments too."""
        trained = self.config.selection is not None and self.model.selector is not None
        return super().presence_threshold(row, selected or trained)

    def release(self, row: int) -> None:
        """See `InferenceSession`."""
        self._adapted.drop(row)

    def _grounded(
        self, rows: list[int], report: Callable[[int, int], None] | None
    ) -> tuple[Tensor, list[float]]:
        """Relevance [L, T] of all frames to some sentences, and their presence, each 0..1.

        By TAM, patches, or the mean of both; presence by patches, or the best frame's relevance.
        """
        logits = []
        patches = None
        if self.patches is not None:
            patches = self.patches.logits(report if self.model.tam is None else None)
            logits.append(patches.relevance[rows])
        if self.model.tam is not None:
            tokens = self.tokens.select(rows)
            keep = self._keep(rows) if self._adapts_all else None
            logits.append(relevance(self.model, self.shared, tokens, report, keep, self.journal))
        curves = torch.stack(logits).mean(0).sigmoid()
        if patches is None:
            return curves, curves.amax(1).tolist()
        return curves, patches.presence[rows].sigmoid().tolist()

    @property
    def _adapts_all(self) -> bool:
        """Whether prompts are of the same windows as relevance."""
        return self.config.adapter_scope == "window" or not self.config.moment_features

    def _keep(self, rows: Sequence[int]) -> Keep:
        """What takes TAM's adapted features of these sentences."""
        return lambda place, block, windows: self._adapted.keep(rows[place], block, windows)

    def _moment(self, curve: Sequence[float]) -> Moment:
        config = self.config
        return Moment.from_relevance(curve, config.relevance_threshold, config.relevance_median)

    def _adapt(self, row: int, moment: Moment) -> None:
        """Choose the frames that are adapted: those of the moment alone, or all."""
        config = self.config
        every: Sequence[int] = range(len(self.video))
        needed = every
        if config.moment_features:
            needed = moment.frames() or every
        frames = every if self._adapts_all else needed
        self._adapted.add(row, self.tokens.select([row]), frames, needed)
