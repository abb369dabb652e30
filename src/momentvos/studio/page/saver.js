// Changes on their way to the server, one after the other, each against the version before it.
//
// What is not stored yet lies in the browser's own storage too, under the name of its change: where
// the page or the server dies it is sent again, and one that stands already is not made twice.

import { ServerError, post } from "/page/api.js";
import { pause } from "/page/dom.js";
import { after } from "./content.js";

const RETRY = [0.5, 1, 2, 4, 8];
const WAITS = ["undo", "redo", "submit", "reopen", "unusable"]; // what only the server can tell

const name = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");

export class Saver {
  /**
   * item: the annotation as the server has it. path: of its changes. user: who writes. changed(): the
   * content or the state is another. conflict(content, moments): a change was refused; refused(error).
   */
  constructor(item, { path, user, changed, conflict, refused }) {
    this.item = item;
    this.error = null;
    this._path = path;
    this._key = `momentvos.studio.${user}.${item.id}`;
    this._changed = changed;
    this._conflict = conflict;
    this._refused = refused;
    this._closed = new AbortController();
    this._busy = false;
    this._queue = this._left();
    if (this._queue.length) this._send();
  }

  /** Moments as they are on the page: stored ones, with the changes under way. */
  get moments() {
    return this._queue.reduce((moments, { change }) => after(moments, change), this.item.moments);
  }

  get saved() {
    return !this._queue.length;
  }

  /** Whether something is under way whose outcome only the server knows. */
  get waits() {
    return this._queue.some(({ change }) => WAITS.includes(change.do));
  }

  /** Make a change. Of several nudges of one object that were not sent yet the last one counts. */
  change(change) {
    const last = this._queue.at(-1);
    const first = this._queue.length === 1 && this._busy; // it is under way
    if (last && !first && change.do === "spans" && last.change.do === "spans" && last.change.object === change.object) {
      last.change = change;
    } else this._queue.push({ key: name(), change });
    this._keep();
    this._changed();
    this._send();
  }

  /** Go on from what the server has now, without what is under way. */
  reset(item) {
    this.item = item;
    this._queue = [];
    this._keep();
    this._changed();
  }

  close() {
    this._closed.abort();
  }

  async _send() {
    if (this._busy) return;
    this._busy = true;
    let tries = 0;
    while (this._queue.length && !this._closed.signal.aborted) {
      const { key, change } = this._queue[0];
      try {
        this.item = await post(this._path, { version: this.item.version, key, change });
        this._queue.shift();
        this.error = null;
        tries = 0;
        this._keep();
        this._changed();
      } catch (error) {
        if (this._closed.signal.aborted) break;
        if (!(error instanceof ServerError)) throw error;
        if (error.status === 409 && error.content?.current) {
          this._busy = false;
          this._conflict(error.content, this.moments);
          return;
        }
        if (error.status >= 400 && error.status < 500 && ![401, 408, 421, 429].includes(error.status)) {
          this._queue.shift();
          this._keep();
          this._refused(error);
          continue;
        }
        this.error = error; // the server is away, or wants to know who is there: it is tried again
        this._changed();
        await pause(error.after ?? RETRY[Math.min(tries, RETRY.length - 1)], this._closed.signal).catch(() => {});
        tries += 1;
      }
    }
    this._busy = false;
  }

  _keep() {
    try {
      if (this._queue.length) localStorage.setItem(this._key, JSON.stringify(this._queue));
      else localStorage.removeItem(this._key);
    } catch {
      // a browser may have no storage; the server has everything that says "saved"
    }
  }

  _left() {
    try {
      return JSON.parse(localStorage.getItem(this._key) ?? "[]");
    } catch {
      return [];
    }
  }
}
