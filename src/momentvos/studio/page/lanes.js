// The timeline: a lane an object, with spans whose edges can be chosen and dragged; below each lane
// what others say of the same object.

import { against, css } from "/page/colours.js";
import { h, keyed, set } from "/page/dom.js";
import { same, words } from "./spans.js";

/**
 * Lanes of a `view` {length}. seek(frame), choose(object, edge or null), drag(object, edge, frame),
 * dropped(): the pointer let go.
 */
export class Lanes {
  constructor(view, { seek, choose, drag, dropped }) {
    this._view = view;
    this._do = { seek, choose, drag, dropped };
    this._body = h("ul", { class: "lanes-body", "aria-label": "Objects" });
    this._head = h("div", { class: "playhead", "aria-hidden": "true" });
    this._track = h("div", { class: "over", "aria-hidden": "true" }, this._head);
    this.node = h("div", { class: "lanes card" }, this._body, this._track);
    this._draw = keyed(this._body, (one) => `${one.object}.${one.who}`, (one) => this._lane(one));
  }

  /** Show lanes: [{object, title, colour, spans, who, chosen, edge, pending}]. */
  show(lanes) {
    this._draw(lanes);
  }

  /** Show the frame. */
  at(frame) {
    set(this._head, { style: { left: `${(100 * (frame + 0.5)) / this._view.length}%` } });
  }

  _lane({ object, who }) {
    const label = h("button", { type: "button", class: "lane-name", click: () => this._do.choose(object, null) });
    const strip = h("div", { class: "strip" });
    const node = h("li", { class: who ? "lane theirs" : "lane" }, who ? h("span", { class: "lane-name quiet small" }, who) : label, strip);
    strip.addEventListener("pointerdown", (event) => this._press(event, object, strip, who));
    let before = null;
    const update = (lane) => {
      const { title, colour, spans, chosen, edge, pending } = lane;
      if (!who) {
        set(label, { text: title, "aria-pressed": chosen ? "true" : "false", "aria-label": `${title}: frames ${words(spans)}` });
        label.style.setProperty("--colour", css(colour));
        label.style.setProperty("--on", css(against(colour)));
      } else set(node, { "aria-label": `${who}, ${title}: frames ${words(spans)}` });
      node.classList.toggle("chosen", Boolean(chosen));
      node.style.setProperty("--colour", css(colour));
      const wanted = { spans, edge, pending };
      if (same(wanted, before)) return;
      before = JSON.parse(JSON.stringify(wanted));
      strip.replaceChildren(
        ...spans.map((span, at) => this._span(span, at, edge, who)),
        ...(pending ? [this._bar(pending, "span pending")] : []),
      );
    };
    return { node, update };
  }

  _bar([start, end], kind) {
    const { length } = this._view;
    const style = { left: `${(100 * start) / length}%`, width: `${(100 * (end + 1 - start)) / length}%` };
    return h("div", { class: kind, style });
  }

  _span(span, at, edge, who) {
    const node = this._bar(span, "span");
    if (who) return node;
    for (const side of [0, 1]) {
      const on = edge && edge.span === at && edge.side === side;
      node.append(h("div", { class: `edge ${side ? "end" : "start"}${on ? " on" : ""}`, "data-span": at, "data-side": side }));
    }
    return node;
  }

  _press(event, object, strip, who) {
    if (event.button !== 0) return;
    const frame = (one) => {
      const box = strip.getBoundingClientRect();
      const share = (one.clientX - box.left) / box.width;
      return Math.min(Math.max(Math.floor(share * this._view.length), 0), this._view.length - 1);
    };
    const data = event.target.dataset;
    const edge = !who && data.side !== undefined ? { span: Number(data.span), side: Number(data.side) } : null;
    if (!who) this._do.choose(object, edge);
    this._do.seek(frame(event));
    strip.setPointerCapture(event.pointerId);
    const move = (one) => (edge ? this._do.drag(object, edge, frame(one)) : this._do.seek(frame(one)));
    const up = () => {
      strip.removeEventListener("pointermove", move);
      strip.removeEventListener("pointerup", up);
      strip.removeEventListener("pointercancel", up);
      if (edge) this._do.dropped(object);
    };
    strip.addEventListener("pointermove", move);
    strip.addEventListener("pointerup", up);
    strip.addEventListener("pointercancel", up);
  }
}
