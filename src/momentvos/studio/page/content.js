// What an annotation says, and what a change makes of it before the server has answered.

import { erased, joined, marked, most } from "./spans.js";

export const copy = (moments) => moments.map(({ object, spans }) => ({ object, spans: spans.map((one) => [...one]) }));
export const spansOf = (moments, object) => moments.find((one) => one.object === object)?.spans ?? null;

/** Moments after a change; changes that only the server can tell (undo) leave them as they are. */
export function after(moments, change) {
  const made = copy(moments);
  const mine = made.find((one) => one.object === change.object);
  if (change.do === "spans" && mine) mine.spans = joined(change.spans);
  else if (change.do === "mark" && mine) mine.spans = marked(mine.spans, change.span);
  else if (change.do === "erase" && mine) mine.spans = erased(mine.spans, change.span);
  else if (change.do === "add_object" && !mine) made.push({ object: change.object, spans: joined(change.spans ?? []) });
  else if (change.do === "remove_object") return made.filter((one) => one.object !== change.object);
  else if (change.do === "take") {
    return Object.entries(change.moments).map(([object, spans]) => ({ object, spans: joined(spans) }));
  }
  return made;
}

/** What more than half of several annotators say, {object: spans}: as momentvos.studio.majority. */
export function majority(annotations) {
  const names = [...new Set(annotations.flatMap((one) => one.moments.map(({ object }) => object)))];
  const named = names.filter((name) => 2 * annotations.filter((one) => spansOf(one.moments, name)).length > annotations.length);
  return Object.fromEntries(named.map((name) => [name, most(annotations.map((one) => spansOf(one.moments, name) ?? []))]));
}
