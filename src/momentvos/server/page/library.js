// The beginning: take a video in, or go on with one that is there.

import { ServerError, get, patiently, post, remove, upload } from "./api.js";
import { said } from "./answers.js";
import { announce, dialog, fill, h, set } from "./dom.js";
import { ago, bytes, count, time } from "./words.js";

const PREVIEW = 30; // the last frame that may stand for a video: later ones take the server long

/** The page without a video. open(video, sentence): a video is chosen. may: one may be sent. */
export class Library {
  constructor({ info, may, open }) {
    this._info = info;
    this._open = open;
    this._may = may;
    this._end = new AbortController();
    this._input = h("input", {
      type: "file",
      class: "unseen",
      accept: "video/*,image/*,.mkv,.mxf,.ts,.avi",
      "aria-label": "Video file",
      tabindex: -1,
      change: () => this._input.files.length && this.send(this._input.files[0]),
    });
    this._choose = h("button", { type: "button", class: "primary", click: () => this._input.click() }, "Choose a video");
    this._sample = h("button", { type: "button", click: () => this._demo() }, "Try the sample");
    this._state = h("div", { class: "stack tight", hidden: true });
    this._drop = h(
      "div",
      { class: "drop" },
      h("p", { class: "large", text: "Drop a video here" }),
      h("div", { class: "row centre" }, this._choose, this._sample),
      this._input,
      h("p", { class: "quiet small", text: this._limits() }),
    );
    this._list = h("ul", { class: "videos" });
    this._some = h("section", { class: "stack", hidden: true, "aria-label": "Videos" }, h("h2", { text: "Videos on this server" }), this._list);
    this.node = h(
      "div",
      { class: "library stack wide" },
      h(
        "header",
        { class: "stack tight" },
        h("h1", { text: "Ask a video" }),
        h("p", { class: "quiet", text: "Say in a sentence what you look for. You see when it happens, and which pixels it is." }),
      ),
      may ? this._drop : h("p", { class: "message", text: "You may look at what is here; your account may not send videos or ask." }),
      this._state,
      info.library && may && this._register(),
      this._some,
    );
    this._dragging();
    this._load();
  }

  close() {
    this._end.abort();
  }

  _limits() {
    const { video_bytes: most, video_seconds: seconds } = this._info.limits;
    const long = seconds >= 60 ? count(Math.round(seconds / 60), "minute") : `${seconds} s`;
    return `Up to ${long} and ${bytes(most)}. It goes to this server only.`;
  }

  /** Videos are dropped anywhere on the page. */
  _dragging() {
    const { signal } = this._end;
    const has = (event) => this._may && [...(event.dataTransfer?.types ?? [])].includes("Files");
    addEventListener("dragover", (event) => {
      if (!has(event)) return;
      event.preventDefault();
      this._drop.classList.add("over");
    }, { signal });
    addEventListener("dragleave", (event) => event.relatedTarget ?? this._drop.classList.remove("over"), { signal });
    addEventListener("drop", (event) => {
      if (!has(event)) return;
      event.preventDefault();
      this._drop.classList.remove("over");
      if (event.dataTransfer.files.length) this.send(event.dataTransfer.files[0]);
    }, { signal });
  }

