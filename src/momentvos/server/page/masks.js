// Masks of an answer, fetched by ranges of frames around those that are looked at.

import { get } from "./api.js";
import { pause } from "./dom.js";

const CHUNK = 48;
const KEPT = 60; // chunks
const TRIES = 5;

/** Masks of the answer `number` of a job; there are some of frames before `until`. */
export class Masks {
  /** arrived(): some are there that were not. */
  constructor(job, number, frames, arrived) {
    this.job = job;
    this.number = number;
    this.frames = frames;
    this.until = 0;
    this._arrived = arrived;
    this._chunks = new Map(); // of each its masks so far, as an array
    this._loading = new Map(); // what is under way, by its range
    this._again = 0;
  }

  /** A mask as COCO's encoding, null where it is empty, undefined where it is not there (yet). */
  get(frame) {
    if (frame >= this.until) return undefined;
    const chunk = Math.floor(frame / CHUNK);
    const there = this._chunks.get(chunk);
    const place = frame - chunk * CHUNK;
    if (!there || place >= there.length) {
      this._load(chunk);
      return undefined;
    }
    return there[place];
  }

  /** The same as a promise. */
  async wait(frame) {
    for (let tries = 0; tries < TRIES && frame < this.until; tries += 1) {
      const there = this.get(frame);
      if (there !== undefined) return there;
      await this._load(Math.floor(frame / CHUNK));
    }
    return null;
  }

  /** There are masks of frames before `until`. whole: of the final answer, which may be others. */
  grow(until, whole = false) {
    if (whole) this._chunks.clear();
    this.until = Math.min(until, this.frames);
  }

  _load(chunk) {
    if (performance.now() < this._again) return pause(1);
    const start = chunk * CHUNK;
    const stop = Math.min(start + CHUNK, this.until);
    const name = `${start}-${stop}`;
    if (this._loading.has(name)) return this._loading.get(name);
    const loading = get(`/api/jobs/${this.job}/answers/${this.number}/masks?start=${start}&stop=${stop}`)
      .then(({ masks }) => {
        this._chunks.set(chunk, masks);
        for (const old of this._chunks.keys()) {
          if (this._chunks.size <= KEPT) break;
          this._chunks.delete(old);
        }
        this._arrived();
      })
      .catch(() => {
        this._again = performance.now() + 2000; // the card says what is wrong with the job
        setTimeout(this._arrived, 2100);
      })
      .finally(() => this._loading.delete(name));
    this._loading.set(name, loading);
    return loading;
  }
}
