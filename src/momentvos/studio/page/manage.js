// What is done with a whole project: agreement, export, more sentences, who annotates what.

import { get, post } from "/page/api.js";
import { dialog, h, set } from "/page/dom.js";

const figure = (value) => (value === null ? "–" : value.toFixed(3));

/** How far annotators agree. */
export async function agreement(project) {
  const made = await get(`/api/studio/projects/${project.id}/agreement`);
  const row = (name, one) => h("tr", {}, h("th", { scope: "row", text: name }), h("td", { class: "figure", text: one.expressions }), h("td", { class: "figure", text: figure(one.tiou) }), h("td", { class: "figure", text: figure(one.alpha) }));
  const head = ["Annotators", "Expressions", "tIoU", "Krippendorff’s alpha"].map((text) => h("th", { scope: "col", text }));
  dialog(
    "Agreement",
    h("div", { class: "scroll", tabindex: 0 }, h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, made.pairs.map((one) => row(`${one.first} and ${one.second}`, one)), row("all", made)))),
    h("p", { class: "quiet small" }, "Of expressions that at least two handed in as usable. Alpha: each frame of each object is in the moment or not; 1 is full agreement, 0 what chance would give."),
  );
}

/** The project in a format. */
export async function exports(project) {
  const formats = await get(`/api/studio/projects/${project.id}/formats`);
  const link = ([name, title]) => h("li", {}, h("a", { href: `/api/studio/projects/${project.id}/exports/${name}`, download: "", text: name }), ` — ${title}`);
  dialog("Export", h("p", {}, "Each is the project at one moment, while others go on."), h("ul", { class: "stack tight" }, Object.entries(formats).map(link)));
}

/** A dialog whose form is sent by `work()`, which returns what to say; it stays where that fails. */
function form(title, action, fields, work, done) {
  const said = h("p", { class: "message bad", role: "alert", hidden: true });
  const sent = async (event) => {
    event.preventDefault();
    set(button, { disabled: true });
    try {
      await work();
      node.close();
    } catch (error) {
      set(said, { text: error.message, hidden: false });
    }
    set(button, { disabled: false });
    done();
  };
  const button = h("button", { type: "submit", class: "primary" }, action);
  const node = dialog(title, h("form", { class: "stack", submit: sent }, ...fields, said, h("div", { class: "row" }, button)));
  node.querySelector("input, textarea, select")?.focus();
}

const field = (words, input) => h("div", {}, h("label", { for: input.id, text: words }), input);

/** Add sentences about a video, one a line. */
export async function sentences(project, done) {
  const videos = await get(`/api/studio/projects/${project.id}/videos`);
  const video = h("select", { id: "video" }, videos.map((one) => new Option(one.name, one.id)));
  const lines = h("textarea", { id: "lines", rows: 6, required: true });
  const work = async () => {
    const wanted = lines.value.split("\n").map((one) => one.trim()).filter(Boolean);
    while (wanted.length) {
      await post(`/api/studio/projects/${project.id}/expressions`, { video: Number(video.value), sentence: wanted[0] });
      wanted.shift();
      lines.value = wanted.join("\n"); // those that are left, should the next one be refused
    }
  };
  form("Add sentences", "Add", [field("Video", video), field("Sentences, one a line", lines)], work, done);
}

/** Share all sentences among annotators. */
export async function assign(project, done) {
  const names = h("input", { id: "names", required: true, placeholder: "ann, bob", autocomplete: "off" });
  const each = h("input", { id: "each", type: "number", min: 1, max: 20, value: project.wanted, required: true });
  const blank = h("input", { id: "blank", type: "checkbox" });
  const work = () => {
    const to = names.value.split(",").map((one) => one.trim()).filter(Boolean);
    return post(`/api/studio/projects/${project.id}/assignments`, { to, each: Number(each.value), blank: blank.checked });
  };
  form(
    "Assign",
    "Assign",
    [
      h("p", { class: "quiet" }, "Every sentence is given to so many of these people; those of one video to the same ones."),
      field("Names, with commas between", names),
      field("People for each sentence", each),
      h("label", { class: "check" }, blank, "Begin without the data set’s own moments"),
    ],
    work,
    done,
  );
}
