"""Choose the thresholds of a model folder on MomentWorld val and write them into its config.

python tools/calibrate.py runs/world-mini/best --videos 60

Where a trained selector scores tracks, its thresholds are chosen, and the grounder's own stay as
they are; with --no-selection it is the other way round.
"""

import argparse
import sys

import momentvos
from momentvos.evaluation.calibration import choose, observe
from momentvos.moment import MEDIAN


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder written by save_pretrained")
    parser.add_argument("--videos", type=int, default=60)
    parser.add_argument("--no-selection", action="store_true", help="of the model as published")
    parser.add_argument("--dry-run", action="store_true", help="print, write nothing")
    options = parser.parse_args()
    model = momentvos.load(options.model)

    def progress(done: int, total: int) -> None:
        print(f"\r{done} of {total} videos", end="", file=sys.stderr, flush=True)

    selection = False if options.no_selection else None
    rows = observe(model, "val", options.videos, progress=progress, selection=selection)
    chosen = choose(rows, getattr(model.config, "relevance_median", MEDIAN))
    print(file=sys.stderr)
    print(chosen)
    if not options.dry_run:
        trained = model.selector is not None and model.config.selection is not None
        selected = trained and not options.no_selection
        config = model.config.selection if selected else model.config
        config.relevance_threshold = chosen.relevance
        config.presence_threshold = chosen.presence
        model.config.save_pretrained(options.model)


if __name__ == "__main__":
    main()
