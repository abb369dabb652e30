// What can be done by keys, and the choice to have none of them.

import { dialog, h } from "./dom.js";

const KEY = "momentvos-keys";

const SHORTCUTS = [
  ["Go through the video", [
    [["←", "→"], "a frame back, a frame on; ten with Shift"],
    [["Page Up", "Page Down"], "to the end of a moment before, after"],
    [["Home", "End"], "first frame, last frame"],
    [["Space"], "play, stop"],
    [["G"], "go to a frame by its number"],
  ]],
  ["Ask and choose", [
    [["A"], "to the field for sentences; Enter asks, Shift + Enter starts another line"],
    [["1", "…", "9"], "choose a sentence"],
    [["H"], "hide or show its masks"],
    [["M"], "hide or show all masks"],
    [["D"], "download"],
  ]],
  ["Correct", [
    [["["], "the moment starts at this frame"],
    [["]"], "the moment ends at this frame"],
    [["Tab"], "to an end of a moment; arrows move it by a frame, ten with Shift; Delete removes the moment"],
    [["N"], "not this one"],
    [["C"], "click the right one: arrows move the aim, Enter marks the object, − what is not it"],
    [["T"], "track again"],
    [["Esc"], "leave, cancel"],
  ]],
];

/** Whether single keys do something. */
export function keysOn() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true; // a browser that keeps nothing
  }
}

/** The dialog. */
export function help() {
  const box = h("input", {
    type: "checkbox",
    id: "keys",
    change: () => {
      try {
        localStorage.setItem(KEY, box.checked ? "on" : "off");
      } catch {
        // it holds until the page is left
      }
    },
  });
  box.checked = keysOn();
  return dialog(
    "Keys",
    ...SHORTCUTS.map(([title, rows]) =>
      h(
        "section",
        { class: "stack tight" },
        h("h3", { text: title }),
        h(
          "dl",
          { class: "keys" },
          rows.map(([keys, words]) => h("div", {}, h("dt", {}, keys.map((one) => [h("kbd", { text: one }), " "])), h("dd", { text: words }))),
        ),
      ),
    ),
    h("label", { class: "check", for: "keys" }, box, " Single keys do this (off: only Tab, Enter and arrows in their places)"),
    h("p", { class: "small quiet" }, h("kbd", { text: "?" }), " shows this."),
  );
}
