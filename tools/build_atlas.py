"""Build MomentWorld's sprite atlas from two unpacked npm packages.

    npm pack emoji-datasource-google cldr-annotations-full   # then unpack both
    python tools/build_atlas.py EMOJI_FOLDER CLDR_FOLDER [OUT]

``EMOJI_FOLDER`` holds ``img/google/64/*.png`` (Noto Emoji drawings, Apache-2.0) and
``CLDR_FOLDER`` holds ``annotations/en/annotations.json`` (Unicode CLDR, Unicode License v3).
``OUT`` (default: the package's own ``data/world`` folder) receives ``atlas.png`` and
``atlas.json``. Every drawing is cropped to its visible box and fitted into a 64 pixel tile with a
margin of one pixel, so that an object's size in a scene is the size of what one sees.
"""

import json
import sys
from pathlib import Path

from PIL import Image

TILE = 64
COLUMNS = 8
DEFAULT_OUT = Path(__file__).parents[1] / "src" / "momentvos" / "data" / "world"

# code point: (name in a sentence, plural, colour words a viewer may use for the plain drawing).
# A name that differs from CLDR's short name is a simplification ("automobile" -> "car").
CATEGORIES = {
    "1f415": ("dog", "dogs", ["yellow"]),
    "1f408": ("cat", "cats", ["yellow"]),
    "1f40e": ("horse", "horses", ["red"]),
    "1f404": ("cow", "cows", ["gray"]),
    "1f416": ("pig", "pigs", ["red", "purple"]),
    "1f411": ("sheep", "sheep", ["gray"]),
    "1f418": ("elephant", "elephants", ["gray", "blue"]),
    "1f407": ("rabbit", "rabbits", ["gray"]),
    "1f412": ("monkey", "monkeys", ["red"]),
    "1f413": ("rooster", "roosters", ["gray", "red"]),
    "1f427": ("penguin", "penguins", ["gray", "blue"]),
    "1f986": ("duck", "ducks", ["green"]),
    "1f422": ("turtle", "turtles", ["green"]),
    "1f438": ("frog", "frogs", ["green"]),
    "1f419": ("octopus", "octopuses", ["red", "purple"]),
    "1f41f": ("fish", "fish", ["blue"]),
    "1f988": ("shark", "sharks", ["gray", "blue"]),
    "1f98b": ("butterfly", "butterflies", ["red"]),
    "1f40c": ("snail", "snails", ["green", "yellow"]),
    "1f980": ("crab", "crabs", ["red"]),
    "1f992": ("giraffe", "giraffes", ["yellow"]),
    "1f42a": ("camel", "camels", ["yellow"]),
    "1f995": ("dinosaur", "dinosaurs", ["green"]),
    "1f41d": ("bee", "bees", ["yellow"]),
    "1f697": ("car", "cars", ["red"]),
    "1f68c": ("bus", "buses", ["yellow", "blue"]),
    "1f69a": ("truck", "trucks", ["green", "blue", "red"]),
    "1f682": ("train", "trains", ["gray", "red", "blue"]),
    "1f6b2": ("bicycle", "bicycles", ["red", "blue"]),
    "2708-fe0f": ("airplane", "airplanes", ["blue", "gray"]),
    "1f680": ("rocket", "rockets", ["red", "gray"]),
    "1f681": ("helicopter", "helicopters", ["red", "yellow"]),
    "26f5": ("sailboat", "sailboats", ["red", "blue", "gray"]),
    "1f69c": ("tractor", "tractors", ["green", "yellow"]),
    "1f34e": ("apple", "apples", ["red"]),
    "1f34c": ("banana", "bananas", ["yellow"]),
    "1f353": ("strawberry", "strawberries", ["red"]),
    "1f355": ("pizza", "pizzas", ["yellow", "red"]),
    "1f354": ("hamburger", "hamburgers", ["yellow", "green"]),
    "1f382": ("cake", "cakes", ["red", "gray"]),
    "1f955": ("carrot", "carrots", ["red", "green", "yellow"]),
    "1f388": ("balloon", "balloons", ["red"]),
    "1f511": ("key", "keys", ["yellow"]),
    "1f3b8": ("guitar", "guitars", ["red", "yellow"]),
    "1f3a9": ("hat", "hats", ["gray", "blue"]),
    "1f528": ("hammer", "hammers", ["gray", "blue"]),
    "1f344": ("mushroom", "mushrooms", ["red"]),
    "1f335": ("cactus", "cacti", ["green"]),
}


def fitted(picture: Image.Image) -> Image.Image:
    """Crop to the visible box and fit into a tile, margin of one pixel, centred."""
    cropped = picture.crop(picture.getchannel("A").point(lambda a: 255 * (a > 32)).getbbox())
    scale = (TILE - 2) / max(cropped.size)
    size = tuple(max(1, round(side * scale)) for side in cropped.size)
    resized = cropped.convert("RGBa").resize(size, Image.Resampling.LANCZOS).convert("RGBA")
    tile = Image.new("RGBA", (TILE, TILE))
    tile.paste(resized, ((TILE - size[0]) // 2, (TILE - size[1]) // 2))
    return tile


def main(emoji: Path, cldr: Path, out: Path = DEFAULT_OUT) -> None:
    """Write ``atlas.png`` and ``atlas.json`` into ``out``."""
    names = json.loads((cldr / "annotations/en/annotations.json").read_text("utf-8"))
    short = {k: v["tts"][0] for k, v in names["annotations"]["annotations"].items() if "tts" in v}
    rows = -(-len(CATEGORIES) // COLUMNS)
    sheet = Image.new("RGBA", (COLUMNS * TILE, rows * TILE))
    entries = []
    for index, (code, (name, plural, colours)) in enumerate(CATEGORIES.items()):
        picture = Image.open(emoji / "img/google/64" / f"{code}.png").convert("RGBA")
        sheet.paste(fitted(picture), (index % COLUMNS * TILE, index // COLUMNS * TILE))
        character = chr(int(code.split("-")[0], 16))
        entries.append(
            {
                "name": name,
                "plural": plural,
                "code": code,
                "cldr": short[character],
                "colours": colours,
            }
        )
    sheet.save(out / "atlas.png", optimize=True)
    document = {"tile": TILE, "columns": COLUMNS, "categories": entries}
    (out / "atlas.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
