// Answers about the video that the page does not show, each to be taken back onto it.

import { get } from "./api.js";
import { fill, h, set } from "./dom.js";
import { ago, origin, verdict } from "./words.js";

const MOST = 200; // jobs

/** The list. `view`: video, answers. show(job, number): a person wants that answer. */
export class Earlier {
  constructor(view, show) {
    this._view = view;
    this._show = show;
    this._list = h("ul", { class: "old" });
    this._count = h("span", {});
    this.node = h("details", { class: "earlier", hidden: true }, h("summary", {}, "Earlier answers ", this._count), this._list);
  }

  /** Ask the server what there is. */
  async read(signal) {
    const { video, answers } = this._view;
    let jobs;
    try {
      jobs = await get(`/api/jobs?video=${video.id}&limit=${MOST}`, { signal });
    } catch {
      return; // what is shown stays
    }
    const here = new Set(answers.cards.flatMap((one) => [one.held?.ref, one.next?.ref]));
    const rows = jobs
      .flatMap((job) => job.asks.map((ask, number) => ({ job, ask, number })))
      .filter(({ job, number }) => !here.has(`${job.id}.${number}`));
    set(this.node, { hidden: !rows.length });
    set(this._count, { text: `(${rows.length})` });
    fill(this._list, rows.map((one) => this._row(one)));
  }

  _row({ job, ask, number }) {
    const answer = job.answers.find((one) => one.number === number);
    const became = answer ? verdict(answer, null, ask).short : { queued: "Waits", running: "Under way" }[job.state] ?? "No answer";
    const facts = [became, origin(ask), ago(job.created)].filter(Boolean).join(" · ");
    const button = h("button", { type: "button", class: "plain", click: () => this._show(job, number) }, h("span", { text: ask.sentence }), h("span", { class: "quiet small", text: facts }));
    return h("li", {}, button);
  }
}
