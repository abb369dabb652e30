// Sentences beside the video: asking them, what became of each, and what can be done about it.

import { fill, h, keyed, set } from "./dom.js";
import { colour } from "./timeline.js";
import { count, note, origin, percent, stage, verdict } from "./words.js";

/** The field for sentences; `ask(sentences)` is called with one or several. */
export class AskForm {
  constructor({ ask, models, chosen }) {
    this.field = h("textarea", {
      id: "sentence",
      rows: 2,
      maxlength: 20000,
      placeholder: "the dog that jumps",
      "aria-describedby": "sentence-help",
      keydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        this._submit();
      },
    });
    this._model = h(
      "select",
      { "aria-label": "Model", change: () => chosen(this._model.value) },
      models.map((one) => h("option", { value: one, text: one })),
    );
    this.node = h(
      "form",
      { class: "ask card", submit: (event) => (event.preventDefault(), this._submit()) },
      h("label", { for: "sentence", text: "What do you look for?" }),
      this.field,
      h(
        "div",
        { class: "row between" },
        h("p", { id: "sentence-help", class: "quiet small", text: "English; a line for each sentence" }),
        h("div", { class: "row" }, models.length > 1 && this._model, h("button", { class: "primary", type: "submit" }, "Ask")),
      ),
    );
    this._ask = ask;
  }

  _submit() {
    const lines = this.field.value.split("\n").map((one) => one.trim()).filter(Boolean);
    if (!lines.length) {
      this.field.focus();
      return;
    }
    this.field.value = "";
    this._ask(lines);
  }
}

/** All sentences. act(name, card): what a person does about one. */
export class Cards {
  constructor(view, act) {
    this._view = view;
    this._act = act;
    this._list = h("ol", { class: "cards", "aria-label": "Sentences" });
    this.node = this._list;
    this._keyed = keyed(this._list, (one) => one.key, (card) => this._card(card));
  }

  update() {
    this._keyed(this._view.answers.cards);
  }

