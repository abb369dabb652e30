#!/bin/sh
# Draw the pictures of README and of the tutorials anew, with the `python` on the path and Chromium:
# sh tools/make_readme_pictures.sh
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

python tools/make_hero.py docs/images/hero.webp

python -m momentvos run samples/demo.mp4 "$(cat samples/demo.txt)" -o "$scratch/demo" -q
python tools/make_picture.py "$scratch/demo" docs/images/demo.png
python tools/make_picture.py "$scratch/demo" docs/images/splash.png --splash samples/demo.mp4
python tools/make_picture.py "$scratch/demo" docs/images/plot.png --plot

python tools/make_batch_picture.py
python tools/make_film_pictures.py
