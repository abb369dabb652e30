#!/bin/sh
# Draw the pictures of README anew, with the `momentvos` and `python` on the path: sh tools/make_readme_pictures.sh
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

python tools/make_hero.py docs/images/hero.webp

python -m momentvos run samples/demo.mp4 "$(cat samples/demo.txt)" -o "$scratch/demo" -q
python tools/make_picture.py "$scratch/demo" docs/images/demo.png
python tools/make_picture.py "$scratch/demo" docs/images/splash.png --splash samples/demo.mp4

for scene in 1 5 10 38; do
	python tools/make_sample.py --seed "$scene" --out "$scratch/$(printf %02d "$scene")" >"$scratch/log"
	python -m momentvos run "$scratch/$(printf %02d "$scene")/demo.mp4" "a turtle that is going left" \
		-o "$scratch/out/$(printf %02d "$scene")" -q
done
python tools/make_picture.py "$scratch"/out/* docs/images/folder.png
