"""Store what bundled models have in common once: tensors of one name that are the same in all.

python tools/share_weights.py mini src/momentvos/systems/*/weights/*-mini

Each folder's `model.safetensors` keeps the rest, and its `config.json` names the shared file
(`shared_weights`). Folders that share already are read whole first, so the command can be repeated
when a model has been trained anew.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from momentvos.systems.shared_weights import FOLDER
from momentvos.systems.stored import WEIGHTS


def main() -> None:
    """Write the shared file and each folder anew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="of the shared file")
    parser.add_argument("folders", nargs="+", type=Path, help="of models in 16 bits")
    options = parser.parse_args()
    models = {folder: _whole(folder) for folder in options.folders}
    first, *others = models.values()
    shared = {
        key: one
        for key, one in first.items()
        if all(key in other and torch.equal(one, other[key]) for other in others)
    }
    FOLDER.mkdir(exist_ok=True)
    _write(shared, FOLDER / f"{options.name}.safetensors")
    for folder, weights in models.items():
        _write({key: weights[key] for key in weights.keys() - shared.keys()}, folder / WEIGHTS)
        config = _config(folder) | {"shared_weights": options.name}
        text = json.dumps(dict(sorted(config.items())), indent=2)
        (folder / "config.json").write_text(text + "\n")
        print(f"{folder}: {(folder / WEIGHTS).stat().st_size / 1e6:.1f} MB of its own")


def _whole(folder: Path) -> dict[str, Tensor]:
    name = _config(folder).get("shared_weights")
    shared = {} if name is None else load_file(FOLDER / f"{name}.safetensors")
    return shared | load_file(folder / WEIGHTS)


def _config(folder: Path) -> dict[str, object]:
    return json.loads((folder / "config.json").read_text())


def _write(weights: dict[str, Tensor], path: Path) -> None:
    save_file(weights, path, {"format": "pt"})
    path.chmod(0o644)
    print(f"{path}: {len(weights)} tensors")


if __name__ == "__main__":
    main()
