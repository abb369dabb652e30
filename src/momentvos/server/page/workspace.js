// The page of one video: the picture, the timeline, the sentences, and what keys do.

import { get } from "./api.js";
import { Answers, said } from "./answers.js";
import { AskForm, Cards } from "./cards.js";
import { downloads } from "./downloads.js";
import { announce, fill, h, set, typing } from "./dom.js";
import { Frames } from "./frames.js";
import { help, keysOn } from "./help.js";
import { Player } from "./player.js";
import { decode, innermost } from "./rle.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";
import { ago, count, origin, time, verdict } from "./words.js";

const SETTLE = 700; // milliseconds without a change, then a moment is asked about
const LOOK = 3000; // milliseconds between two questions whether the server is ready
const COARSE = 256; // pixels of a mask's width that a point is looked for in

/** A video with its sentences. sentence: to begin with; refs: answers to show, as the address has them. */
export class Workspace {
  constructor({ video, clock, info, may, refs, frame, sentence }) {
    const changed = () => this.changed();
    const view = {
      video, clock, may,
      models: info.models,
      frame: clock.clamp(frame),
      answers: null, active: null, frames: null,
      masks: true, picking: false, negative: false, error: null, unready: null,
    };
    this.view = view;
    this._info = info;
    this._end = new AbortController();
    view.answers = new Answers(video, { changed, moved: () => this._moved() });
    view.frames = new Frames(video, {
      arrived: changed,
      failed: (error) => {
        view.error = error.message;
        announce(error.message, true);
        changed();
      },
    });
    this._player = new Player(view, { show: (one) => this.seek(one, true), ended: changed });
    this._stage = new Stage(view, { clicked: (x, y, object) => this._click(x, y, object) });
    this._timeline = new Timeline(view, {
      seek: (one) => this.seek(one),
      choose: (card) => this._choose(card),
      moved: (card, spans, done) => this._correct(card, spans, done),
    });
    this._ask = new AskForm({
      models: info.models,
      chosen: (model) => (view.answers.model = model),
      ask: (sentences) => this._choose(view.answers.ask(sentences)),
    });
    this._cards = new Cards(view, (name, card) => this._act(name, card));
    this._build();
    if (sentence) this._ask.field.value = sentence;
    this._keys();
    this._restore(refs);
    view.frames.want(view.frame);
    this.changed();
  }

  close() {
    this._end.abort();
    this._player.stop();
    clearTimeout(this._settling);
    clearTimeout(this._addressing);
    for (const one of [this.view.answers, this.view.frames, this._stage, this._timeline]) one.close();
  }

  /** Draw what has changed, once before the next picture of the screen. */
  changed() {
    if (this._due || this._end.signal.aborted) return;
    this._due = true;
    requestAnimationFrame(() => {
      this._due = false;
      if (!this._end.signal.aborted) this._update();
    });
  }

  /** Show a frame. */
  seek(frame, playing = false) {
    const { view } = this;
    if (!playing) this._player.stop();
    view.frame = view.clock.clamp(frame);
    view.error = null;
    if (!playing) view.frames.want(view.frame);
    for (const card of view.answers.cards) card.mask(Math.min(view.frame + 24, view.clock.length - 1)); // those to come
    clearTimeout(this._addressing);
    this._addressing = setTimeout(() => history.replaceState(null, "", this._address()), 400);
    this.changed();
  }

  _build() {
    const { view } = this;
    const button = (label, title, text, click) => h("button", { type: "button", class: "icon plain", "aria-label": label, title, click }, text);
    this._play = button("Play", "Play or stop (Space)", "▶", () => this._toggle());
    this._number = h("input", {
      type: "number",
      class: "number",
      min: 0,
      max: view.clock.length - 1,
      step: 1,
      "aria-label": "Frame number",
      inputmode: "numeric",
      change: () => this._number.value !== "" && this.seek(Number(this._number.value)),
    });
    this._time = h("span", { class: "figure time" });
    this._masks = h("button", { type: "button", class: "masks", "aria-pressed": true, title: "Hide or show all masks (M)", click: () => this._act("masks") }, "Masks");
    const controls = h(
      "div",
      { class: "controls row", role: "group", "aria-label": "Playing" },
      button("Frame back", "A frame back (←)", "‹", () => this.seek(view.frame - 1)),
      this._play,
      button("Frame on", "A frame on (→)", "›", () => this.seek(view.frame + 1)),
      h("label", { class: "frame-number" }, h("span", { text: "Frame " }), this._number, h("span", { class: "quiet", text: ` of ${view.clock.length.toLocaleString("en")}` })),
      this._time,
      h("span", { class: "grow" }),
      this._masks,
    );
    this._lost = h("p", { class: "message bad", hidden: true });
    this._all = h("button", { type: "button", click: () => this._act("all") }, "Download all");
    this._old = h("ul", { class: "old" });
    this._count = h("span", {});
    this._earlier = h("details", { class: "earlier", hidden: true }, h("summary", {}, "Earlier answers ", this._count), this._old);
    this._none = h("p", { class: "quiet empty", text: "Ask for something: the moment appears on the timeline, and the object is marked." });
    const notes = view.video.notes.map((one) => h("p", { class: "message warn", text: one }));
    this.node = h(
      "div",
      { class: "workspace" },
      h("h1", { class: "unseen", text: view.video.name }),
      h("div", { class: "centre-column" }, this._lost, notes, this._stage.node, controls, this._timeline.node),
      h(
        "div",
        { class: "side stack" },
        view.may ? this._ask.node : h("p", { class: "message", text: "Your account may look, but not ask." }),
        this._none,
        this._cards.node,
        h("div", { class: "row" }, this._all),
        this._earlier,
      ),
    );
  }

