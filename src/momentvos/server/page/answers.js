// Sentences about a video and what became of them: asked, followed, corrected, and asked again.

import { ServerError, follow, get, patiently, post } from "./api.js";
import { freeColour } from "./colours.js";
import { announce } from "./dom.js";
import { Masks } from "./masks.js";
import { verdict } from "./words.js";

const ENDED = ["done", "failed", "cancelled"];

/** One answer to a sentence: that of a job's ask, whatever is known of it so far. */
export class Version {
  constructor(job, number, video, changed) {
    this.job = job; // as the server shows it
    this.number = number;
    this.ask = job.asks[number];
    this.answer = null;
    this.preview = null;
    this.curve = null; // relevance of all frames, that of the preview until the answer is there
    this._state = null;
    this.masks = new Masks(job.id, number, video.frames, changed);
    this._changed = changed;
    this.take(job);
  }

  get ref() {
    return `${this.job.id}.${this.number}`;
  }

  /** Whether something to show is to come. */
  get open() {
    return !this.answer && !ENDED.includes(this.job.state);
  }

  /** Whether there is an answer with masks, moment and files. */
  get good() {
    return this.answer !== null && this.answer.status !== "failed";
  }

  /** Inclusive spans of frames: as answered, as known so far, or as they were asked with. */
  get moment() {
    if (this.good) return this.answer.moment;
    if (this.preview?.moment?.length) return this.preview.moment;
    return this.ask.moment ?? [];
  }

  /** Take what the server says now. */
  take(job) {
    this.job = job;
    const answer = job.answers.find((one) => one.number === this.number) ?? null;
    if (answer && !this.answer) {
      this.answer = answer;
      if (this.good) {
        this.masks.grow([[0, this.masks.frames - 1]], true);
        this._readCurve("answer");
      }
    } else if (!answer) {
      this.preview = job.previews?.find((one) => one.number === this.number) ?? this.preview;
      if (this.preview) {
        this.masks.grow(this.preview.masks);
        this._readCurve(JSON.stringify(this.preview.moment)); // it changes with the moment
      }
    }
    this._changed();
  }

  /** Fetch the relevance. state: of what it is; that of an earlier one never replaces it. */
  async _readCurve(state) {
    if (state === this._state) return;
    this._state = state;
    try {
      const curve = await get(`/api/jobs/${this.job.id}/answers/${this.number}/relevance`);
      if (state !== this._state) return;
      this.curve = curve;
      this._changed();
    } catch {
      // a timeline without a curve says when, too
    }
  }
}

let keys = 0;

/** A sentence on the page: its colour, the answer that holds, and the one that is to come. */
export class Card {
  constructor(sentence, colour) {
    keys += 1;
    this.key = keys;
    this.sentence = sentence;
    this.colour = colour;
    this.visible = true;
    this.held = null; // Version that holds
    this.next = null; // Version that is to come
    this.past = []; // Versions that held before, to go back to
    this.draft = null; // spans that a person has drawn and that are not asked yet
    this.clicks = []; // points for the next try
    this.asking = null; // AbortController while the server is being asked
    this.waiting = null; // {left, sentence} while it is busy
    this.error = null;
  }

  /** The one to speak about: what is to come where nothing holds. */
  get shown() {
    return this.held ?? this.next;
  }

  /** Spans to draw. */
  get moment() {
    return this.draft ?? this.next?.ask.moment ?? this.shown?.moment ?? [];
  }

  get busy() {
    return this.asking !== null || this.next?.open === true;
  }

  /** The mask of a frame, of what is to come where it has one; see Masks.get. */
  mask(frame) {
    const fresh = this.next?.masks.get(frame);
    return fresh !== undefined ? fresh : this.held?.masks.get(frame);
  }
}

/** All sentences about one video. changed(): something is to be drawn; moved(): the address too. */
export class Answers {
  constructor(video, { changed, moved }) {
    this.video = video;
    this.cards = [];
    this.model = null;
    this.lost = null; // ServerError while the server is away
    this._changed = changed;
    this._moved = moved;
    this._watched = new Map(); // job: {versions, controller}
    this._end = new AbortController();
  }

  /** Ask sentences in one job. */
  ask(sentences) {
    const cards = sentences.map((one) => this._card(one));
    this._submit(cards, sentences.map((sentence) => ({ sentence })));
    return cards[0];
  }

  /** Ask a card's sentence again with what a person knows of it. */
  again(card, { moment = card.shown?.ask.moment ?? null, clicks = card.shown?.ask.clicks ?? [] } = {}) {
    const ask = { sentence: card.sentence };
    if (moment?.length) ask.moment = moment;
    if (clicks.length) ask.clicks = clicks;
    this.cancel(card, false);
    return this._submit([card], [ask]);
  }

  /** Show an answer that is there: `job` as the server gives it. */
  show(job, number) {
    const there = this.cards.find((one) => [one.held, one.next].some((v) => v?.job.id === job.id && v.number === number));
    if (there) return there;
    const card = this._card(job.asks[number].sentence);
    this._take(card, new Version(job, number, this.video, this._changed));
    return card;
  }