  _card(card) {
    const act = (name) => () => this._act(name, card);
    const button = (text, name, props = {}) => h("button", { type: "button", ...props, click: act(name) }, text);
    const swatch = h("button", { type: "button", class: "swatch", click: act("choose") });
    const eye = h("button", { type: "button", class: "plain small-button", click: act("visible") });
    const name = h("h3", { class: "grow", text: card.sentence });
    const short = h("strong", {});
    const text = h("span", {});
    const line = h("p", { class: "verdict" }, short, " ", text);
    const facts = h("p", { class: "quiet small" });
    const notes = h("ul", { class: "notes" });
    const state = h("span", {});
    const bar = h("progress", { max: 1 });
    const cancel = button("Cancel", "cancel", { class: "small-button" });
    const under = h("div", { class: "under" }, h("div", { class: "row between" }, state, cancel), bar);
    const error = h("p", { class: "message bad" });
    const again = button("Ask again", "again", { class: "small-button" });
    const failed = h("div", { class: "stack tight" }, error, h("div", { class: "row" }, again));
    const not = button("Not this one", "not", { title: "The marked object is not meant (N)" });
    const pick = button("Click the right one", "pick", { title: "Click it in the video (C)" });
    const start = button("Starts here", "start", { title: "The moment starts at this frame ([)" });
    const end = button("Ends here", "end", { title: "The moment ends at this frame (])" });
    const more = button("Add a moment here", "add");
    const track = button("Track again", "track", { class: "primary" });
    const clear = button("Clear", "clear");
    const help = h("p", { class: "small" });
    const negative = button("Next click: not this", "negative");
    const leave = button("Leave", "pick", { class: "plain" });
    const mode = h("div", { class: "picked stack tight" }, help, h("div", { class: "row" }, track, negative, clear, leave));
    const tools = h(
      "div",
      { class: "tools" },
      h("fieldset", {}, h("legend", { class: "quiet small", text: "Wrong object?" }), h("div", { class: "row" }, not, pick)),
      mode,
      h("fieldset", {}, h("legend", { class: "quiet small", text: "Wrong moment? Drag its ends, or:" }), h("div", { class: "row" }, start, end, more)),
    );
    const download = button("Download", "download");
    const remove = button("Remove", "drop", { class: "plain", title: "Take it off this page; it stays below “Earlier”" });
    const undo = button("Undo", "undo", { title: "Back to the answer of before" });
    const feet = h("div", { class: "row feet" }, download, undo, h("span", { class: "grow" }), remove);
    const node = h(
      "li",
      { class: "card sentence", click: (event) => event.target.closest("button, a") ?? this._act("choose", card) },
      h("div", { class: "row top" }, swatch, name, eye),
      line, facts, under, failed, notes, tools, feet,
    );
    return {
      node,
      update: (_, at) => {
        const { active, picking, frame, may } = this._view;
        const on = active === card;
        const { held, next, shown } = card;
        const answer = held?.answer ?? null;
        const open = card.busy;
        const stopped = !held && !open;
        set(node, { class: `card sentence${on ? " active" : ""}`, "aria-current": on ? "true" : null });
        colour(swatch, card.colour);
        set(swatch, { text: at + 1, "aria-pressed": on, "aria-label": `Sentence ${at + 1}, in colour ${card.colour + 1}: choose it` });
        set(eye, { text: card.visible ? "Hide" : "Show", "aria-label": `${card.visible ? "Hide" : "Show"} the masks of sentence ${at + 1}` });

        const known = answer ? verdict(answer, held.curve?.domain, held.ask) : null;
        const sofar = !answer && next?.preview?.moment?.length ? "So far" : "";
        set(line, { hidden: !known && !sofar && !(stopped && !card.error), class: `verdict ${known?.tone ?? "quiet"}` });
        set(short, { text: known?.short ?? (sofar || "Cancelled") });
        set(text, { text: known?.text ?? (sofar ? this._frames(next.preview.moment) : "before it was answered.") });
        set(facts, { hidden: !answer, text: answer ? this._facts(held) : "" });

        set(under, { hidden: !open });
        const going = open ? this._going(card) : null;
        set(state, { text: going?.text ?? "" });
        if (going?.share === undefined || going?.share === null) bar.removeAttribute("value");
        else bar.value = going.share;
        set(bar, { hidden: going?.share === undefined, "aria-label": `Progress of sentence ${at + 1}` });
        set(cancel, { hidden: !may });

        set(failed, { hidden: !card.error && !stopped });
        set(error, { hidden: !card.error, text: card.error ?? "" });
        set(again, { hidden: !may });

        const said = (answer?.notes ?? []).filter(Boolean).map(note);
        if (notes.dataset.said !== said.join("\n")) {
          notes.dataset.said = said.join("\n");
          fill(notes, said.map((one) => h("li", { class: "message warn", text: one })));
        }
        set(notes, { hidden: !said.length });

        const mine = on && picking;
        set(tools, { hidden: !on || !held || !may });
        set(not, { "aria-pressed": null, disabled: !answer || answer.status !== "found" || mine });
        set(pick, { "aria-pressed": mine });
        set(mode, { hidden: !mine });
        set(help, { text: this._help(card) });
        set(track, { disabled: !card.clicks.length });
        set(clear, { disabled: !card.clicks.length });
        set(negative, { "aria-pressed": this._view.negative });
        const moment = card.moment;
        const within = moment.some(([first, last]) => first <= frame && frame <= last);
        set(more, { hidden: !moment.length || within });
        set(start, { hidden: false });
        set(feet, { hidden: !on });
        set(download, { hidden: !held });
        set(undo, { hidden: !card.past.length });
        set(remove, { hidden: shown === null && open });
      },
    };
  }

  _frames(moment) {
    const { clock } = this._view;
    const parts = moment.map(([first, last]) => `${clock.start(first).toFixed(2)}–${clock.end(last).toFixed(2)} s`);
    return parts.join(", ");
  }

  _facts(version) {
    const { answer } = version;
    const parts = [];
    if (answer.presence !== null && answer.presence !== undefined) parts.push(`Sure that it occurs: ${percent(answer.presence)}`);
    if (origin(version.ask)) parts.push(origin(version.ask));
    if (this._view.models.length > 1) parts.push(version.job.model);
    return parts.join(" · ");
  }

  /** What is under way: a text, and a share of it; undefined: no bar, null: nobody knows. */
  _going(card) {
    if (card.waiting) return { text: `The server is busy. Trying again in ${card.waiting.left} s.`, share: undefined };
    const { next } = card;
    if (!next) return { text: "Asking…", share: null };
    const what = card.held ? "Tracking again" : "Looking for it";
    const { job } = next;
    if (job.state === "queued") {
      const ahead = job.ahead ? `${count(job.ahead, "job")} before it` : (this._view.unready ?? "next in line");
      return { text: `Waits: ${ahead}`, share: null };
    }
    const { progress } = job;
    if (!progress) return { text: `${what}…`, share: null };
    const share = progress.total > 1 ? progress.done / progress.total : null;
    return { text: `${what}. ${stage(progress)}`, share };
  }

  _help(card) {
    const there = count(card.clicks.length, "click");
    const kind = this._view.negative ? "what is not it" : "the right object";
    return card.clicks.length
      ? `${there}. Click more, or track again.`
      : `Click ${kind} in the video, in any frame.`;
  }
}

