// Objects on a canvas: a fill inside the moment, and a contour of two tones that shows on any ground.

import { against, css } from "./colours.js";
import { decode } from "./rle.js";

const FILL = 0.38;
const OUTSIDE = 0.75; // of a contour where the sentence does not hold

/**
 * Draw a mask. rle: COCO's. inside: whether the frame belongs to the moment. line: width of the
 * contour in pixels of the canvas.
 */
export function paintMask(context, rle, colour, inside, line) {
  const { width, height } = context.canvas;
  const mask = decode(rle, width, height);
  if (!mask.box) return;
  const reach = line * 2;
  const left = Math.max(mask.box[0] - reach, 0);
  const top = Math.max(mask.box[1] - reach, 0);
  const wide = Math.min(mask.box[2] + reach, width) - left;
  const high = Math.min(mask.box[3] + reach, height) - top;
  const distance = distances(mask, left, top, wide, high, reach);
  const image = new ImageData(wide, high);
  const rim = against(colour);
  const strength = inside ? 1 : OUTSIDE;
  for (let at = 0; at < distance.length; at += 1) {
    const far = distance[at]; // negative inside the object
    let tone = colour, alpha = 0;
    if (far > 0 && far <= line * (inside ? 0.9 : 0.6)) [tone, alpha] = [rim, 0.8 * strength];
    else if (far <= 0 && -far < line * (inside ? 1 : 0.6)) alpha = strength;
    else if (far <= 0 && inside) alpha = FILL;
    if (!alpha) continue;
    image.data[at * 4] = tone[0];
    image.data[at * 4 + 1] = tone[1];
    image.data[at * 4 + 2] = tone[2];
    image.data[at * 4 + 3] = Math.round(alpha * 255);
  }
  const layer = new OffscreenCanvas(wide, high);
  layer.getContext("2d").putImageData(image, 0, 0);
  context.drawImage(layer, left, top); // unlike putImageData it blends
}

/** Distance of each pixel of a window to the object's border: > 0 outside, <= 0 inside; at most `reach`. */
function distances(mask, left, top, wide, high, reach) {
  const outside = new Float32Array(wide * high);
  const inside = new Float32Array(wide * high);
  for (let y = 0; y < high; y += 1) {
    for (let x = 0; x < wide; x += 1) {
      const is = mask.data[(y + top) * mask.width + x + left];
      outside[y * wide + x] = is ? 0 : reach + 1;
      inside[y * wide + x] = is ? reach + 1 : 0;
    }
  }
  sweep(outside, wide, high);
  sweep(inside, wide, high);
  // From the border between two pixels, each is half a pixel away.
  for (let at = 0; at < outside.length; at += 1) outside[at] = outside[at] ? outside[at] - 0.5 : 0.5 - inside[at];
  return outside;
}

/** Two passes of a chamfer distance transform, in place. */
function sweep(values, wide, high) {
  const across = Math.SQRT2;
  for (let y = 0; y < high; y += 1) {
    for (let x = 0; x < wide; x += 1) {
      const at = y * wide + x;
      let here = values[at];
      if (!here) continue;
      if (x) here = Math.min(here, values[at - 1] + 1);
      if (y) here = Math.min(here, values[at - wide] + 1);
      if (x && y) here = Math.min(here, values[at - wide - 1] + across);
      if (y && x + 1 < wide) here = Math.min(here, values[at - wide + 1] + across);
      values[at] = here;
    }
  }
  for (let y = high - 1; y >= 0; y -= 1) {
    for (let x = wide - 1; x >= 0; x -= 1) {
      const at = y * wide + x;
      let here = values[at];
      if (!here) continue;
      if (x + 1 < wide) here = Math.min(here, values[at + 1] + 1);
      if (y + 1 < high) here = Math.min(here, values[at + wide] + 1);
      if (x + 1 < wide && y + 1 < high) here = Math.min(here, values[at + wide + 1] + across);
      if (x && y + 1 < high) here = Math.min(here, values[at + wide - 1] + across);
      values[at] = here;
    }
  }
}

/** Draw a click: a plus on the object, a minus on what is not it. size: its radius in pixels. */
export function paintClick(context, x, y, object, size) {
  const line = Math.max(size / 4, 1.5);
  const cross = () => {
    context.beginPath();
    context.moveTo(x - size * 0.5, y);
    context.lineTo(x + size * 0.5, y);
    if (object) {
      context.moveTo(x, y - size * 0.5);
      context.lineTo(x, y + size * 0.5);
    }
    context.stroke();
  };
  context.beginPath();
  context.arc(x, y, size, 0, 2 * Math.PI);
  context.fillStyle = object ? css([16, 18, 22]) : css([255, 255, 255]);
  context.fill();
  context.lineWidth = line;
  context.strokeStyle = object ? css([255, 255, 255]) : css([190, 20, 20]);
  context.stroke();
  cross();
}

/** Draw where a click by the keyboard would be. */
export function paintAim(context, x, y, size) {
  for (const [width, colour] of [[4, css([16, 18, 22])], [2, css([255, 255, 255])]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + dx * size * 0.35, y + dy * size * 0.35);
      context.lineTo(x + dx * size * 1.6, y + dy * size * 1.6);
    }
    context.stroke();
  }
}
