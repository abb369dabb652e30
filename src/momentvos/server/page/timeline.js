// When: one lane for each sentence, with its moment, whose ends can be drawn, and its relevance.

import { COLOURS, against, css } from "./colours.js";
import { fill, h, keyed, set, svg } from "./dom.js";
import { time } from "./words.js";

const POINTS = 800; // of a curve
const ZOOMS = [1, 2, 4, 8, 16, 32, 64];

/**
 * The timeline. `view`: clock, frame, answers, active. seek(frame), choose(card);
 * moved(card, spans, done): a person draws a moment; done: has let it go.
 */
export class Timeline {
  constructor(view, { seek, choose, moved }) {
    this._view = view;
    Object.assign(this, { _seek: seek, _choose: choose, _moved: moved });
    this._zoom = 0;
    this._head = h("div", { class: "head" });
    this.scrubber = h("div", {
      class: "ruler",
      role: "slider",
      tabindex: 0,
      "aria-label": "Frame",
      "aria-orientation": "horizontal",
    });
    this._ticks = h("div", { class: "ticks", "aria-hidden": "true" });
    this.scrubber.append(this._ticks);
    this._lanes = h("div", { class: "lanes", role: "group", "aria-label": "Moments" });
    this._inner = h("div", { class: "inner" }, this.scrubber, this._lanes, this._head);
    this._scroll = h("div", { class: "scroll" }, this._inner);
    this._out = h("button", { class: "icon plain", type: "button", "aria-label": "Show more time", title: "Zoom out", click: () => this.zoom(-1) }, "−");
    this._in = h("button", { class: "icon plain", type: "button", "aria-label": "Show less time, larger", title: "Zoom in", click: () => this.zoom(1) }, "+");
    this._labels = h("div", { class: "labels" });
    this.node = h(
      "section",
      { class: "timeline", "aria-label": "Timeline" },
      h("div", { class: "zoom" }, this._out, this._in),
      this._labels,
      this._scroll,
    );
    this._keyedLanes = keyed(this._lanes, (one) => one.key, (card) => this._lane(card));
    this._keyedLabels = keyed(this._labels, (one) => one.key, (card) => this._label(card));
    this._scrub(this.scrubber);
    this._observer = new ResizeObserver(() => this._drawTicks());
    this._observer.observe(this._inner);
  }

  close() {
    this._observer.disconnect();
  }

  /** Show less or more of the time at once. */
  zoom(step) {
    this._zoom = Math.min(Math.max(this._zoom + step, 0), ZOOMS.length - 1);
    set(this._inner, { style: { "--zoom": ZOOMS[this._zoom] } });
    this.update();
    this._into(true);
  }

  /** Bring it up to date. */
  update() {
    const { clock, frame, answers } = this._view;
    set(this._out, { disabled: this._zoom === 0 });
    set(this._in, { disabled: this._zoom === ZOOMS.length - 1 });
    set(this.scrubber, {
      "aria-valuemin": 0,
      "aria-valuemax": clock.length - 1,
      "aria-valuenow": frame,
      "aria-valuetext": `frame ${frame}, ${time(clock.start(frame), 3)}`,
    });
    set(this._head, { style: { left: `${this._share(clock.start(frame))}%`, width: `${Math.max(this._share(clock.durations[frame]), 0)}%` } });
    this._keyedLanes(answers.cards);
    this._keyedLabels(answers.cards);
    if (frame !== this._last) this._into(false);
    this._last = frame;
  }

  _share(seconds) {
    return (100 * seconds) / this._view.clock.duration;
  }

  /** The frame at a place of the screen. */
  _frameAt(x) {
    const box = this._inner.getBoundingClientRect();
    const { clock } = this._view;
    return clock.at((Math.min(Math.max(x - box.left, 0), box.width) / box.width) * clock.duration);
  }

