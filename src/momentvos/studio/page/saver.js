// Changes on their way to the server, one after the other, each against the version before it.
//
// What is not stored yet lies in the browser's own database too (pending.js): where the page or the
// server dies it is sent again, by the same key, so that one that stands already is not made twice,
// and of the same version, so that it overwrites nothing that others did meanwhile.

import { ServerError, post } from "/page/api.js";
import { pause } from "/page/dom.js";
import { forget, keep, left } from "./pending.js";

const RETRY = [0.5, 1, 2, 4, 8];
const WAITS = ["undo", "redo", "submit", "reopen", "unusable"]; // what only the server can tell

const name = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");

export class Saver {
  /**
   * A saver of an item, with what is left of it from before.
   *
   * item: as the server has it. kind: "annotations" or "videos". user: who writes. changed(): the
   * content or the state is another. conflict(content, changes): they were refused; refused(error).
   */
  static async open(item, { kind, user, changed, conflict, refused }) {
    const about = `${user}.${kind}.${item.id}`;
    return new Saver(item, { path: `/api/studio/${kind}/${item.id}/changes`, about, changed, conflict, refused }, await left(about));
  }

  constructor(item, { path, about, changed, conflict, refused }, queue) {
    this.item = item;
    this.error = null;
    this._path = path;
    this._about = about;
    this._changed = changed;
    this._conflict = conflict;
    this._refused = refused;
    this._closed = new AbortController();
    this._busy = false;
    this._queue = queue;
    this._kept = null; // that all of it lies on the disk
  }

  /** Send what is left from before. */
  start() {
    if (this._queue.length) this._send();
  }

  /** Changes under way, the first one first. */
  get changes() {
    return this._queue.map(({ change }) => change);
  }

  get saved() {
    return !this._queue.length;
  }

  /** Whether something is under way whose outcome only the server knows. */
  get waits() {
    return this.changes.some((change) => WAITS.includes(change.do));
  }

  /** Make a change. Of several nudges of one object that were not sent yet the last one counts. */
  change(change) {
    const last = this._queue.at(-1);
    const sent = this._queue.length === 1 && this._busy; // it is under way
    if (last && !sent && change.do === "spans" && last.change.do === "spans" && last.change.object === change.object) {
      last.change = change;
    } else this._queue.push({ key: name(), version: last ? last.version + 1 : this.item.version, change });
    this._kept = keep(this._about, this._queue.at(-1));
    this._changed();
    this._send();
  }

  /** Go on from what the server has now, without what is under way. */
  reset(item) {
    this.item = item;
    this._queue.splice(0).forEach(({ key }) => forget(key));
    this._changed();
  }

  /** The page shows something else: what is under way is still sent, what fails is kept for later. */
  close() {
    this._closed.abort();
    this._changed = () => {};
  }

  async _send() {
    if (this._busy) return;
    this._busy = true;
    let tries = 0;
    while (this._queue.length) {
      await this._kept; // what the page says it will try again outlives the browser
      const first = this._queue[0];
      if (!first) break; // all was given up meanwhile
      const { key, version, change } = first;
      try {
        const item = await post(this._path, { version, key, change });
        forget(key);
        if (this._queue[0] !== first) break;
        this._queue.shift();
        this.item = item;
        this.error = null;
        tries = 0;
        this._changed();
      } catch (error) {
        if (!(error instanceof ServerError)) throw error;
        if (this._closed.signal.aborted) break;
        if (error.status === 409 && error.content?.current) {
          this._busy = false;
          this.error = null;
          this._conflict(error.content, this.changes);
          return;
        }
        if (error.status >= 400 && error.status < 500 && ![401, 408, 421, 429].includes(error.status)) {
          this._queue.shift();
          forget(key);
          for (const one of this._queue) {
            one.version -= 1; // what was refused makes none
            this._kept = keep(this._about, one);
          }
          this.error = null;
          this._refused(error);
          continue;
        }
        this.error = error; // the server is away, or wants to know who is there: it is tried again
        this._changed();
        await pause(error.after ?? RETRY[Math.min(tries, RETRY.length - 1)], this._closed.signal).catch(() => {});
        tries += 1; // once more after the page shows something else
      }
    }
    this._busy = false;
  }
}
