// Everything that can be taken away: predictions, overlays, timelines, and every format.

import { ServerError, refusal } from "./api.js";
import { dialog, fill, h, set } from "./dom.js";

/**
 * Let the browser save what lies at an address. It is asked for once without its content, so that
 * what is written at the first call is written, and a refusal is a sentence on this page.
 */
export async function save(path, signal) {
  const stop = new AbortController();
  const both = AbortSignal.any([stop.signal, signal]);
  let response;
  try {
    response = await fetch(path, { signal: both, credentials: "same-origin" });
  } catch {
    both.throwIfAborted();
    throw new ServerError(0, "The server does not answer. Does it still run?");
  }
  if (!response.ok) throw await refusal(response);
  stop.abort();
  const link = h("a", { href: path, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
}

/**
 * The dialog with all files. answers: Versions, one, or several that are shown together. info: of
 * /api/info.
 */
export function downloads(title, video, answers, info) {
  const one = answers.length === 1 ? `/api/jobs/${answers[0].job.id}/answers/${answers[0].number}` : null;
  const named = new URLSearchParams(answers.map((version) => ["answers", version.ref]));
  const together = `/api/videos/${video.id}`;
  const style = h(
    "select",
    { "aria-label": "Style of the overlay" },
    info.styles.map((name) => h("option", { value: name, text: name })),
  );
  const overlay = () => (one ? `${one}/overlay?style=${style.value}` : `${together}/overlay?${named}&style=${style.value}`);
  const format = (name) => (one ? `${one}/exports/${name}` : `${together}/exports/${name}?${named}`);
  const rows = [
    row("Overlay", "the video with the objects, the sentence and its moment", overlay, style),
    ...(one
      ? [
          row("Prediction", "moment, relevance and all masks as JSON", () => `${one}/prediction`),
          row("Timeline", "relevance over time as a picture", () => `${one}/timeline`),
        ]
      : answers.map((version, at) =>
          row(`Prediction ${at + 1}`, version.ask.sentence, () => `/api/jobs/${version.job.id}/answers/${version.number}/prediction`),
        )),
  ];
  const formats = Object.entries(info.exporters).map(([name, words]) => row(name, words, () => format(name)));
  const closed = new AbortController();
  const node = dialog(
    title,
    h("ul", { class: "files" }, rows),
    h("h3", { text: "For other programs" }),
    h("ul", { class: "files" }, formats),
  );
  node.classList.add("downloads");
  node.addEventListener("close", () => closed.abort());
  return node;

  function row(name, words, path, extra = null) {
    const note = h("p", { class: "small", role: "status" });
    const button = h("button", { type: "button", "aria-label": `Download: ${name}` }, "Download");
    button.addEventListener("click", async () => {
      set(button, { disabled: true });
      set(note, { class: "small quiet", text: "Being made…" });
      try {
        await save(path(), closed.signal);
        set(note, { text: "The browser saves it." });
      } catch (error) {
        if (!closed.signal.aborted) set(note, { class: "small message bad", text: error.message });
      }
      set(button, { disabled: false });
    });
    const what = h("div", { class: "grow" }, h("strong", { text: name }), h("p", { class: "small quiet", text: words }), note);
    return fill(h("li", { class: "row whole" }), what, extra, button);
  }
}
