"""Grounders learn from any samples with moments; what is written is what a grounder loads."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from momentvos.data.sample import Sample, Target
from momentvos.errors import DataError, ModelError, OutputError, RecipeError
from momentvos.grounding import build
from momentvos.grounding.chrono.adapt import choose
from momentvos.grounding.chrono.model import load as load_chrono
from momentvos.grounding.chrono.small import small_chrono
from momentvos.grounding.chrono.train import ChronoTask, upsample
from momentvos.grounding.dual.scorer import load as load_dual
from momentvos.grounding.dual.train import DualTask, new_dual, relevance_loss, window
from momentvos.grounding.fit import fit, rate
from momentvos.grounding.fit_options import FitOptions
from momentvos.moment import Moment


@dataclass(frozen=True)
class Lamp(Sample):
    """A lamp, red or green, that is lit during its moment."""

    def frames(self, indices) -> Any:
        picture = np.full((len(indices), 24, 24, 3), 40, np.uint8)
        channel = 0 if self.video_id.startswith("red") else 1
        for row, index in enumerate(indices):
            picture[row, 8:16, 8:16, channel] = 250 if index in self.lit else 40
        return picture

    @property
    def lit(self) -> Moment:
        start = int(self.video_id.split("-")[1])
        return Moment([(start, start + 3)])

    def masks(self, indices) -> Any:
        raise NotImplementedError


def lamp(colour: str, start: int, asked: str) -> Lamp:
    moment = Moment([(start, start + 3)])
    targets = (Target("0", moment),) if asked == colour else ()
    return Lamp(
        f"{colour}-{start}", asked, f"the {asked} lamp is lit", "", 10, (24, 24), 8.0, targets
    )


@pytest.fixture(scope="module")
def lamps():
    return [
        lamp(colour, start, asked)
        for colour in ("red", "green")
        for start in (0, 3, 6)
        for asked in ("red", "green")
    ]


class Recorder:
    """A task in one number: be five."""

    def __init__(self, start=0.0):
        self.module = nn.Linear(1, 1, bias=False)
        nn.init.constant_(self.module.weight, start)
        self.asked, self.items = [], 3

    def loss(self, number):
        self.asked.append(number)
        return (self.module.weight - 5).square().mean()

    def save(self, folder):
        folder.mkdir()
        (folder / "weight").write_text(str(float(self.module.weight.detach())))


class TestFit:
    def test_every_item_once_an_epoch(self, tmp_path):
        task = Recorder()
        fit(task, FitOptions(epochs=4, items=2, warmup=0), tmp_path)
        assert task.asked == list(range(12))

    def test_it_learns_and_saves(self, tmp_path):
        told = []
        task = Recorder()
        options = FitOptions(steps=300, items=1, lr=0.1, warmup=3, weight_decay=0.0, save=100)
        fit(task, options, tmp_path / "run", lambda *state: told.append(state))
        assert float((tmp_path / "run/last/weight").read_text()) == pytest.approx(5, abs=0.3)
        left = {entry.name for entry in (tmp_path / "run").iterdir()}
        assert left == {"last", "state.safetensors"}
        assert told[-1][:2] == (300, 300) and told[-1][2] < told[0][2]

    def test_a_run_that_was_stopped_goes_on_to_the_same_weights(self, tmp_path):
        class Stopped(Exception):
            pass

        def stop(done, steps, late):
            if done == 7:
                raise Stopped

        options = FitOptions(steps=12, items=2, lr=0.1, warmup=2, save=3)
        straight = Recorder()
        fit(straight, options, tmp_path / "straight")
        with pytest.raises(Stopped):
            fit(Recorder(), options, tmp_path / "run", stop)
        again = Recorder()
        fit(again, options, tmp_path / "run")
        assert again.asked == list(range(12, 24))
        assert torch.equal(again.module.weight, straight.module.weight)

    def test_a_finished_run_is_not_trained_again(self, tmp_path):
        options = FitOptions(steps=3, items=1)
        fit(Recorder(), options, tmp_path)
        task = Recorder()
        assert math.isnan(fit(task, options, tmp_path)) and not task.asked
        assert fit(task, options, tmp_path, resume=False) and task.asked

    def test_the_folder_of_another_run_is_refused(self, tmp_path):
        options = FitOptions(steps=1, items=1)
        fit(Recorder(), options, tmp_path, run="a")
        with pytest.raises(RecipeError, match="--no-resume"):
            fit(Recorder(), options, tmp_path, run="b")

    def test_a_damaged_state_is_said(self, tmp_path):
        (tmp_path / "state.safetensors").write_bytes(b"\x09\x00nothing")
        with pytest.raises(OutputError, match="damaged"):
            fit(Recorder(), FitOptions(steps=1, items=1), tmp_path)

    def test_a_loss_without_a_number_ends_it(self, tmp_path):
        with pytest.raises(ModelError, match="no number for 20 steps"):
            fit(Recorder(math.inf), FitOptions(steps=99, items=1), tmp_path)
        assert not (tmp_path / "last").exists()

    @pytest.mark.parametrize("link", [".last.new", ".last.old", ".state.safetensors.part"])
    def test_links_out_of_the_run_are_left_alone(self, tmp_path, link):
        other, run = tmp_path / "other", tmp_path / "run"
        (other / "x").mkdir(parents=True)
        run.mkdir()
        (run / link).symlink_to(other)
        with pytest.raises(OutputError, match="leads out of the folder"):
            fit(Recorder(), FitOptions(steps=1, items=1), run)
        assert [one.name for one in other.iterdir()] == ["x"]

    def test_a_place_that_cannot_be_written(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(OutputError, match="cannot be written"):
            fit(Recorder(), FitOptions(steps=1, items=1), tmp_path / "file")

    @given(st.integers(1, 50), st.integers(0, 20))
    def test_the_rate_rises_and_falls(self, steps, warmup):
        options = FitOptions(warmup=warmup, lr=2.0)
        rates = [rate(step, steps, options) for step in range(steps)]
        top = min(warmup, steps)
        assert all(0 < one <= 2.0 for one in rates)
        assert rates[:top] == sorted(rates[:top])
        assert rates[top:] == sorted(rates[top:], reverse=True)


class TestDual:
    def test_it_learns_which_lamp_is_lit_when(self, lamps, tmp_path):
        from momentvos.evaluation.footage import SampleVideo

        model = new_dual(
            lamps, side=24, channels=16, blocks=1, dimension=24, layers=1, heads=2, window=10
        )
        options = FitOptions(steps=60, items=3, lr=1e-2, warmup=5)
        fit(DualTask(model, lamps), options, tmp_path)
        grounder = build(f"dual={tmp_path / 'last'}", "cpu")
        right = 0
        for sample in lamps:
            (answer,) = grounder.ground(SampleVideo(sample), [sample.sentence])
            right += answer.moment == sample.moment
        assert right >= 10  # of 12, six of which hold at no time

    def test_the_same_number_is_the_same_item(self, lamps):
        model = new_dual(lamps, side=24, channels=16, blocks=1, dimension=24, layers=1, heads=2)
        task = DualTask(model, lamps, seed=3)
        assert task.items == 6
        with torch.no_grad():
            first, second, other = (float(task.loss(number)) for number in (7, 7, 8))
        assert first == second and first != other

    def test_every_word_is_known_and_kept(self, lamps, tmp_path):
        model = new_dual(lamps, side=24, channels=16, blocks=1, dimension=24, layers=1, heads=2)
        model.save_pretrained(tmp_path)
        tokenizer = load_dual(tmp_path, "cpu").model.tokenizer
        assert len(tokenizer("the red lamp is lit")["input_ids"]) == 7  # with both ends

    @given(st.integers(1, 200), st.sampled_from([4.0, 8.0, 24.0, 30.0]), st.integers(0, 99))
    def test_windows_lie_inside_the_video(self, length, fps, seed):
        frames = window(np.random.default_rng(seed), length, fps, 8)
        gaps = {b - a for a, b in pairwise(frames)}
        assert frames and frames[0] >= 0 and frames[-1] < length and len(gaps) <= 1
        stride = max(round(fps / 8), 1)
        assert gaps <= {stride} and len(frames) == min(8, -(-length // stride))

    def test_the_loss_wants_the_moment_and_nothing_else(self):
        truth = torch.tensor([[True, False, False], [False, False, False]])
        right = torch.tensor([[9.0, -9.0, -9.0], [-9.0, -9.0, -9.0]])
        assert float(relevance_loss(right, truth)) < 1e-3
        assert float(relevance_loss(-right, truth)) > 5
        empty = torch.zeros(1, 3, dtype=torch.bool)
        assert float(relevance_loss(torch.full((1, 3), -9.0), empty)) < 1e-3

    def test_nothing_to_learn_from(self, lamps):
        with pytest.raises(DataError, match="no sample"):
            DualTask(new_dual(lamps), [])


class TestChrono:
    @pytest.fixture
    def small(self, lamps):
        return small_chrono(lamps, frames=10, side=32, width=32, layers=1, queries=2)

    def test_it_learns_to_write_a_moment(self, lamps, small, tmp_path):
        from momentvos.evaluation.footage import SampleVideo

        sample = lamps[2]
        task = ChronoTask(small, [sample], frames=10)
        fit(task, FitOptions(steps=60, items=1, lr=1e-2, warmup=5), tmp_path)
        grounder = build(f"chrono={tmp_path / 'last'}", "cpu")
        (answer,) = grounder.ground(SampleVideo(sample), [sample.sentence])
        assert answer.answer == "[[3, 6]]" and answer.moment == sample.moment

    def test_only_chosen_parts_train(self, lamps, small, tmp_path):
        choose(small.blip, ["^language_projection"])
        before = {name: one.clone() for name, one in small.blip.named_parameters()}
        task = ChronoTask(small, lamps, frames=6)
        fit(task, FitOptions(steps=1, items=2, warmup=0), tmp_path)
        changed = {
            name
            for name, one in small.blip.named_parameters()
            if not torch.equal(before[name], one)
        }
        assert changed == {"language_projection.weight", "language_projection.bias"}

    def test_no_gradient_runs_where_nothing_trains(self, lamps, small):
        choose(small.blip, ["^language_model"])
        ChronoTask(small, lamps, frames=6).loss(0).backward()
        vision = small.blip.vision_model.parameters()
        assert all(one.grad is None for one in vision)

    def test_patterns_that_match_nothing_are_refused(self, small):
        with pytest.raises(RecipeError, match="matches no parameter"):
            choose(small.blip, ["^nothing"])
        with pytest.raises(RecipeError, match="not a regular expression"):
            choose(small.blip, ["("])

    def test_short_moments_are_taken_thrice(self):
        def sample(frames):
            moment = Moment([(0, frames - 1)]) if frames else Moment.empty()
            return Lamp("red-0", str(frames), "s", "", 10, (1, 1), 8.0, (Target("0", moment),))

        samples = [sample(frames) for frames in (0, 4, 8, 9, 10)]
        counts = [upsample(samples).count(one) for one in samples]
        assert counts == [3, 3, 3, 1, 1]

    def test_the_seconds_clock_can_be_learnt_from_too(self, lamps):
        chrono = small_chrono(lamps, "seconds", frames=10, side=32, width=32, layers=1, queries=2)
        assert math.isfinite(float(ChronoTask(chrono, lamps).loss(0).detach()))

    def test_what_is_saved_is_a_chrono(self, small, tmp_path):
        small.save_pretrained(tmp_path)
        again = load_chrono(tmp_path, "cpu")
        assert (again.unit, again.frames) == ("frames", 10)
