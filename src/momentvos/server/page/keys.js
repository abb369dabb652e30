// What keys do at a video; help.js says it to people.

import { announce, typing } from "./dom.js";
import { help, keysOn } from "./help.js";

const LETTERS = { h: "visible", d: "download", "[": "start", "]": "end", n: "not", c: "pick", t: "track" };
const LOOKS = ["visible", "download"]; // what a reader may do, too

/**
 * Keys of a workspace, of its state `view`. does: what they do (act, seek, choose, toggle, click), and
 * where: stage, scrubber, the fields for a sentence and for a number. They end with `signal`.
 */
export class Keys {
  constructor(view, does) {
    this._view = view;
    this._does = does;
    document.addEventListener("keydown", (event) => this._key(event), { signal: does.signal });
  }

  _key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    const { picking, active } = this._view;
    const at = event.target instanceof HTMLElement ? event.target : document.body;
    if (event.key === "Escape") {
      if (typing(event)) at.blur();
      else if (picking) this._does.act("pick");
      else if (active?.busy && this._view.may) this._does.act("cancel");
      return;
    }
    if (typing(event)) return;
    const aiming = picking && at === this._does.stage.surface;
    const done = aiming ? this._aim(event) : this._go(event, at) || (keysOn() && this._letter(event, at));
    if (done) event.preventDefault();
  }

  /** Keys while an object is being pointed at. */
  _aim(event) {
    const { stage, click } = this._does;
    const step = event.shiftKey ? 0.1 : 0.01;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (moves[event.key]) stage.move(...moves[event.key]);
    else if (["Enter", "-", "+"].includes(event.key)) {
      if (!stage.aim) stage.move(0, 0);
      click(...stage.aim, event.key === "Enter" ? null : event.key === "+");
    } else return keysOn() && this._letter(event, document.body);
    return true;
  }

  /** Keys that go through the video; at the slider they always do. */
  _go(event, at) {
    const slider = at === this._does.scrubber;
    if (!slider && !keysOn()) return false;
    const { frame, clock } = this._view;
    const step = event.shiftKey ? 10 : 1;
    const to = {
      ArrowLeft: () => frame - step,
      ArrowRight: () => frame + step,
      Home: () => 0,
      End: () => clock.length - 1,
      PageUp: () => this._boundaries().findLast((one) => one < frame) ?? 0,
      PageDown: () => this._boundaries().find((one) => one > frame) ?? clock.length - 1,
      ...(slider ? { ArrowDown: () => frame - step, ArrowUp: () => frame + step } : {}),
    }[event.key];
    if (!to) return false;
    this._does.seek(to());
    return true;
  }

  /** First and last frames of moments: of the chosen sentence, else of all. */
  _boundaries() {
    const { active, answers } = this._view;
    return (active ? [active] : answers.cards).flatMap((one) => one.moment.flat()).sort((one, other) => one - other);
  }

  _letter(event, at) {
    const view = this._view, does = this._does;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === " ") {
      if (at.closest("button, a, summary")) return false;
      does.toggle();
    } else if (key === "?") help();
    else if (key === "a" && view.may) does.sentence.focus();
    else if (key === "g") {
      does.number.focus();
      does.number.select();
    } else if (key === "m") does.act("masks");
    else if (/^[1-9]$/.test(key)) {
      const card = view.answers.cards[Number(key) - 1];
      if (!card) return false;
      does.choose(card);
      announce(`Sentence ${key}: ${card.sentence}`);
    } else {
      const name = LETTERS[key];
      const may = LOOKS.includes(name) || (view.may && view.active?.held);
      if (!name || !view.active || !may) return false;
      does.act(name);
    }
    return true;
  }
}
