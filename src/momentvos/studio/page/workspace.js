// One expression: the video with its objects, a lane for each, and everything that changes them.

import { get, post } from "/page/api.js";
import { COLOURS } from "/page/colours.js";
import { announce, fill, h, set } from "/page/dom.js";
import { after, majority, spansOf } from "./content.js";
import * as ask from "./dialogs.js";
import { FilmFrames, FilmMasks, clockOf } from "./film.js";
import { bind } from "./keys.js";
import { Lanes } from "./lanes.js";
import { clash, merge } from "./merge.js";
import { Player } from "./player.js";
import { Saver } from "./saver.js";
import { edges, holding, moved, same } from "./spans.js";
import { Stage } from "./stage.js";

const FINAL = "";

export class Workspace {
  /** The workspace of an expression: of one's own annotation, or of what decides where `decide`. */
  static async open({ expression, project, user, decide, take }) {
    const reviews = user.role === "reviewer" || user.role === "admin";
    const name = user.name ?? "(server)";
    let item = expression.annotations.find((one) => one.author === (decide ? FINAL : name)) ?? null;
    let why = null;
    if (!item && decide && reviews) item = await post(`/api/studio/expressions/${expression.id}/final`);
    else if (!item && !decide && user.role !== "reader" && (take || !reviews || !expression.annotations.length)) {
      // Who reviews only looks, unless nobody else is at work.
      item = await post(`/api/studio/expressions/${expression.id}/annotation`).catch((error) => {
        why = error.message;
        return null;
      });
    }
    const { models } = await get("/api/info");
    const work = {}; // the workspace, once it is there
    const tell = {
      user: name,
      changed: () => work.now?.update(),
      conflict: (content, changes) => work.now?.conflict(content, changes),
      refused: (error) => {
        work.now?.say(error.message);
        work.now?.update();
      },
    };
    const saver = item && (await Saver.open(item, { ...tell, kind: "annotations" }));
    const { corrections } = expression.video;
    const exchanger =
      user.role === "reader"
        ? null
        : await Saver.open(corrections, {
            ...tell,
            kind: "videos",
            changed: () => work.now?.corrected(),
            conflict: (content, changes) => work.now?.clash(content, changes),
          });
    work.now = new Workspace({ expression, project, name, reviews, decide, saver, exchanger, why, models });
    saver?.start();
    exchanger?.start();
    return work.now;
  }

  constructor({ expression, project, name, reviews, decide, saver, exchanger, why, models }) {
    Object.assign(this, { expression, project, name, reviews, decide, saver, exchanger, models });
    this.video = expression.video;
    this.view = { clock: clockOf(this.video), length: this.video.frames, frame: 0, frames: null };
    this.shownAll = false;
    this.lock = null; // [first, last] to which playing is locked
    this.edge = null; // {span, side} of the chosen object's spans
    this.pending = null; // the frame at which a span was begun
    this.dragged = null; // spans while an edge is dragged
    this.others = expression.annotations.filter((one) => one.id !== saver?.item.id);
    this.view.frames = new FilmFrames(this.video, {
      arrived: (frame) => frame === this.view.frame && this.stage.draw(),
      failed: (error) => this.say(error.message),
    });
    this.masks = new FilmMasks(this.video, () => this.stage?.draw());
    this.player = new Player(this.view, {
      show: (frame) => this.show(frame),
      lock: () => this.lock ?? [0, this.view.length - 1],
      changed: () => this.update(),
    });
    this.object = this.moments[0]?.object ?? null;
    this._build(why);
    this._free = bind(this);
    this._leave = (event) => {
      if (this.keeps) event.preventDefault();
    };
    addEventListener("beforeunload", this._leave);
    this.show(0);
    this.update();
  }

  /** Moments as they are on the page: stored ones, with the changes under way. */
  get moments() {
    if (this.saver) return this.saver.changes.reduce(after, this.saver.item.moments);
    return this.others.find((one) => one.author === FINAL)?.moments ?? this.others[0]?.moments ?? [];
  }