  _update() {
    const { view } = this;
    const { cards } = view.answers;
    if (view.active && !cards.includes(view.active)) Object.assign(view, { active: cards.at(-1) ?? null, picking: false });
    if (view.picking && !view.active?.held) view.picking = false;
    this._stage.update();
    this._timeline.update();
    this._cards.update();
    if (document.activeElement !== this._number) set(this._number, { value: view.frame });
    set(this._time, { text: time(view.clock.start(view.frame), 3) });
    set(this._play, { text: this._player.playing ? "❚❚" : "▶", "aria-label": this._player.playing ? "Stop" : "Play" });
    set(this._masks, { "aria-pressed": view.masks });
    set(this._lost, { hidden: !view.answers.lost, text: view.answers.lost ? `${view.answers.lost.message} It is tried again.` : "" });
    set(this._none, { hidden: cards.length > 0 });
    set(this._all, { hidden: cards.filter((one) => one.held).length < 2 });
    this._wait();
    this._tell();
  }

  /** Where jobs wait though none is before them, ask the server why. */
  _wait() {
    const { view } = this;
    const stuck = view.answers.cards.some(({ next }) => next?.open && next.job.state === "queued" && !next.job.ahead);
    if (!stuck) {
      view.unready = null;
      return;
    }
    if (this._looking) return;
    this._looking = setTimeout(async () => {
      this._looking = null;
      if (this._end.signal.aborted) return;
      try {
        const { unready } = await get("/api/info", { signal: this._end.signal });
        view.unready = unready && unready.charAt(0).toLowerCase() + unready.slice(1).replace(/\.$/, "");
      } catch {
        view.unready = null; // that the server is away is said elsewhere
      }
      this.changed();
    }, view.unready === null ? SETTLE : LOOK);
  }

  /** Let screen readers hear how far it is, by quarters. */
  _tell() {
    for (const { next } of this.view.answers.cards) {
      const progress = next?.open ? next.job.progress : null;
      if (!progress || progress.total < 2) continue;
      const quarter = Math.floor((4 * progress.done) / progress.total);
      const name = `${next.job.id} ${progress.stage} ${quarter}`;
      if (name === this._told || quarter === 0 || quarter === 4) continue;
      this._told = name;
      announce(`${progress.stage}, ${quarter * 25} per cent`);
    }
  }

  // The address, and answers of before

  _address() {
    const { video, frame, answers } = this.view;
    const named = new URLSearchParams({ video: video.id });
    for (const card of answers.cards) {
      const version = card.next ?? card.held;
      if (version) named.append("answer", version.ref);
    }
    if (frame) named.set("frame", frame);
    return `/?${named}`;
  }

  _moved() {
    const address = this._address();
    const same = (one) => one.replace(/&frame=\d+/, "");
    if (this._restored && same(address) !== same(location.pathname + location.search)) history.pushState(null, "", address);
    this._listEarlier();
    this.changed();
  }

  async _restore(refs) {
    const { signal } = this._end;
    try {
      const jobs = await get(`/api/jobs?video=${this.view.video.id}&limit=1000`, { signal });
      const byId = new Map(jobs.map((job) => [job.id, job]));
      const known = refs.filter(([id, number]) => byId.get(id)?.asks[number]);
      const wanted = refs.length || !jobs.length ? known : jobs[0].asks.map((_, number) => [jobs[0].id, number]);
      for (const [id, number] of wanted) this.view.answers.show(byId.get(id), number);
      if (this.view.answers.cards.length && !this.view.active) this._choose(this.view.answers.cards[0], !refs.length && !this.view.frame);
      if (known.length < refs.length) announce("Some answers are no longer on the server.");
      history.replaceState(null, "", this._address());
    } catch (error) {
      if (signal.aborted) return;
      this.view.error = said(error);
    }
    this._restored = true;
    this._listEarlier();
    this.changed();
  }

