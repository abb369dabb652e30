// Masks from COCO's run-length encoding, as `pycocotools.mask` writes it.

/** Lengths of the runs, of background and object in turn, down the columns. counts: COCO's text. */
export function runs(counts) {
  const made = [];
  for (let at = 0; at < counts.length; ) {
    let value = 0;
    for (let shift = 0, more = true; more; shift += 5) {
      const code = counts.charCodeAt(at) - 48; // six bits: five of the value, one says more follow
      at += 1;
      value |= (code & 31) << shift;
      more = (code & 32) !== 0;
      if (!more && code & 16) value |= -1 << (shift + 5); // the sign goes on
    }
    made.push(made.length > 2 ? value + made[made.length - 2] : value);
  }
  return made;
}

/**
 * A mask at a size, of which each pixel is the nearest of the encoded mask.
 * rle: {size: [height, width], counts}. Returns {width, height, data: Uint8Array of 0 and 1, row by
 * row, box: [left, top, right, bottom] of what is 1, without its right and bottom}; box is null where nothing is.
 */
export function decode(rle, width = rle.size[1], height = rle.size[0]) {
  const [rows, columns] = rle.size;
  const whole = new Uint8Array(rows * columns);
  let at = 0;
  runs(rle.counts).forEach((length, number) => {
    if (number % 2) whole.fill(1, at, at + length);
    at += length;
  });
  const data = new Uint8Array(width * height);
  const box = [width, height, 0, 0];
  for (let x = 0; x < width; x += 1) {
    const column = Math.floor(((x + 0.5) * columns) / width) * rows;
    for (let y = 0; y < height; y += 1) {
      if (!whole[column + Math.floor(((y + 0.5) * rows) / height)]) continue;
      data[y * width + x] = 1;
      if (x < box[0]) box[0] = x;
      if (y < box[1]) box[1] = y;
      if (x >= box[2]) box[2] = x + 1;
      if (y >= box[3]) box[3] = y + 1;
    }
  }
  return { width, height, data, box: box[2] ? box : null };
}

/** The most inner pixel of a mask, [x, y], by its distance to what is outside; null of an empty one. */
export function innermost(mask) {
  if (!mask.box) return null;
  const { width, height, data } = mask;
  const far = new Float32Array(width * height);
  const at = (x, y) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : far[y * width + x]);
  const side = 1, across = Math.SQRT2;
  const nearest = (x, y, step) =>
    Math.min(at(x - step, y) + side, at(x, y - step) + side, at(x - step, y - step) + across, at(x + step, y - step) + across);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) if (data[y * width + x]) far[y * width + x] = nearest(x, y, 1);
  }
  let best = [0, 0], most = -1;
  for (let y = height - 1; y >= 0; y -= 1) {
    for (let x = width - 1; x >= 0; x -= 1) {
      if (!data[y * width + x]) continue;
      const here = Math.min(far[y * width + x], nearest(x, y, -1));
      far[y * width + x] = here;
      if (here > most) [best, most] = [[x, y], here];
    }
  }
  return best;
}