  /** Send a file, and open it once the server has looked at it. */
  async send(file, sentence = "") {
    const { video_bytes: most } = this._info.limits;
    if (file.size > most) {
      this._fail(`“${file.name}” has ${bytes(file.size)}; this server takes ${bytes(most)} at most.`);
      return;
    }
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this._end.signal]);
    const text = h("span", {});
    const bar = h("progress", { max: 1, value: 0, "aria-label": "Share that is sent" });
    const say = (words) => set(text, { text: words });
    const cancel = h("button", { type: "button", class: "small-button", click: () => stop.abort() }, "Cancel");
    fill(this._state, h("div", { class: "row between" }, text, cancel), bar);
    set(this._state, { hidden: false });
    this._busy(true);
    announce(`Sending ${file.name}.`);
    try {
      const path = `/api/videos?name=${encodeURIComponent(file.name)}`;
      const progress = (share) => {
        bar.value = share;
        say(share < 1 ? `Sending “${file.name}”, ${Math.floor(share * 100)} %` : `Looking at “${file.name}”…`);
        if (share >= 1) bar.removeAttribute("value");
      };
      progress(0);
      const waiting = (left) => left !== null && say(`The server is busy. Trying again in ${left} s.`);
      const video = await patiently(() => upload(path, file, { progress, signal }), { signal, waiting });
      this._open(video, sentence);
    } catch (error) {
      if (this._end.signal.aborted) return;
      if (stop.signal.aborted) this._fail(null);
      else this._fail(said(error));
    } finally {
      this._busy(false);
    }
  }

  async _demo() {
    this._busy(true);
    try {
      const response = await fetch("/page/sample.mp4", { signal: this._end.signal });
      if (!response.ok) throw new ServerError(response.status, "This server has no sample video.");
      const file = new File([await response.blob()], "sample.mp4");
      await this.send(file, response.headers.get("X-Sentence") ?? "");
    } catch (error) {
      if (!this._end.signal.aborted) this._fail(said(error));
      this._busy(false);
    }
  }

  _busy(is) {
    for (const one of [this._choose, this._sample]) set(one, { disabled: is });
    this._input.value = "";
  }

  _fail(sentence) {
    set(this._state, { hidden: !sentence });
    fill(this._state, sentence && h("p", { class: "message bad", text: sentence }));
    if (sentence) announce(sentence, true);
  }

  _register() {
    const path = h("input", { id: "path", type: "text", placeholder: "day-1/a.mp4", maxlength: 1000, required: true, autocomplete: "off" });
    const take = async (event) => {
      event.preventDefault();
      try {
        this._open(await post("/api/videos/registered", { path: path.value.trim() }, { signal: this._end.signal }), "");
      } catch (error) {
        if (!this._end.signal.aborted) this._fail(said(error));
      }
    };
    return h(
      "form",
      { class: "stack tight", submit: take },
      h("label", { for: "path", text: "Or a video in the server's folder, by its path there" }),
      h("div", { class: "row" }, h("div", { class: "grow" }, path), h("button", { type: "submit" }, "Take it in")),
    );
  }

  async _load() {
    try {
      const { signal } = this._end;
      const [videos, jobs] = await Promise.all([get("/api/videos", { signal }), get("/api/jobs?limit=1000", { signal })]);
      this._show(videos, jobs);
    } catch (error) {
      if (!this._end.signal.aborted) this._fail(said(error));
    }
  }

  _show(videos, jobs) {
    const asked = new Map();
    for (const job of jobs) asked.set(job.video, [...(asked.get(job.video) ?? []), job]);
    set(this._some, { hidden: !videos.length });
    fill(this._list, videos.map((one) => this._video(one, asked.get(one.id) ?? [])));
  }

  _video(video, jobs) {
    const sentences = new Set(jobs.flatMap((job) => job.asks.map((ask) => ask.sentence)));
    const going = jobs.some((job) => ["queued", "running"].includes(job.state));
    const facts = [
      time(video.duration, video.duration < 60 ? 1 : 0),
      `${video.width} × ${video.height}`,
      sentences.size ? count(sentences.size, "sentence") : "nothing asked yet",
      going ? "being answered" : ago(video.created),
    ];
    const picture = h("img", {
      src: `/api/videos/${video.id}/frames/${Math.min(Math.floor(video.frames / 2), PREVIEW)}?width=320`,
      alt: "",
      loading: "lazy",
      width: video.width,
      height: video.height,
      error: () => picture.remove(),
    });
    const open = h(
      "a",
      { href: `/?video=${video.id}`, class: "open", click: (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
        event.preventDefault();
        this._open(video, "");
      } },
      h("span", { class: "thumb" }, picture),
      h("span", { class: "name", text: video.name }),
      h("span", { class: "quiet small", text: facts.join(" · ") }),
    );
    const away = h("button", { type: "button", class: "plain small-button", "aria-label": `Remove ${video.name}`, click: () => this._remove(video) }, "Remove");
    return h("li", { class: "card" }, open, this._may && away);
  }

  _remove(video) {
    const yes = h("button", { type: "button", class: "danger" }, "Remove it");
    const box = dialog(
      "Remove this video?",
      h("p", { text: `“${video.name}” goes from the server, with all its answers. It cannot be brought back.` }),
      h("div", { class: "row" }, yes),
    );
    yes.addEventListener("click", async () => {
      box.close();
      try {
        await remove(`/api/videos/${video.id}`);
        announce("Removed.");
      } catch (error) {
        this._fail(said(error));
      }
      this._load();
    });
  }
}
