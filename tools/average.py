"""Mean of several models' weights, as one model; they differ in their last stage alone.

python tools/average.py runs/averaged runs/tracks-a/last runs/tracks-b/last runs/tracks-c/last

Runs from the same weights on the same data, in another order or at another rate, make different
errors; the mean of their weights makes fewer than each.
"""

import argparse
from pathlib import Path

import torch

import momentvos
from momentvos.errors import ModelError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", help="folder to write")
    parser.add_argument("models", nargs="+", help="folders; settings are those of the first")
    options = parser.parse_args()
    average(options.models, options.out)
    print(options.out)


@torch.no_grad()
def average(models: list[str], out: str | Path) -> None:
    """Write the mean of the models' weights, with the configuration and words of the first.

    Raises ModelError for what is no model, and for models of different shapes.
    """
    loaded = [momentvos.load(name, device="cpu").float() for name in models]
    states = [model.state_dict() for model in loaded]
    shapes = [{key: one.shape for key, one in state.items()} for state in states]
    for name, shape in zip(models, shapes, strict=True):
        if shape != shapes[0]:
            raise ModelError(f"'{name}' has other parts than '{models[0]}'.")
    loaded[0].load_state_dict({key: mean([state[key] for state in states]) for key in states[0]})
    loaded[0].save_pretrained(out)


def mean(values: list[torch.Tensor]) -> torch.Tensor:
    """Of weights; of what counts or marks, the first."""
    return sum(values) / len(values) if values[0].is_floating_point() else values[0]


if __name__ == "__main__":
    main()
