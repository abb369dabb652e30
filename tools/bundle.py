"""Copy a trained model into the package as float16 safetensors with its tokenizer.

python tools/bundle.py runs/world-mini/best src/momentvos/systems/tgl/weights/tgl-mini
"""

import argparse

import momentvos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder of the trained model")
    parser.add_argument("target", help="folder in the package")
    options = parser.parse_args()
    model = momentvos.load(options.model, device="cpu").half()
    model.config.name_or_path = ""
    model.save_pretrained(options.target)


if __name__ == "__main__":
    main()
