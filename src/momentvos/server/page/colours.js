// Colours of sentences: those of the overlay, which colour-blind people tell apart as well
// (momentvos.results.palette). A sentence has a number beside its colour, so that none must.

export const COLOURS = [
  [250, 172, 0],
  [0, 235, 175],
  [255, 45, 35],
  [170, 140, 255],
  [0, 146, 109],
  [46, 16, 255],
  [155, 0, 135],
  [255, 255, 255],
];

/** A colour as CSS writes it; `alpha` 0..1. */
export function css([red, green, blue], alpha = 1) {
  return alpha === 1 ? `rgb(${red}, ${green}, ${blue})` : `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

/** Black or white: what can be read on a colour, and rims its contour. */
export function against([red, green, blue]) {
  const [r, g, b] = [red, green, blue].map((one) => {
    const share = one / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.2 ? [16, 18, 22] : [255, 255, 255];
}

/** The place of the first colour that the fewest of `used` have. */
export function freeColour(used) {
  const counts = COLOURS.map((_, at) => used.filter((one) => one === at).length);
  return counts.indexOf(Math.min(...counts));
}
