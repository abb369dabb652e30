// Spans of frames: inclusive pairs, sorted, joined where they touch (momentvos.moment.Moment).

/** Any pairs as spans. */
export function joined(pairs) {
  const made = [];
  for (const [start, end] of [...pairs].sort((one, other) => one[0] - other[0] || one[1] - other[1])) {
    const last = made.at(-1);
    if (last && start <= last[1] + 1) last[1] = Math.max(last[1], end);
    else made.push([start, end]);
  }
  return made;
}

export const marked = (spans, span) => joined([...spans, span]);

/** Without the frames of a span. */
export function erased(spans, [from, to]) {
  return spans.flatMap(([start, end]) => {
    const left = start < from ? [[start, Math.min(end, from - 1)]] : [];
    const right = end > to ? [[Math.max(start, to + 1), end]] : [];
    return [...left, ...right];
  });
}

/** What is in the first spans alone. */
export const without = (spans, others) => others.reduce(erased, spans);

/** Two changes of the same spans as one: what either added is there, what either removed is not. */
export function together(base, one, other) {
  const added = joined([...one, ...without(other, base)]);
  return without(added, without(base, other));
}

/** The span that holds a frame, or null. */
export const holding = (spans, frame) => spans.find(([start, end]) => start <= frame && frame <= end) ?? null;

/** Edges in order: {span, side: 0 start, 1 end, frame}. */
export const edges = (spans) => spans.flatMap((span, at) => [0, 1].map((side) => ({ span: at, side, frame: span[side] })));

/**
 * Spans with an edge moved, within the video and not over the other edge; the same spans where it
 * cannot move. It stops a frame before the next span, which it would join.
 */
export function moved(spans, { span, side }, to, length) {
  const least = side ? spans[span][0] : (spans[span - 1]?.[1] ?? -2) + 2;
  const most = side ? (spans[span + 1]?.[0] ?? length + 1) - 2 : spans[span][1];
  const place = Math.min(Math.max(to, least), most);
  return spans.map((one, at) => (at === span ? one.map((frame, k) => (k === side ? place : frame)) : one));
}

export const frames = (spans) => spans.reduce((sum, [start, end]) => sum + end + 1 - start, 0);
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
export const words = (spans) => (spans.length ? spans.map(([a, b]) => (a === b ? `${a}` : `${a} to ${b}`)).join(", ") : "never");

/** The frames that are in more than half of several lists of spans. */
export function most(lists) {
  const steps = new Map();
  const step = (frame, by) => steps.set(frame, (steps.get(frame) ?? 0) + by);
  for (const spans of lists) {
    for (const [start, end] of spans) {
      step(start, 1);
      step(end + 1, -1);
    }
  }
  const made = [];
  let inside = 0, begun = null;
  for (const frame of [...steps.keys()].sort((one, other) => one - other)) {
    inside += steps.get(frame);
    if (2 * inside > lists.length) begun ??= frame;
    else if (begun !== null) {
      made.push([begun, frame - 1]);
      begun = null;
    }
  }
  return made;
}
