// Masks of an answer, fetched by ranges of frames around those that are looked at.

import { get } from "./api.js";
import { pause } from "./dom.js";

const CHUNK = 48;
const KEPT = 60; // chunks
const TRIES = 5;

/** Masks of the answer `number` of a job, of the frames that have one so far. */
export class Masks {
  /** arrived(): some are there that were not. */
  constructor(job, number, frames, arrived) {
    this.job = job;
    this.number = number;
    this.frames = frames;
    this.spans = [];
    this._whole = false;
    this._arrived = arrived;
    this._chunks = new Map(); // {masks, spans}: with the frames that had one when they were fetched
    this._loading = new Map(); // what is under way
    this._again = 0;
  }

  /** A mask as COCO's encoding, null where it is empty, undefined where it is not there (yet). */
  get(frame) {
    if (!within(this.spans, frame)) return undefined;
    const chunk = Math.floor(frame / CHUNK);
    const there = this._chunks.get(chunk);
    if (there && within(there.spans, frame)) return there.masks[frame - chunk * CHUNK];
    this._load(chunk);
    return undefined;
  }

  /** The same as a promise. */
  async wait(frame) {
    for (let tries = 0; tries < TRIES && within(this.spans, frame); tries += 1) {
      const there = this.get(frame);
      if (there !== undefined) return there;
      await this._load(Math.floor(frame / CHUNK));
    }
    return null;
  }

  /** There are masks of these spans of frames. whole: of the final answer, which may be others. */
  grow(spans, whole = false) {
    if (whole) this._chunks.clear();
    this._whole = whole;
    this.spans = spans;
  }

  _load(chunk) {
    if (performance.now() < this._again) return pause(1);
    if (this._loading.has(chunk)) return this._loading.get(chunk);
    const { spans } = this;
    const start = chunk * CHUNK;
    const stop = Math.min(start + CHUNK, this.frames);
    const loading = get(`/api/jobs/${this.job}/answers/${this.number}/masks?start=${start}&stop=${stop}`)
      .then(({ masks, preview }) => {
        if (preview && this._whole) return; // the answer has come meanwhile
        this._chunks.set(chunk, { masks, spans });
        for (const old of this._chunks.keys()) {
          if (this._chunks.size <= KEPT) break;
          this._chunks.delete(old);
        }
      })
      .catch(() => {
        this._again = performance.now() + 2000; // the card says what is wrong with the job
        setTimeout(this._arrived, 2100);
      })
      .finally(() => {
        this._loading.delete(chunk);
        this._arrived();
      });
    this._loading.set(chunk, loading);
    return loading;
  }
}

function within(spans, frame) {
  return spans.some(([first, last]) => first <= frame && frame <= last);
}
