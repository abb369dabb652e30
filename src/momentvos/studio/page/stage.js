// The frame on a canvas, with the outlines of objects in their colours.

import { h, set } from "/page/dom.js";
import { paintMask } from "/page/paint.js";
import { holding } from "./spans.js";

const MOST = 1600; // pixels across

export class Stage {
  constructor(workspace) {
    this._of = workspace;
    const { width, height } = workspace.video;
    this._canvas = h("canvas", { class: "surface", role: "img" });
    this.node = h("div", { class: "stage", style: { "--shape": `${width} / ${height}` } }, this._canvas);
    this._watch = new ResizeObserver(() => this._fit());
    this._watch.observe(this.node);
  }

  close() {
    this._watch.disconnect();
    cancelAnimationFrame(this._request);
  }

  /** Draw soon; several times at once are one. */
  draw() {
    this._request ??= requestAnimationFrame(() => {
      this._request = null;
      this._draw();
    });
  }

  _fit() {
    const { width, height } = this._of.video;
    const across = Math.min(Math.round(this._canvas.clientWidth * devicePixelRatio), MOST);
    if (!across || this._canvas.width === across) return;
    this._canvas.width = across;
    this._canvas.height = Math.max(Math.round((across * height) / width), 1);
    this._of.view.frames.fit(across);
    this._of.view.frames.want(this._of.view.frame);
    this.draw();
  }

  _draw() {
    const { view, moments, masks, object, shownAll, video } = this._of;
    const context = this._canvas.getContext("2d");
    const picture = view.frames.get(view.frame);
    if (!picture) {
      view.frames.want(view.frame);
      set(this._canvas, { "data-loading": true });
      return; // the last frame stays until this one is there
    }
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, this._canvas.width, this._canvas.height);
    const line = Math.max(Math.round(this._canvas.width / 320), 2);
    const meant = new Map(moments.map((one) => [one.object, one.spans]));
    const names = shownAll ? video.objects.map((one) => one.name) : [...meant.keys()];
    for (const name of names) {
      const rle = name && masks.get(name, view.frame);
      if (!rle) continue;
      const spans = name === object && this._of.dragged ? this._of.dragged : (meant.get(name) ?? []);
      paintMask(context, rle, this._of.colour(name), Boolean(holding(spans, view.frame)), name === object ? line * 1.5 : line);
    }
    const inside = moments.filter((one) => holding(one.spans, view.frame)).map((one) => this._of.title(one.object));
    set(this._canvas, {
      "data-loading": false,
      "data-frame": view.frame,
      "aria-label": `Frame ${view.frame}; the sentence holds for ${inside.join(" and ") || "nothing"}`,
    });
  }
}
