"""Copy a trained model of any system into the package: float16 safetensors with its tokenizer.

python tools/bundle.py runs/momentseg-mini/last momentseg-mini

It goes to the weights folder of its system, in the place of an earlier one of that name.
"""

import argparse
import shutil
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import momentvos
from momentvos.errors import ModelError
from momentvos.hub import known_models

BUDGET = 40e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder of the trained model")
    parser.add_argument("name", help="what it is called in the package")
    options = parser.parse_args()
    target = bundle(options.model, options.name)
    print(f"{target}: {size(target) / 1e6:.1f} MB")
    paths = [Path(one.path) for one in known_models() if one.path]
    print(f"all bundled models: {sum(map(size, paths)) / 1e6:.1f} of {BUDGET / 1e6:.0f} MB")


def bundle(source: str, name: str) -> Path:
    """Write the model as `name`; the folder it is in then.

    Raises ModelError for what is no model, or one that float16 cannot hold.
    """
    model = momentvos.load(source, device="cpu")
    if getattr(model.config, "lora", None) is not None:
        model.merge()
    model.half()
    bad = [key for key, weight in model.state_dict().items() if not weight.isfinite().all()]
    if bad:
        raise ModelError(f"{source}: float16 cannot hold {', '.join(bad[:3])}.")
    model.config.name_or_path = ""
    system = import_module(type(model).__module__.rpartition(".")[0])
    target = Path(system.__path__[0]) / "weights" / name
    target.parent.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as place:
        new = Path(place) / name
        model.save_pretrained(new)
        shutil.rmtree(target, ignore_errors=True)
        new.rename(target)
    return target


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    main()
