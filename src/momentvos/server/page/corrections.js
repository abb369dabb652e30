// What a person knows better: when, which object, and which not.

import { announce } from "./dom.js";
import { decode, innermost } from "./rle.js";

const SETTLE = 700; // milliseconds without a change, then a moment is asked about
const COARSE = 256; // pixels of a mask's width that a point is looked for in

/**
 * Corrections of a workspace, of its state `view`, on its `stage`. changed(): something is to be drawn;
 * choose(card); stop(): playing.
 */
export class Corrections {
  constructor(view, stage, { changed, choose, stop }) {
    this._view = view;
    this._stage = stage;
    Object.assign(this, { _changed: changed, _choose: choose, _stop: stop });
  }

  close() {
    clearTimeout(this._settling);
  }

  /** A moment as a person draws it; it is asked about once it rests. */
  moment(card, spans, done) {
    if (!this._view.may) return;
    card.draft = spans;
    clearTimeout(this._settling);
    if (done) {
      this._settling = setTimeout(() => {
        if (JSON.stringify(card.draft) === JSON.stringify(card.held?.moment) && !card.next) card.draft = null;
        else if (card.draft) this._view.answers.again(card, { moment: card.draft });
        this._changed();
      }, SETTLE);
    }
    this._changed();
  }

  /** Let the moment start or end at this frame: the one that is here, else the next, else a new one. */
  bound(card, side) {
    const { frame, clock } = this._view;
    const spans = card.moment.map((one) => [...one]);
    let at = spans.findIndex(([first, last]) => first <= frame && frame <= last);
    if (at < 0) at = side ? spans.findLastIndex(([, last]) => last < frame) : spans.findIndex(([first]) => first > frame);
    if (at >= 0) spans[at][side] = frame;
    else if (side) spans.unshift([0, frame]);
    else spans.push([frame, clock.length - 1]);
    this.moment(card, spans, true);
  }

  /** Another moment, a second long, at this frame. */
  add(card) {
    const { frame, clock } = this._view;
    const next = card.moment.find(([first]) => first > frame);
    const last = Math.min(clock.at(clock.start(frame) + 1), next ? next[0] - 2 : clock.length - 1);
    const spans = [...card.moment, [frame, Math.max(last, frame)]].sort((one, other) => one[0] - other[0]);
    this.moment(card, spans, true);
  }

  pick(card) {
    const view = this._view;
    const on = !(view.picking && view.active === card);
    this._choose(card);
    Object.assign(view, { picking: on, negative: false });
    if (on) {
      view.masks = card.visible = true;
      this._stop();
      this._stage.aim = null;
      this._stage.update();
      this._stage.surface.focus({ preventScroll: true });
      this._stage.surface.scrollIntoView({ block: "nearest" });
      announce("Click the right object in the video.");
    } else card.clicks = [];
  }

  /**
   * A click on the picture, at a point of the video: it marks an object, or chooses the sentence
   * whose object is there. object: null as the mode says.
   */
  click(x, y, object) {
    const view = this._view;
    const card = view.active;
    if (this._stage.shown === null) return;
    if (!view.picking) {
      const there = view.answers.cards.find((one) => one.visible && holds(one.mask(this._stage.shown), x, y));
      if (there && view.masks) this._choose(there);
      return;
    }
    const is = object ?? !view.negative;
    // The frame that is seen, which may not be the one that is still to come.
    card.clicks = [...card.clicks, { frame: this._stage.shown, x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10, object: is }];
    announce(is ? "Marked the object." : "Marked what is not it.");
    this._changed();
  }

  /** Ask again with what was clicked. */
  track(card) {
    if (!card.clicks.length) return;
    const before = card.held?.ask.clicks ?? [];
    // A new click on the object says more than those of before, which may have been wrong.
    const kept = card.clicks.some((one) => one.object) ? before.filter((one) => !one.object) : before;
    this._view.picking = false;
    this._view.answers.again(card, { clicks: [...kept, ...card.clicks] });
    card.clicks = [];
  }

  /** "Not this one": a click beside the object, on what is marked. */
  async not(card) {
    const view = this._view;
    if (!view.may || card.held?.answer?.status !== "found") return;
    const { width, height } = view.video;
    const inner = (mask) => innermost(decode(mask, Math.min(width, COARSE), Math.max(Math.round((Math.min(width, COARSE) * height) / width), 1)));
    const middles = card.moment.map(([first, last]) => (first + last) >> 1);
    const everywhere = Array.from({ length: 9 }, (_, at) => view.clock.clamp((at / 8) * (view.clock.length - 1)));
    for (const frame of [view.frame, ...middles, ...everywhere]) {
      const mask = await card.held.masks.wait(frame);
      const point = mask && inner(mask);
      if (!point) continue;
      const scale = width / Math.min(width, COARSE);
      const click = { frame, x: (point[0] + 0.5) * scale, y: (point[1] + 0.5) * scale, object: false };
      const before = (card.held.ask.clicks ?? []).filter((one) => !one.object);
      view.answers.again(card, { clicks: [...before, click] });
      announce("Looking for another object.");
      return;
    }
    announce("Nothing is marked that it could be.", true);
  }
}

/** Whether a mask, as COCO encodes it, has a pixel. */
function holds(mask, x, y) {
  if (!mask) return false;
  const [height, width] = mask.size;
  return decode(mask).data[Math.min(Math.floor(y), height - 1) * width + Math.min(Math.floor(x), width - 1)] === 1;
}