  get spans() {
    return this.dragged ?? spansOf(this.moments, this.object) ?? [];
  }

  /** Whether it can be changed now. */
  get open() {
    return this.saver?.item.state === "draft" && !this.saver.waits;
  }

  /** Whether something of it is not saved yet. */
  get keeps() {
    return [this.saver, this.exchanger].some((one) => one && !one.saved);
  }

  close() {
    this._free();
    removeEventListener("beforeunload", this._leave);
    this.player.stop();
    this.saver?.close();
    this.exchanger?.close();
    this.view.frames.close();
    this.stage.close();
  }

  title(name) {
    const known = this.video.objects.find((one) => one.name === name);
    return name ? `Object ${known && !known.added ? known.label : name}` : "Sentence";
  }

  colour(name) {
    const place = this.video.objects.findIndex((one) => one.name === name);
    return COLOURS[Math.max(place, 0) % (COLOURS.length - 1)];
  }

  say(text) {
    set(this._said, { text, hidden: !text });
    if (text) announce(text);
  }

  show(frame) {
    this.view.frame = Math.min(Math.max(frame, 0), this.view.length - 1);
    this.lanes.at(this.view.frame);
    this.stage.draw();
    set(this._frame, { text: `frame ${this.view.frame} of ${this.view.length - 1} · ${this.view.clock.start(this.view.frame).toFixed(2)} s` });
    if (this.pending !== null) this.lane();
  }

  /** Go to a frame and let go of playing. */
  seek(frame) {
    if (this.player.playing) this.player.stop();
    this.show(frame);
    this.view.frames.want(this.view.frame);
  }

  change(change) {
    if (!this.saver) return this.say("This is not yours to change.");
    if (!["undo", "redo", "reopen"].includes(change.do) && !this.open) {
      return this.say(this.saver.waits ? "A moment: the last change is being saved." : "It was handed in; reopen it to change it.");
    }
    this.say("");
    return this.saver.change(change);
  }

  // Marking

  begin() {
    if (!this.open || this.object === null) return this.change({ do: "mark" });
    this.pending = this.view.frame;
    this.edge = null;
    announce(`Begins at frame ${this.pending}`);
    return this.lane();
  }

  finish() {
    if (this.pending === null) return this.say("Mark the beginning first: I.");
    const span = [this.pending, this.view.frame].sort((one, other) => one - other);
    this.pending = null;
    this.change({ do: "mark", object: this.object, span });
    announce(`Marked frames ${span[0]} to ${span[1]}`);
    return this.hold(this.view.frame);
  }

  /** Take hold of the edge at a frame. */
  hold(frame) {
    const edge = edges(this.spans).find((one) => one.frame === frame) ?? null;
    this.edge = edge && { span: edge.span, side: edge.side };
    this.lane();
  }

  choose(object, edge) {
    if (object !== this.object) this.pending = null; // else the lane was clicked to go to the end
    this.object = object;
    this.edge = edge;
    this.lane();
    this.stage.draw();
  }

  /** Jump to the edge before (-1) or after (1) the playhead and take hold of it. */
  jump(way) {
    const all = edges(this.spans);
    const here = this.view.frame;
    const at = this.edge && all.findIndex((one) => same([one.span, one.side], [this.edge.span, this.edge.side]));
    const held = at !== null && at >= 0 && all[at].frame === here ? at : null;
    const next = held === null ? (way > 0 ? all.find((one) => one.frame > here) : all.findLast((one) => one.frame < here)) : all[held + way];
    if (!next) return;
    this.seek(next.frame);
    this.edge = { span: next.span, side: next.side };
    announce(`${next.side ? "End" : "Start"} of a span, frame ${next.frame}`);
    this.lane();
  }

  /** Move the edge that is held, or the playhead. */
  nudge(by) {
    if (!this.edge) return this.seek(this.view.frame + by);
    return this.drop(this.drag(this.edge, this.spans[this.edge.span][this.edge.side] + by));
  }

