// The page of one video: the picture, the timeline, the sentences, and what keys do.

import { get } from "./api.js";
import { Answers, said } from "./answers.js";
import { AskForm, Cards } from "./cards.js";
import { Corrections } from "./corrections.js";
import { Controls } from "./controls.js";
import { downloads } from "./downloads.js";
import { announce, h, set } from "./dom.js";
import { Earlier } from "./earlier.js";
import { Frames } from "./frames.js";
import { Keys } from "./keys.js";
import { Player } from "./player.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";
import { count, time } from "./words.js";

const SOON = 700, LOOK = 3000; // milliseconds before the first question whether the server is ready, and others

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
    this._stage = new Stage(view, { clicked: (x, y, object) => this._corrections.click(x, y, object) });
    this._corrections = new Corrections(view, this._stage, { changed, choose: (card) => this._choose(card), stop: () => this._player.stop() });
    this._timeline = new Timeline(view, {
      seek: (one) => this.seek(one),
      choose: (card) => this._choose(card),
      moved: (card, spans, done) => this._corrections.moment(card, spans, done),
    });
    this._ask = new AskForm({
      models: info.models,
      chosen: (model) => (view.answers.model = model),
      ask: (sentences) => this._choose(view.answers.ask(sentences)),
    });
    this._cards = new Cards(view, (name, card) => this._act(name, card));
    this._controls = new Controls(view, { seek: (one) => this.seek(one), toggle: () => this._toggle(), masks: () => this._act("masks") });
    this._earlier = new Earlier(view, (job, number) => {
      this._choose(view.answers.show(job, number), true);
      this._moved();
    });
    this._build();
    if (sentence) this._ask.field.value = sentence;
    new Keys(view, {
      act: (name) => this._act(name),
      seek: (one) => this.seek(one),
      choose: (card) => this._choose(card, true),
      toggle: () => this._toggle(),
      click: (x, y, object) => this._corrections.click(x, y, object),
      stage: this._stage,
      scrubber: this._timeline.scrubber,
      sentence: this._ask.field,
      number: this._controls.number,
      signal: this._end.signal,
    });
    this._restore(refs);
    view.frames.want(view.frame);
    this.changed();
  }

  close() {
    this._end.abort();
    this._player.stop();
    clearTimeout(this._addressing);
    for (const one of [this._corrections, this.view.answers, this.view.frames, this._stage, this._timeline]) one.close();
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
    this._lost = h("p", { class: "message bad", hidden: true });
    this._all = h("button", { type: "button", click: () => this._act("all") }, "Download all");
    this._none = h("p", { class: "quiet empty", text: "Ask for something: the moment appears on the timeline, and the object is marked." });
    const notes = view.video.notes.map((one) => h("p", { class: "message warn", text: one }));
    this.node = h(
      "div",
      { class: "workspace" },
      h("h1", { class: "unseen", text: view.video.name }),
      h("div", { class: "centre-column" }, this._lost, notes, this._stage.node, this._controls.node, this._timeline.node),
      h(
        "div",
        { class: "side stack" },
        view.may ? this._ask.node : h("p", { class: "message", text: "Your account may look, but not ask." }),
        this._none,
        this._cards.node,
        h("div", { class: "row" }, this._all),
        this._earlier.node,
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
    this._controls.update(this._player.playing);
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
    }, view.unready === null ? SOON : LOOK);
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

  _listEarlier() {
    if (this._restored) this._earlier.read(this._end.signal);
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
      not: () => this._corrections.not(card),
      pick: () => this._corrections.pick(card),
      negative: () => (view.negative = !view.negative),
      clear: () => (card.clicks = []),
      track: () => this._corrections.track(card),
      start: () => this._corrections.bound(card, 0),
      end: () => this._corrections.bound(card, 1),
      add: () => this._corrections.add(card),
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
}

/** "3 frames": of a video, for its heading. */
export function facts(video) {
  return [time(video.duration), count(video.frames, "frame"), `${video.width} × ${video.height}`].join(" · ");
}
