// A long list of which only the rows in view exist. Parts of it are fetched as they are needed, the
// rest while nothing else is to be done, so that no row is blank for long.

import { get } from "/page/api.js";
import { h, set } from "/page/dom.js";

const ROW = 60; // pixels; as in studio.css
const PART = 500;
export const FIRST = 60; // rows that are asked for first, to be seen soon
const MORE = 12; // rows beyond the view

export class List {
  /** path(offset, limit): of a part. row(item): content of a row. counted(total). */
  constructor({ path, row, counted, label }) {
    this._path = path;
    this._row = row;
    this._counted = counted;
    this._parts = new Map();
    this._rows = new Map();
    this._round = 0;
    this.total = null;
    this._room = h("ul", { class: "rows", "aria-label": label });
    this.node = h("div", { class: "list", tabindex: "-1" }, this._room);
    this.node.addEventListener("scroll", () => this._draw(), { passive: true });
    this.node.addEventListener("keydown", (event) => this._key(event));
    this._watch = new ResizeObserver(() => this._draw());
    this._watch.observe(this.node);
  }

  /** Fetch all anew, after the search has changed. first: the answer for `FIRST` rows, if asked. */
  async load(first = null) {
    this._round += 1;
    const round = this._round;
    this._parts.clear();
    const page = (await first) ?? (await get(this._path(0, FIRST)));
    if (round !== this._round) return;
    this._parts.set(0, page.items);
    this.node.scrollTop = 0;
    this._counts(page.total);
    this._draw();
    this._rest(round);
  }

  close() {
    this._round += 1;
    this._watch.disconnect();
  }

  async _rest(round) {
    for (let part = 0; part * PART < this.total; part += 1) {
      if (round !== this._round) return;
      const whole = part > 0 || this.total <= FIRST;
      if (!this._parts.has(part) || !whole) await this._fetch(part).catch(() => {});
    }
  }

  _counts(total) {
    if (this.total !== total) this._counted(total);
    this.total = total;
    this._room.style.setProperty("height", `${total * ROW}px`);
  }

  async _fetch(part) {
    const round = this._round;
    const known = this._parts.get(part) ?? null; // rows that are shown already stay
    this._parts.set(part, known);
    try {
      const page = await get(this._path(part * PART, PART));
      if (round !== this._round) return;
      this._parts.set(part, known ? [...known, ...page.items.slice(known.length)] : page.items);
      this._counts(page.total);
      this._draw();
    } catch (error) {
      if (!known) this._parts.delete(part);
      throw error;
    }
  }

  _item(at) {
    const part = Math.floor(at / PART);
    if (!this._parts.has(part)) this._fetch(part).catch(() => {});
    return this._parts.get(part)?.[at % PART] ?? null;
  }

  _draw() {
    if (this.total === null) return;
    const first = Math.max(Math.floor(this.node.scrollTop / ROW) - MORE, 0);
    const last = Math.min(Math.ceil((this.node.scrollTop + this.node.clientHeight) / ROW) + MORE, this.total) - 1;
    for (const [at, { node }] of this._rows) {
      if ((at < first || at > last) && !node.contains(document.activeElement)) {
        node.remove();
        this._rows.delete(at);
      }
    }
    for (let at = first; at <= last; at += 1) {
      const item = this._item(at);
      const made = this._rows.get(at);
      if (made?.item === item && made) continue;
      const node = h("li", { class: "item", "aria-setsize": this.total, "aria-posinset": at + 1 }, item ? this._row(item, at) : "");
      set(node, { style: { top: `${at * ROW}px` }, "data-at": at });
      if (made) made.node.replaceWith(node);
      else this._place(node, at);
      this._rows.set(at, { node, item });
    }
  }

  /** In order, so that Tab goes downward. */
  _place(node, at) {
    const next = [...this._room.children].find((one) => Number(one.dataset.at) > at);
    this._room.insertBefore(node, next ?? null);
  }

  _key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -this.total, End: this.total };
    const row = document.activeElement?.closest(".item");
    if (!row || !(event.key in steps)) return;
    event.preventDefault();
    const at = Math.min(Math.max(Number(row.dataset.at) + steps[event.key], 0), this.total - 1);
    const top = at * ROW;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (top + ROW > this.node.scrollTop + this.node.clientHeight) this.node.scrollTop = top + ROW - this.node.clientHeight;
    this._draw();
    this._rows.get(at)?.node.querySelector("a")?.focus({ preventScroll: true });
  }
}