  /** Keep the present frame in sight. */
  _into(centre) {
    const { clock, frame } = this._view;
    const wide = this._scroll.clientWidth;
    const x = (clock.start(frame) / clock.duration) * this._inner.clientWidth;
    const left = this._scroll.scrollLeft;
    if (centre || x < left || x > left + wide - 8) this._scroll.scrollLeft = x - wide / 2;
  }

  _drawTicks() {
    const { clock } = this._view;
    const wide = this._inner.clientWidth;
    const name = `${wide}`;
    if (!wide || name === this._ticked) return;
    this._ticked = name;
    const steps = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
    const step = steps.find((one) => (one / clock.duration) * wide >= 64) ?? 600;
    const digits = step < 0.1 ? 2 : step < 1 ? (step === 0.25 ? 2 : 1) : 0;
    const made = [];
    for (let at = 0; at * step < clock.duration && made.length < 2000; at += 1) {
      const left = this._share(at * step);
      if (at && (left / 100) * wide > wide - 30) break; // it would be cut off
      made.push(h("span", { style: { left: `${left}%` }, text: time(at * step, digits) }));
    }
    fill(this._ticks, made);
  }

  /** Let a place be dragged over to go through the frames. */
  _scrub(node) {
    const go = (event) => this._seek(this._frameAt(event.clientX));
    node.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      node.setPointerCapture(event.pointerId);
      go(event);
    });
    node.addEventListener("pointermove", (event) => node.hasPointerCapture(event.pointerId) && go(event));
  }

  _label(card) {
    const button = h("button", { type: "button", class: "swatch", click: () => this._choose(card) });
    const node = h("div", { class: "label" }, button);
    return {
      node,
      update: (_, at) => {
        colour(button, card.colour);
        set(button, {
          text: at + 1,
          "aria-pressed": this._view.active === card,
          "aria-label": `Sentence ${at + 1}: ${card.sentence}`,
          title: card.sentence,
        });
      },
    };
  }

  _lane(card) {
    const curve = svg("svg", { class: "curve", viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true" });
    const line = svg("path", {});
    curve.append(line);
    const spans = h("div", { class: "spans" });
    const node = h("div", { class: "lane" }, spans, curve);
    node.addEventListener("pointerdown", (event) => {
      if (event.button > 0 || event.target.closest(".end")) return;
      this._choose(card);
      node.setPointerCapture(event.pointerId);
      this._seek(this._frameAt(event.clientX));
    });
    node.addEventListener("pointermove", (event) => node.hasPointerCapture(event.pointerId) && this._seek(this._frameAt(event.clientX)));
    const list = keyed(spans, (one) => one.at, (one) => this._span(card, one.at));
    let drawn = null;
    return {
      node,
      update: () => {
        set(node, {
          class: `lane${this._view.active === card ? " active" : ""}${card.busy ? " busy" : ""}${card.visible ? "" : " off"}`,
          style: { "--colour": css(COLOURS[card.colour]), "--rim": css(against(COLOURS[card.colour])) },
        });
        const there = card.shown?.curve ?? null;
        if (there !== drawn) {
          drawn = there;
          set(line, { d: there ? this._path(there.relevance) : "" });
        }
        list(card.moment.map(([first, last], at) => ({ at, first, last })));
      },
    };
  }

  /** The curve of a relevance per frame, as a path in a box of 1000 by 100. */
  _path(relevance) {
    const { clock } = this._view;
    const step = Math.max(Math.ceil(relevance.length / POINTS), 1);
    const points = [];
    for (let frame = 0; frame < relevance.length; frame += step) {
      const most = Math.max(...relevance.slice(frame, frame + step));
      const last = Math.min(frame + step, relevance.length) - 1;
      const y = (100 - 96 * most).toFixed(1);
      points.push(`${(10 * this._share(clock.start(frame))).toFixed(1)},${y}`, `${(10 * this._share(clock.end(last))).toFixed(1)},${y}`);
    }
    return `M0,100L${points.join("L")}L1000,100Z`;
  }

  _span(card, at) {
    const block = h("div", { class: "block" });
    const ends = ["start", "end"].map((side) => this._end(card, at, side));
    const node = h("div", { class: "span" }, block, ...ends);
    return {
      node,
      update: ({ first, last }) => {
        const { clock } = this._view;
        const left = this._share(clock.start(first));
        set(node, { style: { left: `${left}%`, width: `${this._share(clock.end(last)) - left}%` } });
        const number = card.moment.length > 1 ? ` of moment ${at + 1}` : "";
        const editable = card.held !== null;
        [first, last].forEach((frame, side) => {
          const when = side ? clock.end(frame) : clock.start(frame);
          set(ends[side], {
            hidden: !editable,
            "aria-label": `${side ? "Last" : "First"} frame${number}: ${card.sentence}`,
            "aria-valuemin": 0,
            "aria-valuemax": clock.length - 1,
            "aria-valuenow": frame,
            "aria-valuetext": `frame ${frame}, ${time(when, 3)}`,
          });
        });
      },
    };
  }

  /** An end of a span, to be dragged, or moved by arrows. */
  _end(card, at, side) {
    const place = side === "start" ? 0 : 1;
    const node = h("div", { class: `end ${side}`, role: "slider", tabindex: 0, title: "Drag, or use the arrow keys" });
    const move = (frame, done) => {
      const spans = card.moment.map((one) => [...one]);
      if (!spans[at]) return;
      spans[at][place] = bound(spans, at, place, frame, this._view.clock.length);
      if (spans[at][place] !== card.moment[at][place]) this._moved(card, spans, false);
      this._seek(spans[at][place]);
      if (done) this._moved(card, spans, true);
    };
    node.addEventListener("focus", () => {
      this._choose(card);
      if (card.moment[at]) this._seek(card.moment[at][place]);
    });
    let offset = 0, dragged = false;
    node.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      event.preventDefault();
      event.stopPropagation();
      node.focus();
      node.setPointerCapture(event.pointerId);
      const box = node.parentNode.getBoundingClientRect();
      offset = event.clientX - (place ? box.right : box.left);
      dragged = false;
    });
    node.addEventListener("pointermove", (event) => {
      if (!node.hasPointerCapture(event.pointerId)) return;
      dragged = true;
      // The end of a span is where its last frame ends.
      move(this._frameAt(event.clientX - offset + (place ? -0.5 : 0.5)), false);
    });
    const release = (event) => {
      if (!node.hasPointerCapture(event.pointerId)) return;
      node.releasePointerCapture(event.pointerId);
      if (dragged) this._moved(card, card.moment, true);
    };
    node.addEventListener("pointerup", release);
    node.addEventListener("pointercancel", release);
    node.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = event.shiftKey ? 10 : 1;
      const now = card.moment[at]?.[place];
      if (now === undefined) return;
      const to = {
        ArrowLeft: now - step,
        ArrowDown: now - step,
        ArrowRight: now + step,
        ArrowUp: now + step,
        Home: 0,
        End: this._view.clock.length - 1,
      }[event.key];
      if (to !== undefined) move(to, true);
      else if ((event.key === "Delete" || event.key === "Backspace") && card.moment.length > 1) {
        this._moved(card, card.moment.filter((_, one) => one !== at), true);
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return node;
  }
}

/** Where an end may go: not past the other end, and with a frame between it and the next span. */
export function bound(spans, at, place, frame, length) {
  const least = place ? spans[at][0] : at ? spans[at - 1][1] + 2 : 0;
  const most = place ? (at + 1 < spans.length ? spans[at + 1][0] - 2 : length - 1) : spans[at][1];
  return Math.min(Math.max(frame, least), most);
}

/** Give an element the colour of a sentence, with what can be read on it. */
export function colour(node, place) {
  set(node, { style: { "--colour": css(COLOURS[place]), "--rim": css(against(COLOURS[place])) } });
}