  async _listEarlier() {
    if (!this._restored) return;
    const { video, answers } = this.view;
    let jobs;
    try {
      jobs = await get(`/api/jobs?video=${video.id}&limit=200`, { signal: this._end.signal });
    } catch {
      return; // what is shown stays
    }
    const here = new Set(answers.cards.flatMap((one) => [one.held?.ref, one.next?.ref]));
    const rows = jobs
      .flatMap((job) => job.asks.map((ask, number) => ({ job, ask, number })))
      .filter(({ job, number }) => !here.has(`${job.id}.${number}`));
    set(this._earlier, { hidden: !rows.length });
    set(this._count, { text: `(${rows.length})` });
    fill(this._old, rows.map(({ job, ask, number }) => {
      const answer = job.answers.find((one) => one.number === number);
      const became = answer ? verdict(answer, null, ask).short : { queued: "Waits", running: "Under way" }[job.state] ?? "No answer";
      const facts = [became, origin(ask), ago(job.created)].filter(Boolean).join(" · ");
      const show = () => {
        this._choose(answers.show(job, number), true);
        this._moved();
      };
      return h("li", {}, h("button", { type: "button", class: "plain", click: show }, h("span", { text: ask.sentence }), h("span", { class: "quiet small", text: facts })));
    }));
  }

  // What a person does

  _choose(card, go = false) {
    const { view } = this;
    if (view.active !== card) Object.assign(view, { active: card, picking: false });
    const moment = card?.moment ?? [];
    if (go && moment.length) this.seek(moment[0][0]);
    this.changed();
  }

  _toggle() {
    if (this._player.playing) this._player.stop();
    else this._player.start();
    this.changed();
  }

  _act(name, card = this.view.active) {
    const { view } = this;
    if (name === "masks") view.masks = !view.masks;
    else if (name === "all") this._download(view.answers.cards.filter((one) => one.held));
    else if (card) this._actOn(name, card);
    this.changed();
  }

  _actOn(name, card) {
    const { view } = this;
    const acts = {
      choose: () => this._choose(card, view.active !== card),
      visible: () => (card.visible = !card.visible),
      cancel: () => view.answers.cancel(card),
      again: () => {
        const version = card.next ?? card.held;
        view.answers.again(card, version ? { moment: version.ask.moment, clicks: version.ask.clicks } : {});
      },
      not: () => this._not(card),
      pick: () => this._pick(card),
      negative: () => (view.negative = !view.negative),
      clear: () => (card.clicks = []),
      track: () => this._track(card),
      start: () => this._bound(card, 0),
      end: () => this._bound(card, 1),
      add: () => this._add(card),
      download: () => this._download([card]),
      undo: () => view.answers.undo(card),
      drop: () => view.answers.drop(card),
    };
    acts[name]();
  }

  _download(cards) {
    const held = cards.map((one) => one.held).filter(Boolean);
    if (!held.length) return;
    downloads(cards.length > 1 ? "Download all" : `Download: ${cards[0].sentence}`, this.view.video, held, this._info);
  }

  /** A moment as a person draws it; it is asked about once it rests. */
  _correct(card, spans, done) {
    if (!this.view.may) return;
    card.draft = spans;
    clearTimeout(this._settling);
    if (done) {
      this._settling = setTimeout(() => {
        if (JSON.stringify(card.draft) === JSON.stringify(card.held?.moment) && !card.next) card.draft = null;
        else if (card.draft) this.view.answers.again(card, { moment: card.draft });
        this.changed();
      }, SETTLE);
    }
    this.changed();
  }

  /** Let the moment start or end at this frame: the one that is here, else the next, else a new one. */
  _bound(card, side) {
    const { frame, clock } = this.view;
    const spans = card.moment.map((one) => [...one]);
    let at = spans.findIndex(([first, last]) => first <= frame && frame <= last);
    if (at < 0) at = side ? spans.findLastIndex(([, last]) => last < frame) : spans.findIndex(([first]) => first > frame);
    if (at >= 0) spans[at][side] = frame;
    else if (side) spans.unshift([0, frame]);
    else spans.push([frame, clock.length - 1]);
    this._correct(card, spans, true);
  }

  /** Another moment, a second long, at this frame. */
  _add(card) {
    const { frame, clock } = this.view;
    const next = card.moment.find(([first]) => first > frame);
    const last = Math.min(clock.at(clock.start(frame) + 1), next ? next[0] - 2 : clock.length - 1);
    const spans = [...card.moment, [frame, Math.max(last, frame)]].sort((one, other) => one[0] - other[0]);
    this._correct(card, spans, true);
  }

