// Pictures of frames by their number, from the server: the browser decodes no video.

import { ServerError, refusal } from "./api.js";
import { pause } from "./dom.js";

const WIDTHS = [320, 480, 640, 960, 1280, 1920, 2560, 3840];
const MOST = 160e6; // bytes of decoded pictures that are kept
const LATE = 4000; // milliseconds after which a picture that nobody waits for any more is given up
const AHEAD = 8, BEHIND = 4;

/**
 * Pictures of one video. One that is asked for goes before all others, neighbours follow while
 * nothing is asked for, and of what was asked for meanwhile only the newest is fetched.
 */
export class Frames {
  /** arrived(frame): a picture is there. failed(error): the frame that is wanted cannot be had. */
  constructor(video, { arrived, failed }) {
    this.video = video;
    this.width = null;
    this._arrived = arrived;
    this._failed = failed;
    this._kept = new Map();
    this._bytes = 0;
    this._wanted = null;
    this._ahead = [];
    this._loading = new Map(); // frame: {since, controller}
    this._closed = false;
    this.onTheWay = null; // the newest frame that has come and was asked for meanwhile
    this.seconds = 0.05; // that a picture takes
  }

  /** Fetch pictures for a stage of so many device pixels. */
  fit(pixels) {
    const width = WIDTHS.find((one) => one >= pixels) ?? WIDTHS.at(-1);
    const chosen = width >= this.video.width ? null : width;
    if (chosen === this.width) return;
    this.width = chosen;
    this._drop();
    this._next();
  }

  /** The picture of a frame, or null where it is not there. */
  get(frame) {
    const picture = this._kept.get(frame);
    if (!picture) return null;
    this._kept.delete(frame);
    this._kept.set(frame, picture); // the newest used goes last
    return picture;
  }

  /** The newest frame up to `frame`, not before `first`, whose picture is there; else null. */
  newest(frame, first) {
    for (let at = frame; at >= first; at -= 1) if (this._kept.has(at)) return at;
    return null;
  }

  /** Ask for a frame and its neighbours. ahead: frames to fetch after it, in their order. */
  want(frame, ahead = null) {
    this._wanted = frame;
    this._ahead = ahead ?? this._neighbours(frame);
    const now = performance.now();
    const useful = new Set([frame, ...this._ahead]);
    for (const [other, { since, controller }] of this._loading) {
      if (!useful.has(other) && now - since > LATE) controller.abort();
    }
    this._next();
  }

  /** Free what is kept, and end all requests. */
  close() {
    this._closed = true;
    for (const { controller } of this._loading.values()) controller.abort();
    this._drop();
  }

  _neighbours(frame) {
    const made = [];
    for (let one = frame + 1; one <= frame + AHEAD; one += 1) made.push(one);
    // The server decodes forward, so that those before are fetched from the first one on.
    for (let one = frame - BEHIND; one < frame; one += 1) made.push(one);
    return made.filter((one) => one >= 0 && one < this.video.frames);
  }

  _next() {
    if (this._closed) return;
    const missing = (one) => one !== null && !this._kept.has(one) && !this._loading.has(one);
    // One that was asked for meanwhile waits until what is under way has come: to give up and ask
    // anew would cost the server both.
    if (missing(this._wanted)) {
      if (this._loading.size < 2) this._load(this._wanted);
    } else if (!this._loading.size) {
      const next = this._ahead.find(missing);
      if (next !== undefined) this._load(next);
    }
  }

  async _load(frame) {
    const controller = new AbortController();
    const { signal } = controller;
    const asked = frame === this._wanted;
    const since = performance.now();
    const width = this.width;
    this._loading.set(frame, { since, controller });
    try {
      const picture = await this._fetch(frame, width, signal);
      if (this._closed || width !== this.width) picture.close();
      else {
        this.seconds += 0.2 * ((performance.now() - since) / 1000 - this.seconds);
        this._keep(frame, picture);
        if (asked) this.onTheWay = frame;
        this._arrived(frame);
      }
    } catch (error) {
      if (signal.aborted || this._closed) return;
      if (error.status === 429) await pause(error.after ?? 1); // its turn comes again
      else if (frame === this._wanted) {
        this._wanted = null;
        this._failed(error);
      } else this._ahead = this._ahead.filter((one) => one !== frame);
    } finally {
      this._loading.delete(frame);
      this._next();
    }
  }

  async _fetch(frame, width, signal) {
    const query = width === null ? "" : `?width=${width}`;
    const path = `/api/videos/${this.video.id}/frames/${frame}${query}`;
    let response;
    try {
      response = await fetch(path, { signal, credentials: "same-origin" });
    } catch {
      throw new ServerError(0, "The server does not answer. Does it still run?");
    }
    if (!response.ok) throw await refusal(response);
    return createImageBitmap(await response.blob());
  }

  _keep(frame, picture) {
    this._kept.set(frame, picture);
    this._bytes += 4 * picture.width * picture.height;
    for (const [old, one] of this._kept) {
      if (this._bytes <= MOST || old === frame) break;
      this._kept.delete(old);
      this._bytes -= 4 * one.width * one.height;
      one.close();
    }
  }

  _drop() {
    for (const picture of this._kept.values()) picture.close();
    this._kept.clear();
    this._bytes = 0;
  }
}
