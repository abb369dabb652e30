// What keys do.

import { dialog, h } from "/page/dom.js";

export const KEYS = [
  ["I", "mark in: a span begins at this frame"],
  ["O", "mark out: it ends at this frame, which belongs to it"],
  ["M", "mark by one key: press at both ends, or hold it while playing"],
  ["Space", "play or stop"],
  ["J K L", "back, stop, forward; again: twice as fast; with Shift: half speed"],
  ["R", "lock playing to the span under the playhead, or free it"],
  ["[ ]", "jump to the edge before or after, and take hold of it"],
  ["← →", "move the edge that is held by a frame; without one: go by a frame"],
  ["Shift ← →", "the same by ten frames"],
  [", .", "go by a frame, whatever is held"],
  ["Esc", "let go of the edge, or give up a span that is begun"],
  ["Delete", "remove the span that is held or under the playhead"],
  ["1 – 9, ↑ ↓", "choose an object"],
  ["Z, Y", "undo, redo"],
  ["A", "show all objects of the video, and add one that lacks"],
  ["D", "remove the chosen object from this sentence"],
  ["X", "exchange the ids of two objects in a span; with Shift: what was exchanged, and back"],
  ["U", "hand in as unusable"],
  ["Enter", "hand in, and go to the next"],
  ["N, P", "next, previous"],
  ["?", "this list"],
];

export function help() {
  dialog(
    "Keys",
    h("dl", { class: "keys" }, KEYS.map(([key, words]) => h("div", {}, h("dt", {}, h("kbd", { text: key })), h("dd", { text: words })))),
  );
}