  /** Let the answer hold again that held before. */
  undo(card) {
    this.cancel(card, false);
    card.held = card.past.pop() ?? card.held;
    Object.assign(card, { draft: null, clicks: [], error: null });
    announce("Undone.");
    this._moved();
  }

  /** Take a sentence off the page; its answers stay on the server. */
  drop(card) {
    this.cancel(card);
    this.cards = this.cards.filter((one) => one !== card);
    this._forget();
    this._moved();
  }

  /** End what is under way for a card, where no other card waits for it. */
  cancel(card, say = true) {
    card.asking?.abort();
    card.asking = card.waiting = null;
    const { next } = card;
    if (!next?.open) return;
    const others = this.cards.some((one) => one !== card && one.next?.job.id === next.job.id && one.next.open);
    if (card.held || others) card.next = null;
    this._forget();
    if (!others) post(`/api/jobs/${next.job.id}/cancel`).then((job) => this._watched.get(job.id)?.take(job)).catch(() => {});
    else if (!card.held) this.cards = this.cards.filter((one) => one !== card);
    if (say) announce("Cancelled.");
    this._moved();
  }

  /** End everything that the page does for this video; jobs go on. */
  close() {
    this._end.abort();
    for (const card of this.cards) card.asking?.abort();
  }

  _card(sentence) {
    const card = new Card(sentence, freeColour(this.cards.map((one) => one.colour)));
    this.cards = [...this.cards, card];
    return card;
  }

  async _submit(cards, asks) {
    const asking = new AbortController();
    const signal = AbortSignal.any([asking.signal, this._end.signal]);
    for (const card of cards) Object.assign(card, { asking, waiting: null, error: null });
    this._changed();
    const waiting = (left, error) => {
      for (const card of cards) card.waiting = left === null ? null : { left, sentence: error.message };
      if (left !== null && left === Math.ceil(error.after ?? 5)) announce(`The server is busy. Trying again in ${left} seconds.`);
      this._changed();
    };
    try {
      const sent = { video: this.video.id, asks };
      if (this.model) sent.model = this.model;
      // A request that is under way is not given up, for the server may have it already.
      const job = await patiently(() => post("/api/jobs", sent), { signal, waiting });
      if (asking.signal.aborted) await post(`/api/jobs/${job.id}/cancel`);
      if (signal.aborted) return;
      cards.forEach((card, number) => this._take(card, new Version(job, number, this.video, this._changed)));
      this._moved();
    } catch (error) {
      if (signal.aborted) return;
      for (const card of cards) card.error = said(error);
      announce(said(error), true);
    } finally {
      for (const card of cards) if (card.asking === asking) Object.assign(card, { asking: null, waiting: null });
      this._changed();
    }
  }

  /** A card's next version; one that is answered already holds at once. */
  _take(card, version) {
    card.next = version;
    card.error = null;
    if (version.open) this._watch(version.job);
    else this._settle(card);
    this._changed();
  }

  /** Let what has come hold, or say why nothing comes. */
  _settle(card) {
    const { next } = card;
    if (!next || next.open) return;
    if (next.good) {
      if (card.held) card.past.push(card.held);
      Object.assign(card, { held: next, next: null, draft: null, clicks: [], error: null });
    } else {
      const why = next.answer?.error ?? next.job.error;
      card.error = next.job.state === "cancelled" && !next.answer ? null : (why ?? "It failed.");
      if (card.held) Object.assign(card, { next: null, draft: null });
    }
    const kind = card.next ? null : verdict(card.held.answer, card.held.curve?.domain, card.held.ask);
    announce(card.error ?? (kind ? `“${card.sentence}”: ${kind.short}, ${kind.text}` : "Cancelled."));
  }

  _watch(job) {
    if (this._watched.has(job.id)) return;
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, this._end.signal]);
    const take = (shown) => {
      for (const card of this.cards) {
        if (card.next?.job.id !== shown.id) continue;
        card.next.take(shown);
        this._settle(card);
      }
      this._changed();
    };
    this._watched.set(job.id, { controller, take });
    this._follow(job.id, signal, take);
  }

  async _follow(id, signal, take) {
    const lost = (error) => {
      this.lost = error;
      if (error) announce(error.message, true);
      this._changed();
    };
    try {
      for await (const job of follow(id, { signal, lost })) take(job);
    } catch (error) {
      if (signal.aborted) return;
      for (const card of this.cards) {
        if (card.next?.job.id === id) Object.assign(card, { error: said(error), next: null });
      }
      this._changed();
    } finally {
      this._watched.delete(id);
    }
  }

  /** Follow no job that no card waits for. */
  _forget() {
    for (const [id, { controller }] of this._watched) {
      if (!this.cards.some((card) => card.next?.job.id === id)) controller.abort();
    }
  }
}

/** An error as one sentence. */
export function said(error) {
  return error instanceof ServerError ? error.message : `The page failed: ${error.message}`;
}
