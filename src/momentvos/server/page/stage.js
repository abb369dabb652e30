// The video in the centre: the frame that is asked for, exactly, with the objects over it.

import { COLOURS } from "./colours.js";
import { h, set } from "./dom.js";
import { paintAim, paintClick, paintMask } from "./paint.js";

/**
 * The picture. `view` is the workspace's state: video, frame, answers, active, masks, picking,
 * frames. clicked(x, y, object): a point of the video, in its pixels.
 */
export class Stage {
  constructor(view, { clicked }) {
    this._view = view;
    this._clicked = clicked;
    this.shown = null; // number of the frame that is on the canvas
    this.aim = null; // where the keyboard points, in pixels of the video
    this._drawn = "";
    this._picture = h("canvas", { class: "frame" });
    this._objects = h("canvas", { class: "objects" });
    this._note = h("p", { class: "stage-note", hidden: true });
    this.surface = h(
      "div",
      { class: "surface", pointerdown: (event) => this._point(event) },
      this._picture,
      this._objects,
    );
    this.node = h("div", { class: "stage" }, this.surface, this._note);
    this._observer = new ResizeObserver(() => this._fit());
    this._observer.observe(this.node);
  }

  close() {
    this._observer.disconnect();
  }

  /** Bring it up to date. */
  update() {
    const { video, frame, frames, picking, error } = this._view;
    // Who moves faster than pictures come sees those on the way.
    const there = frames.get(frame) ? frame : frames.onTheWay;
    if (there === frame) frames.onTheWay = null;
    const picture = there === null ? null : frames.get(there);
    if (picture && (this.shown !== there || this._from !== picture)) {
      this._picture.getContext("2d").drawImage(picture, 0, 0, this._picture.width, this._picture.height);
      this.shown = there;
      this._from = picture;
    }
    set(this.surface, { "data-frame": this.shown, "data-loading": this.shown !== frame });
    set(this._note, { hidden: !error, text: error ?? "" });
    set(this.surface, {
      class: `surface${picking ? " picking" : ""}`,
      role: picking ? "application" : "img",
      tabindex: picking ? 0 : null,
      "aria-label": picking
        ? "Video. Arrows move the aim, Enter marks the object, minus marks what is not it, T tracks again, Escape leaves."
        : `${video.name}, frame ${this.shown ?? frame}${this._names()}`,
    });
    this._drawObjects();
  }

  _names() {
    const { answers, masks } = this._view;
    const there = masks ? answers.cards.filter((one) => one.visible && this.shown !== null && one.mask(this.shown)) : [];
    return there.length ? `; marked: ${there.map((one) => one.sentence).join("; ")}` : "";
  }

  /** Move the aim of the keyboard by shares of the width. */
  move(dx, dy) {
    const { width, height } = this._view.video;
    const [x, y] = this.aim ?? [width / 2, height / 2];
    const clamp = (value, most) => Math.min(Math.max(value, 0), most - 1);
    this.aim = [clamp(x + dx * width, width), clamp(y + dy * width, height)];
    this._drawObjects();
  }

  _drawObjects() {
    const { answers, active, masks, picking } = this._view;
    const frame = this.shown;
    if (frame === null) return;
    const cards = masks ? answers.cards.filter((one) => one.visible) : [];
    const found = cards.map((one) => [one, one.mask(frame)]);
    const marks = picking ? (active?.clicks ?? []).filter((one) => one.frame === frame) : [];
    const state = [
      frame,
      this._objects.width,
      picking && this.aim,
      JSON.stringify(marks),
      ...found.map(([one, mask]) => `${one.key} ${one.colour} ${inside(one, frame)} ${one === active} ${mask?.counts ?? mask}`),
    ].join("|");
    if (state === this._drawn) return;
    this._drawn = state;
    const context = this._objects.getContext("2d");
    context.clearRect(0, 0, this._objects.width, this._objects.height);
    const line = Math.max(2, Math.round(this._objects.width / 260));
    for (const [one, mask] of found) {
      if (mask) paintMask(context, mask, COLOURS[one.colour], inside(one, frame), line);
    }
    const scale = this._objects.width / this._view.video.width;
    const size = 9 * (this._objects.width / Math.max(this.surface.clientWidth, 1));
    for (const one of marks) paintClick(context, (one.x + 0.5) * scale, (one.y + 0.5) * scale, one.object, size);
    if (picking && this.aim) paintAim(context, (this.aim[0] + 0.5) * scale, (this.aim[1] + 0.5) * scale, size);
  }

  /** Give the canvases the size of the place, in the pixels of the device. */
  _fit() {
    const { video, frames } = this._view;
    const room = this.node.clientWidth;
    if (!room) return;
    const tallest = Math.max(innerHeight * (innerWidth < 900 ? 0.4 : 0.6), 180);
    const across = Math.min(room, (tallest * video.width) / video.height);
    const high = (across * video.height) / video.width;
    set(this.surface, { style: { width: `${across}px`, height: `${high}px` } });
    const pixels = Math.round(across * Math.min(devicePixelRatio || 1, 2));
    frames.fit(pixels);
    // The picture is drawn as it comes, and scaled by the browser; contours are as fine as the screen.
    const wide = Math.min(frames.width ?? video.width, video.width);
    resize(this._picture, wide, Math.round((wide * video.height) / video.width));
    resize(this._objects, Math.max(Math.min(pixels, 1280), 1), Math.max(Math.round((Math.min(pixels, 1280) * video.height) / video.width), 1));
    this.shown = null;
    this._drawn = "";
    frames.want(this._view.frame);
    this.update();
  }

  _point(event) {
    if (event.button > 0) return;
    if (this._view.picking) event.preventDefault();
    const box = this.surface.getBoundingClientRect();
    const { width, height } = this._view.video;
    const x = Math.min(Math.max(((event.clientX - box.left) / box.width) * width, 0), width - 1);
    const y = Math.min(Math.max(((event.clientY - box.top) / box.height) * height, 0), height - 1);
    this._clicked(x, y, event.altKey ? false : null);
  }
}

function resize(canvas, width, height) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
}

/** Whether a frame belongs to a card's moment. */
export function inside(card, frame) {
  return card.moment.some(([first, last]) => first <= frame && frame <= last);
}
