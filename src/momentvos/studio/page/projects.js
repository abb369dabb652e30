// Projects, and the expressions of one.

import { get } from "/page/api.js";
import { h, set } from "/page/dom.js";
import { FIRST, List } from "./list.js";

// Dialogs come when they are asked for: the list is to be seen soon.
const manage = () => import("./manage.js");

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
  /** first: the answer for the rows that are shown first, as asked by `partOf`. */
  constructor({ project, user, query, first }) {
    this._first = first;
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
    this._which.value = which(query);
    const runs = user.role === "admin";
    const act = (text, work) => {
      const failed = (error) => set(this._count, { text: error.message });
      return h("button", { type: "button", click: async () => work(await manage()).catch(failed) }, text);
    };
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
          runs && act("Add sentences", ({ sentences }) => sentences(project, () => this._load())),
          runs && act("Assign", ({ assign }) => assign(project, () => this._load())),
          may && act("Agreement", ({ agreement }) => agreement(project)),
          may && act("Export", ({ exports }) => exports(project)),
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
    const first = this._first;
    this._first = null;
    this._list.load(first).catch((error) => set(this._count, { text: error.message }));
  }

  _later() {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._load(), 120);
  }

  _query(offset, limit) {
    return part(this._which.value, this._search.value.trim(), offset, limit);
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

const which = (query) => ["mine", "status"].filter((one) => query.get(one)).map((one) => `${one}=${query.get(one)}`)[0] ?? "";

function part(which, search, offset, limit) {
  const made = new URLSearchParams(which);
  made.set("offset", offset);
  made.set("limit", limit);
  if (search) made.set("search", search);
  return made;
}

/** The query of the rows that an address shows first. */
export const partOf = (query) => part(which(query), "", 0, FIRST);
