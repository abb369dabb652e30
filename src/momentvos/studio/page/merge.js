// A change that was refused, since somebody else was faster: both versions, object by object.

import { dialog, h } from "/page/dom.js";
import { spansOf } from "./content.js";
import { correction } from "./dialogs.js";
import { same, together, words } from "./spans.js";

/**
 * Let the author choose. content: of the refusal: current, base. mine: moments with the change.
 * length: frames of the video. done({moments} or null): what to store, or null to take theirs.
 */
export function merge(content, mine, { length, title, done }) {
  const base = content.base.moments;
  const theirs = content.current.moments;
  const names = [...new Set([...base, ...theirs, ...mine].map((one) => one.object))];
  const chosen = new Map();
  const rows = names.map((name) => {
    const [was, other, own] = [base, theirs, mine].map((one) => spansOf(one, name));
    const both = other && own ? together(was ?? [], other, own) : null;
    const first = same(was, own) ? "theirs" : same(was, other) || !both ? "mine" : "both";
    chosen.set(name, first);
    if (same(other, own)) return null;
    const option = (value, text, spans) =>
      spans === undefined || (value === "both" && !both)
        ? null
        : h(
            "label",
            { class: "option" },
            h("input", { type: "radio", name: `merge-${name}`, value, checked: value === first, change: () => chosen.set(name, value) }),
            h("span", {}, `${text}: ${spans === null ? "not meant" : words(spans)}`),
            bar(spans ?? [], length),
          );
    return h(
      "fieldset",
      { class: "stack tight" },
      h("legend", { text: title(name) }),
      h("p", { class: "quiet small" }, `Before both: ${was === null ? "not meant" : words(was)}`),
      option("theirs", "Theirs", other),
      option("mine", "Mine", own),
      option("both", "Both changes", both),
    );
  });
  const pick = (name) => {
    const [was, other, own] = [base, theirs, mine].map((one) => spansOf(one, name));
    return { theirs: other, mine: own, both: together(was ?? [], other ?? [], own ?? []) }[chosen.get(name)];
  };
  let answered = false;
  const answer = (made) => {
    answered = true;
    node.close();
    done(made);
  };
  const merged = () => {
    const moments = {};
    for (const name of names) if (pick(name) !== null) moments[name] = pick(name);
    answer({ moments });
  };
  const state = content.current.state;
  const node = dialog(
    "Two changed this at once",
    h("p", { text: `${content.detail} Nothing of either is lost: choose for each object.` }),
    state !== "draft" && h("p", { class: "message warn", text: `It was handed in meanwhile (${state}); reopen it to change it.` }),
    ...rows,
    h(
      "div",
      { class: "row" },
      state === "draft" && h("button", { type: "button", class: "primary", click: merged }, "Save what is chosen"),
      h("button", { type: "button", click: () => answer(null) }, "Take theirs"),
    ),
  );
  node.classList.add("merge");
  node.addEventListener("close", () => answered || done(undefined));
  return node;
}

/**
 * Let the author of corrections of a video choose, which somebody else has corrected meanwhile.
 * done(changes): those to make again.
 */
export function clash(content, changes, { title, done }) {
  const again = changes.filter((one) => one.do === "swap"); // an undo was of what is the last no more
  let answered = false;
  const answer = (made) => {
    answered = true;
    node.close();
    done(made);
  };
  const list = (rows) => h("ul", { class: "stack tight" }, rows.map((text) => h("li", { text })));
  const node = dialog(
    "Two corrected this video at once",
    h("p", { text: `${content.detail} Yours is not stored.` }),
    h("h3", { text: "Done meanwhile" }),
    list(content.since.map((one) => `${one.who}: ${correction(one.change, title)}`)),
    h("h3", { text: "Yours" }),
    list(changes.map((one) => correction(one, title))),
    h("p", { class: "quiet" }, "Exchanging the same twice is as if it had not been exchanged."),
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", class: "primary", click: () => answer([]) }, "Leave it as it is now"),
      again.length > 0 && h("button", { type: "button", click: () => answer(again) }, "Do mine too"),
    ),
  );
  node.addEventListener("close", () => answered || done(undefined));
  return node;
}

function bar(spans, length) {
  const place = ([start, end]) => ({ left: `${(100 * start) / length}%`, width: `${(100 * (end + 1 - start)) / length}%` });
  return h("span", { class: "mini", "aria-hidden": "true" }, spans.map((span) => h("span", { style: place(span) })));
}
