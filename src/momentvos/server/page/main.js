// What the address names, in the page: a video with its answers, or the list of all videos.

import { get, hooks, me } from "./api.js";
import { said } from "./answers.js";
import { Clock } from "./clock.js";
import { fill, h } from "./dom.js";
import { help } from "./help.js";
import { Library } from "./library.js";
import { leave, loginForm } from "./login.js";
import { Workspace, facts } from "./workspace.js";

const main = document.getElementById("main");
const bar = document.getElementById("bar");
const brand = bar.querySelector(".brand");
let info = null, user = null, shown = null, visit = 0;

function put(part, node = part.node) {
  shown?.close?.();
  shown = part;
  fill(main, node);
}

function title(video) {
  document.title = video ? `${video.name} · MomentVOS` : "MomentVOS";
  fill(
    bar,
    brand,
    video && h("p", { class: "video-name" }, h("span", { text: video.name }), h("span", { class: "quiet small", text: facts(video) })),
    h("span", { class: "grow" }),
    user?.name && h("span", { class: "quiet small who", text: user.name }),
    user?.login && h("button", { type: "button", class: "plain small-button", click: leave }, "Log out"),
    video && h("button", { type: "button", class: "plain small-button", title: "What keys do (?)", click: help }, "Keys"),
  );
}

/** Show what the address names. */
async function route(sentence = "") {
  visit += 1;
  const mine = visit;
  const asked = new URLSearchParams(location.search);
  const id = asked.get("video");
  try {
    if (!user) user = await me();
    if (!info) info = await get("/api/info");
    const may = user.role !== "reader";
    if (mine !== visit) return;
    if (!/^[0-9a-f]{32}$/.test(id ?? "")) {
      title(null);
      put(new Library({ info, may, open }));
      return;
    }
    const [video, times] = await Promise.all([get(`/api/videos/${id}`), get(`/api/videos/${id}/times`)]);
    if (mine !== visit) return;
    title(video);
    const refs = asked.getAll("answer").filter((one) => /^[0-9a-f]{32}\.\d{1,3}$/.test(one));
    const made = new Workspace({
      video,
      clock: new Clock(times),
      info,
      may,
      refs: refs.map((one) => [one.slice(0, 32), Number(one.slice(33))]),
      frame: Number(asked.get("frame")) || 0,
      sentence,
    });
    put(made);
  } catch (error) {
    if (mine !== visit || error.status === 401) return;
    title(null);
    const back = h("button", { type: "button", click: () => go("/") }, "All videos");
    const again = h("button", { type: "button", click: () => route() }, "Try again");
    put({}, h("div", { class: "wide stack" }, h("p", { class: "message bad", role: "alert", text: said(error) }), h("div", { class: "row" }, again, back)));
  }
}

function go(address, sentence) {
  history.pushState(null, "", address);
  route(sentence);
  main.focus({ preventScroll: true });
}

function open(video, sentence) {
  go(`/?video=${video.id}`, sentence);
}

hooks.onLogin = () => {
  visit += 1;
  user = null;
  title(null);
  const form = loginForm(() => route());
  put({}, h("div", { class: "wide" }, form));
  form.querySelector("input")?.focus();
};

brand.addEventListener("click", (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go("/");
});
addEventListener("popstate", () => route());
route();