  drag(edge, frame) {
    if (!this.open) return null;
    this.edge = edge;
    const spans = moved(spansOf(this.moments, this.object) ?? [], edge, frame, this.view.length);
    this.dragged = spans;
    this.seek(spans[edge.span][edge.side]);
    this.lane();
    return spans;
  }

  drop(spans) {
    this.dragged = null;
    if (spans && !same(spans, spansOf(this.moments, this.object))) this.change({ do: "spans", object: this.object, spans });
    else this.lane();
  }

  erase() {
    const span = this.edge ? this.spans[this.edge.span] : holding(this.spans, this.view.frame);
    if (!span) return;
    this.edge = null;
    this.change({ do: "erase", object: this.object, span });
  }

  toggleLock() {
    const span = this.edge ? this.spans[this.edge.span] : holding(this.spans, this.view.frame);
    this.lock = this.lock || !span ? null : span;
    this.update();
  }

  // Objects and the whole

  addObject() {
    this.shownAll = true;
    this.stage.draw();
    const here = new Set(this.moments.map((one) => one.object));
    const options = this.video.objects.filter((one) => !here.has(one.name)).map((one) => [one.name, this.title(one.name)]);
    ask.addObject(options, (object) => {
      this.change({ do: "add_object", object, spans: [] });
      this.choose(object, null);
    });
  }

  removeObject() {
    if (!this.object) return;
    this.change({ do: "remove_object", object: this.object });
    this.choose(this.moments[0]?.object ?? null, null);
  }

  swap() {
    const options = this.video.objects.map((one) => [one.name, this.title(one.name)]);
    if (options.length < 2) return this.say("The video has fewer than two objects.");
    const span = holding(this.spans, this.view.frame) ?? [this.view.frame, this.view.length - 1];
    return ask.swap(options, span, this.view.length, (first, second, frames) => this.correct({ do: "swap", first, second, spans: [frames] }));
  }

  /** Change whose masks are whose. */
  correct(change) {
    if (!this.exchanger) return this.say("Readers change nothing.");
    if (this.exchanger.waits) return this.say("A moment: the last correction is being saved.");
    return this.exchanger.change(change);
  }

  /** What was corrected, by everybody, and a way back. */
  corrections() {
    ask.corrections(`/api/studio/videos/${this.video.id}/history`, {
      title: (name) => this.title(name),
      back: (change) => this.correct(change),
    }).catch((error) => this.say(error.message));
  }

  /** The server has other corrections than the page shows, or is asked to have them. */
  corrected() {
    const before = this.video.corrections.version;
    this.video.corrections = this.exchanger.item;
    if (before !== this.exchanger.item.version) {
      this.masks.clear();
      this.say("The masks are corrected, and saved.");
    }
    this.update();
  }

  propose() {
    ask.propose(this.video, this.expression.sentence, this.models, {
      take: (spans) => this.change({ do: "spans", object: this.object, spans }),
      add: async (job, answer, spans) => {
        const object = `model-${this.video.corrections.version + 1}`;
        const version = this.video.corrections.version;
        try {
          this.exchanger.reset(await post(`/api/studio/videos/${this.video.id}/objects`, { version, object, job, answer }));
          this.video.objects.push({ name: object, label: object, added: true });
          this.masks.clear();
          this.change({ do: "add_object", object, spans });
          this.choose(object, null);
        } catch (error) {
          this.say(error.message);
        }
      },
    });
  }

  async submit() {
    if (!this.open) return this.say("It was handed in already.");
    this.change({ do: "submit" });
    while (!this.saver.saved && !this.saver.error) await new Promise((done) => setTimeout(done, 20));
    if (this.saver.item.state === "submitted") await this.next();
    return null;
  }