  _pick(card) {
    const { view } = this;
    const on = !(view.picking && view.active === card);
    this._choose(card);
    Object.assign(view, { picking: on, negative: false });
    if (on) {
      view.masks = card.visible = true;
      this._player.stop();
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
  _click(x, y, object) {
    const { view } = this;
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
    this.changed();
  }

  /** Ask again with what was clicked. */
  _track(card) {
    if (!card.clicks.length) return;
    const before = card.held?.ask.clicks ?? [];
    // A new click on the object says more than those of before, which may have been wrong.
    const kept = card.clicks.some((one) => one.object) ? before.filter((one) => !one.object) : before;
    this.view.picking = false;
    this.view.answers.again(card, { clicks: [...kept, ...card.clicks] });
    card.clicks = [];
  }

  /** "Not this one": a click beside the object, on what is marked. */
  async _not(card) {
    const { view } = this;
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

  // Keys

  _keys() {
    const options = { signal: this._end.signal };
    document.addEventListener("keydown", (event) => this._key(event), options);
  }

  _key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    const { view } = this;
    const at = event.target instanceof HTMLElement ? event.target : document.body;
    if (event.key === "Escape") {
      if (typing(event)) at.blur();
      else if (view.picking) this._act("pick");
      else if (view.active?.busy) this._act("cancel");
      return;
    }
    if (typing(event)) return;
    const done = view.picking && at === this._stage.surface ? this._aim(event) : this._go(event, at) || (keysOn() && this._letter(event, at));
    if (done) event.preventDefault();
  }

  /** Keys while an object is being pointed at. */
  _aim(event) {
    const step = event.shiftKey ? 0.1 : 0.01;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (moves[event.key]) this._stage.move(...moves[event.key]);
    else if (["Enter", "-", "+"].includes(event.key)) {
      if (!this._stage.aim) this._stage.move(0, 0);
      this._click(...this._stage.aim, event.key === "Enter" ? null : event.key === "+");
    } else return keysOn() && this._letter(event, document.body);
    return true;
  }

  /** Keys that go through the video; at the slider they always do. */
  _go(event, at) {
    if (at !== this._timeline.scrubber && !keysOn()) return false;
    const { frame, clock } = this.view;
    const step = event.shiftKey ? 10 : 1;
    const to = {
      ArrowLeft: () => frame - step,
      ArrowRight: () => frame + step,
      Home: () => 0,
      End: () => clock.length - 1,
      PageUp: () => this._boundaries().findLast((one) => one < frame) ?? 0,
      PageDown: () => this._boundaries().find((one) => one > frame) ?? clock.length - 1,
      ...(at === this._timeline.scrubber ? { ArrowDown: () => frame - step, ArrowUp: () => frame + step } : {}),
    }[event.key];
    if (!to) return false;
    this.seek(to());
    return true;
  }

  /** First and last frames of moments: of the chosen sentence, else of all. */
  _boundaries() {
    const { active, answers } = this.view;
    return (active ? [active] : answers.cards).flatMap((one) => one.moment.flat()).sort((one, other) => one - other);
  }

  _letter(event, at) {
    const { view } = this;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === " ") {
      if (at.closest("button, a, summary")) return false;
      this._toggle();
    } else if (key === "?") help();
    else if (key === "a" && view.may) this._ask.field.focus();
    else if (key === "g") {
      this._number.focus();
      this._number.select();
    } else if (key === "m") this._act("masks");
    else if (/^[1-9]$/.test(key)) {
      const card = view.answers.cards[Number(key) - 1];
      if (card) {
        this._choose(card, true);
        announce(`Sentence ${key}: ${card.sentence}`);
      }
    } else {
      const name = { h: "visible", d: "download", "[": "start", "]": "end", n: "not", c: "pick", t: "track" }[key];
      const changes = !["visible", "download"].includes(name);
      if (!name || !view.active || (changes && (!view.may || !view.active.held))) return false;
      this._act(name);
    }
    return true;
  }
}

/** Whether a mask, as COCO encodes it, has a pixel. */
function holds(mask, x, y) {
  if (!mask) return false;
  const [height, width] = mask.size;
  return decode(mask).data[Math.min(Math.floor(y), height - 1) * width + Math.min(Math.floor(x), width - 1)] === 1;
}

/** "3 frames": of a video, for its heading. */
export function facts(video) {
  return [time(video.duration), count(video.frames, "frame"), `${video.width} × ${video.height}`].join(" · ");
}
