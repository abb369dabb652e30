// Below the picture: playing, steps, the number of the frame, its time, and whether masks are shown.

import { h, set } from "./dom.js";
import { time } from "./words.js";

/** The controls. `view`: clock, frame, masks. seek(frame), toggle(): play or stop, masks(). */
export class Controls {
  constructor(view, { seek, toggle, masks }) {
    this._view = view;
    const button = (label, title, text, click) => h("button", { type: "button", class: "icon plain", "aria-label": label, title, click }, text);
    this._play = button("Play", "Play or stop (Space)", "▶", toggle);
    this.number = h("input", {
      type: "number",
      class: "number",
      min: 0,
      max: view.clock.length - 1,
      step: 1,
      "aria-label": "Frame number",
      inputmode: "numeric",
      change: () => this.number.value !== "" && seek(Number(this.number.value)),
    });
    this._time = h("span", { class: "figure time" });
    this._masks = h("button", { type: "button", class: "masks", "aria-pressed": true, title: "Hide or show all masks (M)", click: masks }, "Masks");
    this.node = h(
      "div",
      { class: "controls row", role: "group", "aria-label": "Playing" },
      button("Frame back", "A frame back (←)", "‹", () => seek(view.frame - 1)),
      this._play,
      button("Frame on", "A frame on (→)", "›", () => seek(view.frame + 1)),
      h("label", { class: "frame-number" }, h("span", { text: "Frame " }), this.number, h("span", { class: "quiet", text: ` (0–${(view.clock.length - 1).toLocaleString("en")})` })),
      this._time,
      h("span", { class: "grow" }),
      this._masks,
    );
  }

  update(playing) {
    const { clock, frame, masks } = this._view;
    if (document.activeElement !== this.number) set(this.number, { value: frame });
    set(this._time, { text: time(clock.start(frame), 3) });
    set(this._play, { text: playing ? "❚❚" : "▶", "aria-label": playing ? "Stop" : "Play" });
    set(this._masks, { "aria-pressed": masks });
  }
}