  /** The next expression that is to be done, else the next of the list. */
  async next() {
    const which = this.decide ? "status=disputed" : "mine=todo";
    const page = await get(`/api/studio/projects/${this.project.id}/expressions?${which}&limit=500`);
    const open = page.items.filter((one) => one.id !== this.expression.id);
    const next = open.find((one) => one.position > this.expression.position) ?? open[0];
    const id = next?.id ?? this.expression.next;
    if (id) location.hash = `#/e/${id}${next && this.decide ? "/final" : ""}`;
    else location.hash = `#/p/${this.project.id}`;
  }

  previous() {
    if (this.expression.previous) location.hash = `#/e/${this.expression.previous}`;
  }

  conflict(content, changes) {
    this.player.stop();
    merge(content, changes.reduce(after, content.base.moments), {
      length: this.view.length,
      title: (name) => this.title(name),
      done: (chosen) => {
        if (chosen === undefined) {
          this.conflict(content, changes); // it must be answered: what is not saved stays
          return;
        }
        this.saver.reset(content.current);
        this.edge = null;
        if (!chosen) return;
        const moments = Object.fromEntries(Object.entries(chosen.moments));
        this.change({ do: "take", moments, source: "merge" });
      },
    });
  }

  /** Corrections of the video were refused, since somebody else was faster. */
  clash(content, changes) {
    clash(content, changes, {
      title: (name) => this.title(name),
      done: (again) => {
        if (again === undefined) {
          this.clash(content, changes);
          return;
        }
        this.exchanger.reset(content.current);
        again.forEach((change) => this.correct(change));
      },
    });
  }

  // What is shown

  _build(why) {
    const { expression, video, decide } = this;
    const button = (text, work, more = {}) => h("button", { type: "button", click: work, ...more }, text);
    this.stage = new Stage(this);
    this.lanes = new Lanes(this.view, {
      seek: (frame) => this.seek(frame),
      choose: (object, edge) => this.choose(object, edge),
      drag: (object, edge, frame) => this.drag(edge, frame),
      dropped: () => this.drop(this.dragged),
    });
    this._frame = h("span", { class: "figure small" });
    this._saved = h("span", { class: "chip saved", role: "status" });
    this._said = h("p", { class: "message", hidden: true });
    this._play = button("Play", () => this.toggle());
    this._lock = button("Lock to span", () => this.toggleLock(), { "aria-pressed": "false" });
    this._tools = h("div", { class: "row tools" });
    this._work = {
      begin: button("Mark in (I)", () => this.begin()),
      finish: button("Mark out (O)", () => this.finish()),
      undo: button("Undo", () => this.change({ do: "undo" })),
      redo: button("Redo", () => this.change({ do: "redo" })),
      add: button("Add object", () => this.addObject()),
      remove: button("Remove object", () => this.removeObject()),
      swap: button("Exchange ids", () => this.swap()),
      back: button("Undo exchange", () => this.corrections()),
      propose: button("Ask a model", () => this.propose()),
      history: button("History", () => ask.history(`/api/studio/annotations/${this.saver.item.id}/history`).catch((error) => this.say(error.message))),
      unusable: button("Unusable", () => ask.unusable((reason) => this.change({ do: "unusable", reason }))),
      reopen: button("Reopen", () => this.change({ do: "reopen" })),
      submit: button(this.decide ? "Decide" : "Hand in", () => this.submit(), { class: "primary" }),
    };
    const way = (text, go, id) => id && h("a", { class: "button", href: `#/e/${id}`, "aria-label": go }, text);
    const too = this.reviews && !decide && !this.saver && h("a", { class: "button", href: `#/e/${expression.id}/mine` }, "Annotate it too");
    const mode = this.reviews && h("a", { class: "button", href: this.decide ? `#/e/${expression.id}` : `#/e/${expression.id}/final` }, this.decide ? "My own" : "Side by side");
    this.node = h(
      "div",
      { class: "workspace" },
      h(
        "div",
        { class: "head" },
        h("div", { class: "grow" }, h("h1", { text: expression.sentence }), h("p", { class: "quiet small", text: `${video.name} · ${expression.name}${this.decide ? " · what decides" : ""}` })),
        h("div", { class: "row" }, this._saved, way("←", "Previous", expression.previous), way("→", "Next", expression.next), too, mode),
      ),
      why && h("p", { class: "message warn", text: why }),
      this._said,
      this.stage.node,
      h("div", { class: "row controls" }, this._play, button("‹", () => this.seek(this.view.frame - 1), { "aria-label": "Frame back" }), button("›", () => this.seek(this.view.frame + 1), { "aria-label": "Frame forward" }), this._lock, this._frame),
      this.lanes.node,
      this._tools,
    );
  }

