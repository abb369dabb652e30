// Projects, and the expressions of one.

import { get } from "/page/api.js";
import { dialog, h, set } from "/page/dom.js";
import { List } from "./list.js";

const WORDS = { open: "open", done: "done", disputed: "disputed", final: "decided" };

export class Projects {
  constructor({ projects, user }) {
    const row = (one) =>
      h(
        "li",
        { class: "card project" },
        h("a", { href: `#/p/${one.id}` }, h("h2", { text: one.name })),
        h("p", { class: "quiet small", text: `${one.expressions} expressions, ${one.wanted} annotator${one.wanted > 1 ? "s" : ""} each` }),
        h("p", { class: "row small" }, Object.entries(one.counts).map(([name, number]) => h("span", { class: `chip ${name}` }, `${number} ${WORDS[name]}`))),
        one.mine > 0 && h("a", { class: "button primary-link", href: `#/p/${one.id}?mine=todo` }, `${one.mine} to do`),
      );
    this.node = h(
      "div",
      { class: "wide stack" },
      h("h1", { text: "Projects" }),
      projects.length
        ? h("ul", { class: "projects" }, projects.map(row))
        : h("p", { class: "message" }, "There is no project yet. ", user.role === "admin" && h("span", {}, "Import a data set: ", h("code", { text: "momentvos studio import FOLDER" }))),
    );
  }
}

export class Expressions {
  constructor({ project, user, query }) {
    this._project = project;
    this._list = new List({
      label: "Expressions",
      path: (offset, limit) => `/api/studio/projects/${project.id}/expressions?${this._query(offset, limit)}`,
      row: (item) => this._row(item, user),
      counted: (total) => set(this._count, { text: `${total.toLocaleString("en")} expressions` }),
    });
    this._count = h("p", { class: "quiet small", role: "status" });
    this._search = h("input", { id: "search", type: "search", placeholder: "Words of the sentence or the video", input: () => this._later() });
    const option = ([value, text]) => new Option(text, value);
    this._which = h(
      "select",
      { id: "which", change: () => this._load() },
      [
        ["", "all"],
        ["mine=todo", "mine to do"],
        ["mine=handed_in", "mine, handed in"],
        ["status=open", "open"],
        ["status=done", "done"],
        ["status=disputed", "disputed"],
        ["status=final", "decided"],
      ].map(option),
    );
    const asked = query.get("mine") ? `mine=${query.get("mine")}` : query.get("status") ? `status=${query.get("status")}` : "";
    this._which.value = asked;
    const may = user.role === "reviewer" || user.role === "admin";
    this.node = h(
      "div",
      { class: "wide stack list-page" },
      h(
        "div",
        { class: "row between" },
        h("h1", { text: project.name }),
        h(
          "div",
          { class: "row" },
          may && h("button", { type: "button", click: () => agreement(project) }, "Agreement"),
          may && h("button", { type: "button", click: () => exports(project) }, "Export"),
        ),
      ),
      h("div", { class: "row filters" }, h("div", { class: "grow" }, h("label", { for: "search", text: "Search" }), this._search), h("div", {}, h("label", { for: "which", text: "Show" }), this._which)),
      this._count,
      this._list.node,
    );
  }

  shown() {
    this._load();
  }

  close() {
    clearTimeout(this._timer);
    this._list.close();
  }

  _load() {
    this._list.load().catch((error) => set(this._count, { text: error.message }));
  }

  _later() {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._load(), 120);
  }

  _query(offset, limit) {
    const made = new URLSearchParams(this._which.value);
    made.set("offset", offset);
    made.set("limit", limit);
    if (this._search.value.trim()) made.set("search", this._search.value.trim());
    return made;
  }

  _row(item, user) {
    const own = item.annotations.find((one) => one.author === (user.name ?? "(server)"));
    const decides = item.status === "disputed" && (user.role === "reviewer" || user.role === "admin");
    const mine = own ? (own.state === "draft" ? (own.version ? "begun" : "to do") : own.state) : null;
    const agree = item.agreement === null ? "" : `, tIoU ${item.agreement.toFixed(2)}`;
    return h(
      "a",
      { href: `#/e/${item.id}${decides ? "/final" : ""}` },
      h("span", { class: "sentence", text: item.sentence }),
      h("span", { class: "quiet small about" }, `${item.video_name} · ${item.name}`),
      h("span", { class: `chip ${item.status}` }, `${WORDS[item.status]}${agree}`),
      mine && h("span", { class: "chip mine" }, mine),
    );
  }
}

const figure = (value) => (value === null ? "–" : value.toFixed(3));

async function agreement(project) {
  const made = await get(`/api/studio/projects/${project.id}/agreement`);
  const row = (name, one) => h("tr", {}, h("th", { scope: "row", text: name }), h("td", { class: "figure", text: one.expressions }), h("td", { class: "figure", text: figure(one.tiou) }), h("td", { class: "figure", text: figure(one.alpha) }));
  const head = ["Annotators", "Expressions", "tIoU", "Krippendorff’s alpha"].map((text) => h("th", { scope: "col", text }));
  dialog(
    "Agreement",
    h("div", { class: "scroll", tabindex: 0 }, h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, made.pairs.map((one) => row(`${one.first} and ${one.second}`, one)), row("all", made)))),
    h("p", { class: "quiet small" }, "Of expressions that at least two handed in as usable. Alpha: each frame of each object is in the moment or not; 1 is full agreement, 0 what chance would give."),
  );
}

async function exports(project) {
  const formats = await get(`/api/studio/projects/${project.id}/formats`);
  const link = ([name, title]) => h("li", {}, h("a", { href: `/api/studio/projects/${project.id}/exports/${name}`, download: "", text: name }), ` — ${title}`);
  dialog("Export", h("p", {}, "Each is the project at one moment, while others go on."), h("ul", { class: "stack tight" }, Object.entries(formats).map(link)));
}

