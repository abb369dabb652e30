import torch

from momentvos.training.average import Average


def test_the_average_follows_the_weights_with_a_rising_decay(toy):
    model = toy()
    start = model.head.weight.detach().clone()
    average = Average(model, 0.999)
    with torch.no_grad():
        model.head.weight += 1
    average.update(model)
    torch.testing.assert_close(average.values["head.weight"], start + 0.9)
    average.update(model)
    torch.testing.assert_close(average.values["head.weight"], start + 1 - 0.1 * 2 / 11)


def test_swapped_lends_the_average_to_the_model(toy):
    model = toy()
    average = Average(model, 0.9)
    start = model.head.weight.detach().clone()
    with torch.no_grad():
        model.head.weight += 1
    with average.swapped(model):
        torch.testing.assert_close(model.head.weight.detach(), start)
    torch.testing.assert_close(model.head.weight.detach(), start + 1)
    torch.testing.assert_close(average.values["head.weight"], start)