  toggle() {
    if (this.player.playing) this.player.stop();
    else this.player.play(1);
  }

  /** Show the lanes as they are. */
  lane() {
    const named = (one) => (one.author === FINAL ? "decided" : one.author);
    const shown = [...this.moments];
    for (const one of this.others) for (const other of one.moments) if (!shown.some((mine) => mine.object === other.object)) shown.push({ object: other.object, spans: [], theirs: true });
    this.lanes.show(
      shown.flatMap(({ object, spans, theirs }) => {
        const chosen = object === this.object;
        const lane = { object, title: this.title(object) + (theirs ? " (not meant)" : ""), colour: this.colour(object), who: "", chosen };
        const pending = chosen && this.pending !== null ? [this.pending, this.view.frame].sort((a, b) => a - b) : null;
        const mine = { ...lane, spans: chosen && this.dragged ? this.dragged : spans, edge: chosen ? this.edge : null, pending };
        const rest = this.saver ? this.others : this.others.filter((one) => one.moments !== this.moments);
        const others = rest.filter((one) => spansOf(one.moments, object)).map((one) => ({ ...lane, chosen: false, who: named(one), spans: spansOf(one.moments, object), edge: null, pending: null }));
        return [mine, ...others];
      }),
    );
  }

  update() {
    if (!this.node) return;
    if (this.edge && !this.spans[this.edge.span]) this.edge = null;
    if (!this.moments.some((one) => one.object === this.object)) this.object = this.moments[0]?.object ?? null;
    const item = this.saver?.item;
    const error = this.saver?.error ?? this.exchanger?.error;
    const state = error ? "Not saved: trying again" : this.keeps ? "Saving …" : !item ? "Read only" : item.version || this.video.corrections.version ? "Saved" : "Nothing to save";
    set(this._saved, { text: item && item.state !== "draft" ? `${state} · ${item.state}` : state });
    this._saved.classList.toggle("bad", Boolean(error));
    if (error) this.say(error.message);
    set(this._play, { text: this.player.playing ? `Stop (${this.player.rate}×)` : "Play" });
    set(this._lock, { "aria-pressed": this.lock ? "true" : "false" });
    const { begin, finish, undo, redo, add, remove, swap, back, propose, history, unusable, reopen, submit } = this._work;
    set(undo, { disabled: !item?.undos });
    set(redo, { disabled: !item?.redos });
    const { undos, redos } = this.video.corrections;
    set(back, { disabled: !undos && !redos });
    const takes = this.open && this.decide ? this._takes() : [];
    const draft = [begin, finish, undo, redo, add, remove, swap, back, propose, history, ...takes, unusable, submit];
    fill(this._tools, ...(!item ? [] : item.state === "draft" ? draft : [undo, redo, back, history, reopen]));
    this.lane();
    this.stage.draw();
  }

  /** Buttons to take what somebody else says, or most of three or more; made once. */
  _takes() {
    const others = this.others.filter((one) => one.author !== FINAL);
    const voices = others.filter((one) => one.state === "submitted");
    const take = (text, source, moments) => h("button", { type: "button", click: () => this.change({ do: "take", moments, source }) }, text);
    const said = (one) => Object.fromEntries(one.moments.map(({ object, spans }) => [object, spans]));
    this._taken ??= [
      ...(voices.length > 2 ? [take("Take what most say", "majority", majority(voices))] : []),
      ...others.map((one) => take(`Take ${one.author}’s`, one.author, said(one))),
    ];
    return this._taken;
  }
}
