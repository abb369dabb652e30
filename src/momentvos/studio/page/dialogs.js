// Questions before a change: which objects, why, what a model proposes, and what has happened so far.

import { follow, get, post } from "/page/api.js";
import { dialog, h, set } from "/page/dom.js";
import { words } from "./spans.js";

const field = (words, input) => h("div", {}, h("label", { for: input.id, text: words }), input);

function form(title, fields, action, done) {
  const node = dialog(
    title,
    h(
      "form",
      {
        class: "stack",
        submit: (event) => {
          event.preventDefault();
          node.close();
          done();
        },
      },
      ...fields,
      h("div", { class: "row" }, h("button", { type: "submit", class: "primary" }, action)),
    ),
  );
  node.querySelector("input, textarea, select")?.focus();
  return node;
}

const choice = (id, options) => h("select", { id }, options.map(([value, text]) => new Option(text, value)));

/** Why an expression is unusable. */
export function unusable(done) {
  const why = h("textarea", { id: "why", rows: 3, required: true, maxlength: 1000 });
  form("Hand in as unusable", [field("Why can it not be used?", why)], "Hand in", () => done(why.value));
}

/** Which of the video's other objects to add. options: [[name, text]]. */
export function addObject(options, done) {
  if (!options.length) {
    dialog("Add an object", h("p", {}, "All objects of the video are here already. A model can propose another: “Ask a model”."));
    return;
  }
  const which = choice("which", options);
  form("Add an object", [field("Which object does the sentence mean too?", which)], "Add", () => done(which.value));
}

/** Which two objects to exchange, and in which frames. */
export function swap(options, [first, last], length, done) {
  const one = choice("one", options);
  const other = choice("other", options);
  if (options[1]) other.value = options[1][0];
  const number = (id, value) => h("input", { id, type: "number", min: 0, max: length - 1, value, required: true });
  const [from, to] = [number("from", first), number("to", last)];
  form(
    "Exchange the ids of two objects",
    [
      h("p", { class: "quiet" }, "Their masks are exchanged in these frames, for everybody who works with this video."),
      field("Object", one),
      field("and object", other),
      field("from frame", from),
      field("to frame", to),
    ],
    "Exchange",
    () => done(one.value, other.value, [Number(from.value), Number(to.value)]),
  );
}

/** What has happened to an annotation. */
export async function history(path) {
  const events = await get(path);
  const rows = events.map((one) =>
    h("tr", {}, h("td", { class: "figure", text: one.version }), h("td", { text: one.who }), h("td", { text: new Date(one.at).toLocaleString() }), h("td", { text: inWords(one.change) })),
  );
  const head = ["Version", "Who", "When", "What"].map((text) => h("th", { scope: "col", text }));
  dialog("History", events.length ? h("div", { class: "scroll", tabindex: 0 }, h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows))) : h("p", {}, "Nothing yet."));
}

/** A correction of a video in words. title(object). */
export function correction({ do: what, first, second, spans, object, source }, title) {
  if (what === "swap") return `${title(first)} and ${title(second)} exchanged in frames ${words(spans)}`;
  if (what === "new_object") return `${title(object)} added${source ? ` by ${source}` : ""}`;
  return what;
}

/** The corrections of a video by all who work with it, the last of which can be taken back. */
export async function corrections(path, { title, back }) {
  const events = await get(path);
  const [past, future] = [[], []];
  for (const { change } of events) {
    if (change.do === "undo") future.push(past.pop());
    else if (change.do === "redo") past.push(future.pop());
    else {
      past.push(change);
      future.length = 0;
    }
  }
  const act = (text, made) => h("button", { type: "button", click: () => (node.close(), back(made)) }, text);
  const row = (one) => h("tr", {}, h("td", { text: one.who }), h("td", { text: new Date(one.at).toLocaleString() }), h("td", { text: correction(one.change, title) }));
  const head = ["Who", "When", "What"].map((text) => h("th", { scope: "col", text }));
  const node = dialog(
    "Corrections of this video",
    h("p", { class: "quiet" }, "They hold for everybody who works with this video, and for each of its sentences."),
    events.length ? h("div", { class: "scroll", tabindex: 0 }, h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, events.map(row)))) : h("p", {}, "Nothing was corrected yet."),
    h(
      "div",
      { class: "row" },
      past.length > 0 && act(`Undo: ${correction(past.at(-1), title)}`, { do: "undo" }),
      future.length > 0 && act(`Redo: ${correction(future.at(-1), title)}`, { do: "redo" }),
    ),
  );
  return node;
}

function inWords({ do: what, object, span, spans, reason, source }) {
  const about = object === undefined ? "" : ` ${object || "sentence"}`;
  if (span) return `${what}${about}: ${words([span])}`;
  if (spans) return `${what}${about}: ${words(spans)}`;
  return `${what.replace("_", " ")}${about}${reason ? `: ${reason}` : ""}${source ? ` (${source})` : ""}`;
}

/**
 * Ask a model about the sentence. take(spans, model): its moment for the chosen object. add(job,
 * answer, spans): its masks as a new object.
 */
export async function propose(video, sentence, models, { take, add }) {
  const say = h("p", { role: "status" }, "The model is asked …");
  const bar = h("progress", { "aria-label": "How far the model is" });
  const model = choice("model", models.map((one) => [one, one]));
  const ended = new AbortController();
  const begin = async () => {
    set(start, { disabled: true });
    set(work, { hidden: false });
    try {
      const { video: id } = await post(`/api/studio/videos/${video.id}/source`);
      const job = await post("/api/jobs", { video: id, asks: [{ sentence }], model: model.value });
      for await (const now of follow(job.id, { signal: ended.signal })) {
        if (now.progress) set(bar, { max: now.progress.total, value: now.progress.done });
        if (now.state === "failed" || now.state === "cancelled") set(say, { text: now.error ?? "The model has not answered." });
        if (now.state === "done") answered(now);
      }
    } catch (error) {
      if (!ended.signal.aborted) set(say, { text: error.message });
    }
    set(bar, { hidden: true });
  };
  const answered = (job) => {
    const [answer] = job.answers;
    if (!answer?.moment.length) {
      set(say, { text: "The model finds nothing that the sentence fits." });
      return;
    }
    set(say, { text: `${job.model} proposes frames ${words(answer.moment)}.` });
    const act = (text, work) => h("button", { type: "button", click: () => (node.close(), work()) }, text);
    work.append(
      h(
        "div",
        { class: "row" },
        act("Take the frames for the chosen object", () => take(answer.moment, job.model)),
        act("Add its masks as a new object", () => add(job.id, 0, answer.moment)),
      ),
    );
  };
  const start = h("button", { type: "button", class: "primary", click: begin }, "Ask");
  const work = h("div", { class: "stack", hidden: true }, say, bar);
  const node = dialog("Ask a model", field("Model", model), h("div", { class: "row" }, start), work);
  node.addEventListener("close", () => ended.abort());
}
