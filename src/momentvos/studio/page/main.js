// What the address names: the projects, the expressions of one, or one expression.

import { get, hooks, me } from "/page/api.js";
import { fill, h, pause } from "/page/dom.js";
import { leave, loginForm } from "/page/login.js";
import { Expressions, Projects, partOf } from "./projects.js";

// Who looks at a list needs nothing of what shows a video.
const workspace = () => import("./workspace.js");

const main = document.getElementById("main");
const bar = document.getElementById("bar");
let user = null, shown = null, visit = 0;

const sentenceOf = (error) => (error.status === undefined ? `The page failed: ${error.message}` : error.message);

function put(part) {
  shown?.close?.();
  shown = part;
  fill(main, part.node);
  part.shown?.();
}

/** The bar. trail: [[text, address]]. */
function title(trail, keys = false) {
  document.title = [...trail.map(([text]) => text).reverse(), "Studio · MomentVOS"].join(" · ");
  const link = ([text, to]) => (to ? h("a", { href: to, text }) : h("span", { text }));
  fill(
    bar,
    h("a", { class: "brand", href: "#/" }, h("img", { src: "/page/icon.svg", alt: "", width: 24, height: 24 }), "Studio"),
    h("nav", { class: "trail row small", "aria-label": "Where you are" }, trail.map(link)),
    h("span", { class: "grow" }),
    user?.name && h("span", { class: "quiet small", text: `${user.name}, ${user.role}` }),
    keys && h("button", { type: "button", class: "plain small-button", click: async () => (await import("./help.js")).help(), title: "What keys do (?)" }, "Keys"),
    user?.login && h("button", { type: "button", class: "plain small-button", click: leave }, "Log out"),
  );
}

/** A list is shown: what its sentences need is fetched, and what was left unsaved is named above it. */
async function listed() {
  const part = shown;
  await pause(1); // what was made a moment ago may still be under way
  workspace();
  const { everywhere } = await import("./pending.js");
  const left = await everywhere(user?.name ?? "(server)");
  if (!left.length || part !== shown) return;
  const link = ({ address }, at) => h("a", { class: "button", href: address }, left.length > 1 ? `Open ${at + 1}` : "Open");
  shown.node.prepend(h("div", { class: "message warn row", role: "status" }, h("span", {}, "Changes were not saved yet. Opening their sentence sends them:"), left.map(link)));
}

async function route() {
  visit += 1;
  const mine = visit;
  const [kind, number, more] = location.hash.replace(/^#\/?/, "").split("/");
  const [path, query] = [kind, new URLSearchParams(location.hash.split("?")[1] ?? "")];
  try {
    if (path === "p" && /^\d+/.test(number)) {
      // All at once: the list is to be seen soon.
      const address = `/api/studio/projects/${parseInt(number, 10)}`;
      const first = get(`${address}/expressions?${partOf(query)}`).catch(() => null);
      const [now, project] = await Promise.all([user ?? me(), get(address)]);
      user ??= now;
      if (mine !== visit) return;
      title([[project.name, null]]);
      put(new Expressions({ project, user, query, first }));
      listed();
      return;
    }
    user ??= await me();
    if (path === "e" && /^\d+/.test(number)) {
      const { Workspace } = await workspace();
      const expression = await get(`/api/studio/expressions/${parseInt(number, 10)}`);
      const project = await get(`/api/studio/projects/${expression.project}`);
      if (mine !== visit) return;
      title([[project.name, `#/p/${project.id}`], [`${expression.position + 1} of ${project.expressions}`, null]], true);
      const decide = (more ?? "").startsWith("final");
      const take = (more ?? "").startsWith("mine");
      const made = await Workspace.open({ expression, project, user, decide, take });
      if (mine === visit) put(made);
      else made.close();
    } else {
      const projects = await get("/api/studio/projects");
      if (mine !== visit) return;
      title([]);
      put(new Projects({ projects, user }));
      listed();
    }
  } catch (error) {
    if (mine !== visit || error.status === 401) return;
    title([]);
    put({ node: h("div", { class: "wide stack" }, h("p", { class: "message bad", role: "alert", text: sentenceOf(error) }), h("a", { class: "button", href: "#/" }, "All projects")) });
  }
}

hooks.onLogin = () => {
  if (shown?.keeps) return; // what is not saved stays on the page, which says so
  visit += 1;
  user = null;
  title([]);
  const form = loginForm(() => route());
  put({ node: h("div", { class: "wide" }, form) });
  form.querySelector("input")?.focus();
};

addEventListener("hashchange", () => {
  route();
  main.focus({ preventScroll: true });
});
route();
