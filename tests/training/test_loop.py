import json
import os
import signal
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from momentvos.data.options import DataOptions
from momentvos.errors import OutputError, RecipeError
from momentvos.training.loop import train
from momentvos.training.options import (
    GroupOptions,
    LoggingOptions,
    OptimiserOptions,
    ValidationOptions,
)


def log_of(folder, group="train"):
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if line["group"] == group]


def losses_of(folder):
    return [(line["step"], line["loss"], line["grad_norm"]) for line in log_of(folder)]


def weights_of(folder):
    return load_file(folder / "last" / "training.safetensors")


def test_training_lowers_the_loss(tmp_path, toy, squares, recipe):
    result = train(recipe(steps=40), toy(), tmp_path, squares)
    assert (result.step, result.steps, result.reason) == (40, 40, "done")
    losses = [loss for _, loss, _ in losses_of(tmp_path)]
    assert len(losses) == 40 and losses[-1] < 0.9 * losses[0]
    assert {"dice", "focal", "relevance", "lr", "seconds", "stage"} <= log_of(tmp_path)[0].keys()


@pytest.mark.parametrize("stages", [1, 2])
def test_a_resumed_run_repeats_the_uninterrupted_one(tmp_path, toy, squares, recipe, stages):
    plan = recipe(steps=6 // stages, stages=stages, ema=0.9)
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    train(plan, toy(), straight, squares)
    for limit in (2, 2):
        assert train(plan, toy(), broken, squares, limit=limit).reason == "limit"
    result = train(plan, toy(), broken, squares)
    assert result.reason == "done" and result.step == 6
    assert losses_of(broken) == losses_of(straight)
    one, other = weights_of(straight), weights_of(broken)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_finished_run_does_nothing_more(tmp_path, toy, squares, recipe):
    train(recipe(steps=2), toy(), tmp_path, squares)
    before = weights_of(tmp_path)
    assert train(recipe(steps=2), toy(), tmp_path, squares).step == 2
    assert all(torch.equal(value, before[name]) for name, value in weights_of(tmp_path).items())


def test_lines_after_the_checkpoint_are_written_again_once(tmp_path, toy, squares, recipe):
    plan = recipe(steps=5, checkpoint=2)

    def fall(status):
        if status.step == 3:
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        train(plan, toy(), tmp_path, squares, report=fall)
    train(plan, toy(), tmp_path, squares)
    assert [step for step, *_ in losses_of(tmp_path)] == [1, 2, 3, 4, 5]


def test_accumulated_micro_batches_are_one_step(tmp_path, toy, squares, recipe):
    plan = recipe(steps=3)
    plan = replace(plan, stages=(replace(plan.stages[0], accumulate=4),))
    calls = []

    class Counting:
        length = None

        def batch(self, number):
            calls.append(number)
            return squares(None).batch(number)

    train(plan, toy(), tmp_path, lambda stage: Counting())
    assert calls == list(range(12))


def test_micro_batches_are_accumulated_by_a_process_that_is_alone(tmp_path, toy, squares, recipe):
    plan = recipe(steps=3)
    for name, many in {"one": {"accumulate": 4}, "other": {"micro_batches": 4}}.items():
        stage = replace(plan.stages[0], **many)
        train(replace(plan, stages=(stage,)), toy(), tmp_path / name, squares)
    assert losses_of(tmp_path / "one") == losses_of(tmp_path / "other")


def test_a_run_does_not_go_on_with_another_global_batch(tmp_path, toy, squares, recipe):
    plan = recipe(steps=3)
    four = replace(plan, stages=(replace(plan.stages[0], micro_batches=4),))
    train(four, toy(), tmp_path, squares, limit=1)
    with pytest.raises(RecipeError, match=r"4 micro-batches a step .*micro_batches=4"):
        train(plan, toy(), tmp_path, squares)
    assert train(four, toy(), tmp_path, squares).step == 3
    numbers = tmp_path / "last" / "training.json"
    stored = json.loads(numbers.read_text())
    assert (stored["size"], stored["beside"]) == (4, 4)
    del stored["size"], stored["beside"]  # as earlier versions wrote it
    numbers.write_text(json.dumps(stored))
    assert train(plan, toy(), tmp_path, squares).step == 3


def test_minutes_stop_a_run_with_a_checkpoint(tmp_path, toy, squares, recipe):
    result = train(recipe(), toy(), tmp_path, squares, minutes=0.0)
    assert result.reason == "minutes" and result.step == 0
    assert train(recipe(), toy(), tmp_path, squares).step == 6


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_after_the_step_with_a_checkpoint(tmp_path, toy, squares, recipe, number):
    before = signal.getsignal(number)

    def interrupt(status):
        if status.step == 2:
            os.kill(os.getpid(), number)

    result = train(recipe(), toy(), tmp_path, squares, report=interrupt)
    assert (result.reason, result.signal, result.step) == ("signal", number, 2)
    assert signal.getsignal(number) == before
    assert train(recipe(), toy(), tmp_path, squares).step == 6


def test_the_best_validated_weights_are_kept(tmp_path, toy, squares, recipe):
    metrics = iter([0.3, 0.9, 0.5])
    seen = []

    def validate(model):
        assert not model.training
        seen.append({name: value.clone() for name, value in model.named_parameters()})
        return {"jf": next(metrics), "top1": 0.0}

    plan = recipe(ema=0.9, validation=ValidationOptions(every=2))
    result = train(plan, toy(), tmp_path, squares, validate=validate)
    assert result.best == 0.9
    assert [line["jf"] for line in log_of(tmp_path, "validation")] == [0.3, 0.9, 0.5]
    best = load_file(tmp_path / "best" / "model.safetensors")
    assert all(torch.equal(best[name], value) for name, value in seen[1].items())


def test_an_unknown_validation_metric_is_named(tmp_path, toy, squares, recipe):
    plan = recipe(validation=ValidationOptions(every=1, metric="map"))
    with pytest.raises(RecipeError, match="'map'"):
        train(plan, toy(), tmp_path, squares, validate=lambda model: {"jf": 0.1})


def test_frozen_parameters_stay(tmp_path, toy, squares, recipe):
    plan = recipe()
    frozen = OptimiserOptions(lr=1e-2, frozen=("^encoder",), groups=(GroupOptions("head", 0.5),))
    plan = replace(plan, stages=(replace(plan.stages[0], optimiser=frozen),))
    model, start = toy(), toy().state_dict()
    train(plan, model, tmp_path, squares)
    end = model.state_dict()
    assert torch.equal(end["encoder.weight"], start["encoder.weight"])
    assert not torch.equal(end["head.weight"], start["head.weight"])


def test_a_pattern_that_matches_nothing_is_an_error(tmp_path, toy, squares, recipe):
    plan = recipe()
    options = OptimiserOptions(frozen=("^backbone",))
    plan = replace(plan, stages=(replace(plan.stages[0], optimiser=options),))
    with pytest.raises(RecipeError, match=r"\^backbone"):
        train(plan, toy(), tmp_path, squares)


def test_epochs_are_counted_in_batches(tmp_path, toy, squares, recipe):
    plan = recipe()
    stage = replace(plan.stages[0], steps=None, epochs=0.4, accumulate=2)
    assert train(replace(plan, stages=(stage,)), toy(), tmp_path, squares).steps == 2
    with pytest.raises(RecipeError, match="either"):
        both = replace(stage, steps=3)
        train(replace(plan, stages=(both,)), toy(), tmp_path / "both", squares)


def test_a_gradient_that_stays_infinite_ends_the_run(tmp_path, toy, squares, recipe):
    model = toy()
    with torch.no_grad():
        model.head.bias.fill_(float("nan"))
    with pytest.raises(RecipeError, match="not finite"):
        train(recipe(steps=30), model, tmp_path, squares)


def test_bf16_and_tensorboard(tmp_path, toy, squares, recipe):
    plan = recipe(steps=2, precision="bf16", logging=LoggingOptions(every=1, tensorboard=True))
    train(plan, toy(), tmp_path, squares)
    assert all(loss == loss for _, loss, _ in losses_of(tmp_path))


def test_another_model_s_checkpoint_is_refused(tmp_path, toy, squares, recipe):
    train(recipe(steps=1), toy(), tmp_path, squares)
    other = torch.nn.Linear(2, 2)
    other.training_module = toy().training_module
    with pytest.raises(RecipeError, match="another model"):
        train(recipe(), other, tmp_path, squares)


def test_a_damaged_checkpoint_is_refused(tmp_path, toy, squares, recipe):
    train(recipe(steps=1), toy(), tmp_path, squares)
    (tmp_path / "last" / "training.safetensors").write_bytes(b"half")
    with pytest.raises(RecipeError, match="cannot be read"):
        train(recipe(), toy(), tmp_path, squares)


def test_a_run_killed_while_swapping_checkpoints_resumes(tmp_path, toy, squares, recipe):
    train(recipe(), toy(), tmp_path, squares, limit=3)
    (tmp_path / "last").rename(tmp_path / ".last.old")
    assert train(recipe(), toy(), tmp_path, squares, limit=1).step == 4


def test_an_unwritable_output_is_an_error(tmp_path, toy, squares, recipe):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        train(recipe(), toy(), tmp_path / "file" / "run", squares)


def test_workers_change_nothing(tmp_path, toy, squares, recipe):
    plan = recipe(steps=3)
    stage = replace(plan.stages[0], data=DataOptions(workers=1))
    train(plan, toy(), tmp_path / "none", squares)
    train(replace(plan, stages=(stage,)), toy(), tmp_path / "one", squares)
    assert losses_of(tmp_path / "one") == losses_of(tmp_path / "none")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_workers_leave_signals_to_the_trainer(tmp_path, toy, squares, recipe, number):
    """Ctrl-C reaches the whole process group; the workers must outlive it."""

    class Interrupted:
        length = 10

        def batch(self, place):
            if torch.utils.data.get_worker_info() is not None:
                os.kill(os.getpid(), number)
            return squares(None).batch(place)

    plan = recipe(steps=3)
    stage = replace(plan.stages[0], data=DataOptions(workers=1))
    result = train(replace(plan, stages=(stage,)), toy(), tmp_path, lambda _: Interrupted())
    assert result.step == 3


@pytest.mark.parametrize("name", ["..", ".", "/", "../../x", "a/b", "a\\b", "", "x" * 300, "a\0"])
def test_a_stage_cannot_be_named_like_a_path(recipe, name):
    with pytest.raises(ValueError, match="cannot name a folder"):
        replace(recipe().stages[0], name=name)


@pytest.mark.parametrize("link", ["precomputed", ".last.new", ".last.old", "log.jsonl"])
def test_links_out_of_the_run_are_neither_emptied_nor_written(tmp_path, toy, squares, recipe, link):
    other, run = tmp_path / "other", tmp_path / "run"
    (other / "first").mkdir(parents=True)
    (other / "first/file").write_text("kept")
    run.mkdir()
    (run / link).symlink_to(other / "first/file" if link == "log.jsonl" else other)
    with pytest.raises(OutputError, match="leads out of the folder"):
        train(recipe(steps=1), toy(), run, squares)
    assert [one.name for one in other.iterdir()] == ["first"]
    assert (other / "first/file").read_text() == "kept"
