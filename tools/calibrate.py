"""Choose the thresholds of a model folder on MomentWorld val and write them into its config.

python tools/calibrate.py runs/world-mini/best --videos 60

Where TAM is asked of things, the threshold of their relevance is chosen, and that of the first look
stays.
"""

import argparse
import sys

import momentvos
from momentvos.evaluation.calibration import choose, observe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder written by save_pretrained")
    parser.add_argument("--videos", type=int, default=60)
    parser.add_argument("--dry-run", action="store_true", help="print, write nothing")
    options = parser.parse_args()
    model = momentvos.load(options.model)

    def progress(done: int, total: int) -> None:
        print(f"\r{done} of {total} videos", end="", file=sys.stderr, flush=True)

    rows = observe(model, "val", options.videos, progress=progress)
    chosen = choose(rows, model.config.relevance_median)
    print(file=sys.stderr)
    print(chosen)
    if not options.dry_run:
        asked_of_things = model.config.tam_things and model.config.consensus
        threshold = "things_threshold" if asked_of_things else "relevance_threshold"
        setattr(model.config, threshold, chosen.relevance)
        model.config.presence_threshold = chosen.presence
        model.config.save_pretrained(options.model)


if __name__ == "__main__":
    main()
