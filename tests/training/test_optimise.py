import pytest

from momentvos.errors import RecipeError
from momentvos.training import optimise
from momentvos.training.options import GroupOptions, OptimiserOptions


def test_constant_rate_with_warm_up():
    options = OptimiserOptions(lr=1.0, warmup=4)
    assert [optimise.rate(step, 10, options) for step in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]


def test_cosine_falls_to_its_floor():
    options = OptimiserOptions(lr=2.0, schedule="cosine", warmup=2, floor=0.1)
    rates = [optimise.rate(step, 102, options) for step in range(103)]
    assert rates[2] == 2.0 and rates[52] == pytest.approx(1.1) and rates[102] == pytest.approx(0.2)
    assert rates[2:] == sorted(rates[2:], reverse=True)


def test_groups_scale_the_rate_and_vectors_do_not_decay(toy):
    model = toy()
    options = OptimiserOptions(lr=0.1, weight_decay=0.05, groups=(GroupOptions("head", 0.5),))
    names = [name for name, _ in model.named_parameters()]
    optimiser = optimise.optimiser(model, names, options)
    optimise.set_rate(optimiser, 0.2)
    found = {
        name: (group["lr"], group["weight_decay"])
        for group in optimiser.param_groups
        for member in group["params"]
        for name, parameter in model.named_parameters()
        if parameter is member
    }
    assert found == {
        "encoder.weight": (0.2, 0.05),
        "encoder.bias": (0.2, 0.0),
        "head.weight": (0.1, 0.05),
        "head.bias": (0.1, 0.0),
    }


def test_only_what_the_model_allows_can_train(toy):
    model = toy()
    chosen = optimise.choose(model, ["head.weight", "head.bias"], OptimiserOptions())
    assert chosen == ["head.weight", "head.bias"]
    assert not model.encoder.weight.requires_grad
    with pytest.raises(RecipeError, match="No parameter"):
        optimise.choose(model, ["head.weight"], OptimiserOptions(frozen=("head",)))


def test_trained_patterns_leave_the_rest_out(toy):
    model = toy()
    names = [name for name, _ in model.named_parameters()]
    options = OptimiserOptions(trained=("weight$",))
    assert optimise.choose(model, names, options) == ["encoder.weight", "head.weight"]


def test_a_bad_regular_expression_is_an_error(toy):
    with pytest.raises(RecipeError, match="regular expression"):
        optimise.choose(toy(), [], OptimiserOptions(frozen=("(",)))


def test_warm_up_may_be_a_share_of_the_stage():
    share, steps = (OptimiserOptions(lr=1.0, warmup=warm, schedule="cosine") for warm in (0.05, 5))
    rates = [optimise.rate(step, 100, share) for step in range(100)]
    assert rates == [optimise.rate(step, 100, steps) for step in range(100)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
