// What the page says: times, counts, and what became of a sentence.

/** A time in seconds as people read it: 3.250 s, or 1:02.250 from a minute on. */
export function time(seconds, digits = 2) {
  const scale = 10 ** digits;
  const rounded = Math.round(seconds * scale) / scale;
  if (rounded < 60) return `${rounded.toFixed(digits)} s`;
  const [hours, minutes] = [Math.floor(rounded / 3600), Math.floor(rounded / 60) % 60];
  const rest = (rounded % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Spans of seconds: "2.75–3.50 s and 5.00–6.00 s"; more than four are counted. */
export function spans(seconds) {
  const shown = seconds.slice(0, 4).map(([start, end]) => `${time(start).replace(/ s$/, "")}–${time(end)}`);
  if (seconds.length > 4) shown.push(`${seconds.length - 4} more`);
  return shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}` : shown.join("");
}

/** A number with its noun: "1 frame", "2 frames". */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function percent(share) {
  return share > 0 && share < 0.01 ? "under 1 %" : `${Math.round(share * 100)} %`;
}

export function bytes(number) {
  const units = ["bytes", "kB", "MB", "GB"];
  const unit = Math.min(Math.floor(Math.log10(Math.max(number, 1)) / 3), 3);
  return `${(number / 1000 ** unit).toFixed(unit > 1 ? 1 : 0)} ${units[unit]}`;
}

/** How long ago something was, roughly. */
export function ago(text, now = Date.now()) {
  const seconds = Math.max((now - Date.parse(text)) / 1000, 0);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${count(Math.floor(seconds / 60), "minute")} ago`;
  if (seconds < 86400) return `${count(Math.floor(seconds / 3600), "hour")} ago`;
  return `${count(Math.floor(seconds / 86400), "day")} ago`;
}

/** A stage of a job: "segmenting" with 8 of 32. */
export function stage({ stage: name, done, total }) {
  const word = name.replaceAll("_", " ");
  const begun = word.charAt(0).toUpperCase() + word.slice(1);
  return total > 1 ? `${begun}, ${done.toLocaleString("en")} of ${total.toLocaleString("en")}` : begun;
}

/**
 * What became of a sentence: {tone: "good" | "quiet" | "warn" | "bad", short, text}.
 * domain: what the model's training data show, where it says so. ask: what it was asked with.
 */
export function verdict(answer, domain = null, ask = null) {
  const known = domain ? ` (${domain})` : "";
  if (answer.status === "failed") return { tone: "bad", short: "Failed", text: answer.error ?? "It failed." };
  if (answer.status === "found") {
    const text = answer.seconds.length ? spans(answer.seconds) : "at no particular moment";
    return { tone: "good", short: "Found", text };
  }
  if (ask?.clicks?.some((one) => one.object)) {
    return { tone: "warn", short: "Not tracked", text: "The model has no object where you clicked, and could not follow one from there." };
  }
  if (ask?.clicks?.length && answer.in_domain !== false) {
    return { tone: "quiet", short: "Not found", text: "The model has no other object that matches the sentence." };
  }
  if (answer.in_domain === false) {
    const text = "The model does not know scenes like this one, so this says nothing about the video.";
    return { tone: "warn", short: "Cannot tell", text };
  }
  return { tone: "quiet", short: "Not found", text: `Nothing that the model knows${known} matches the sentence.` };
}

/** A note of an answer as a sentence; a command that it names is the one for a server. */
export function note(text) {
  const named = text.replace("momentvos run VIDEO SENTENCE", "momentvos serve");
  return named.charAt(0).toUpperCase() + named.slice(1);
}

/** What is known of an answer's origin: "with your moment", "with 2 clicks". */
export function origin(ask) {
  const parts = [];
  if (ask.moment) parts.push("your moment");
  if (ask.clicks?.length) parts.push(count(ask.clicks.length, "click"));
  return parts.length ? `with ${parts.join(" and ")}` : "";
}
