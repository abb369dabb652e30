// The keyboard of a workspace.

import { typing } from "/page/dom.js";
import { help } from "./help.js";
import * as ask from "./dialogs.js";

const HELD = 300; // milliseconds after which a key was held, not pressed

/** Let keys work on a workspace; what is returned ends it. */
export function bind(work) {
  let since = null; // when M was pressed and a span was begun
  const steps = { ArrowLeft: -1, ArrowRight: 1 };
  const by = (event) => (event.shiftKey ? 10 : 1);
  const speed = (event, way) => {
    const now = work.player.rate;
    const first = event.shiftKey ? 0.5 : 1;
    work.player.play(Math.sign(now) === way ? Math.min(Math.max(Math.abs(now) * 2, first), 8) * way : first * way);
  };
  const choose = (at) => {
    const one = work.moments[at];
    if (one) work.choose(one.object, null);
  };
  const step = (way) => choose(work.moments.findIndex((one) => one.object === work.object) + way);
  const actions = {
    i: () => work.begin(),
    o: () => work.finish(),
    " ": () => work.toggle(),
    j: (event) => speed(event, -1),
    k: () => work.player.stop(),
    l: (event) => speed(event, 1),
    r: () => work.toggleLock(),
    "[": () => work.jump(-1),
    "]": () => work.jump(1),
    ",": () => work.seek(work.view.frame - 1),
    ".": () => work.seek(work.view.frame + 1),
    home: () => work.seek(0),
    end: () => work.seek(work.view.length - 1),
    escape: () => {
      work.pending = null;
      work.edge = null;
      work.lane();
    },
    delete: () => work.erase(),
    backspace: () => work.erase(),
    arrowup: () => step(-1),
    arrowdown: () => step(1),
    z: () => work.saver?.item.undos && work.change({ do: "undo" }),
    y: () => work.saver?.item.redos && work.change({ do: "redo" }),
    a: () => work.addObject(),
    d: () => work.removeObject(),
    x: (event) => (event.shiftKey ? work.corrections() : work.swap()),
    u: () => work.open && ask.unusable((reason) => work.change({ do: "unusable", reason })),
    enter: () => work.submit(),
    n: () => work.next(),
    p: () => work.previous(),
    "?": () => help(),
  };
  const pressed = (event) => {
    const control = event.target instanceof Element && event.target.closest("button, a, summary");
    if (typing(event) || document.querySelector("dialog[open]") || event.altKey) return;
    if (control && (event.key === " " || event.key === "Enter")) return; // it is the button's own
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key !== "z" && key !== "y") return;
      event.preventDefault();
      work.change({ do: key === "y" || event.shiftKey ? "redo" : "undo" });
      return;
    }
    if (key === "m") {
      event.preventDefault();
      if (event.repeat) return;
      if (work.pending === null) {
        work.begin();
        since = performance.now();
      } else work.finish();
      return;
    }
    if (event.key in steps) {
      event.preventDefault();
      work.nudge(steps[event.key] * by(event));
      return;
    }
    const action = /^[1-9]$/.test(key) ? () => choose(Number(key) - 1) : actions[key];
    if (!action) return;
    event.preventDefault();
    action(event);
  };
  const released = (event) => {
    if (event.key.toLowerCase() !== "m" || since === null) return;
    if (performance.now() - since > HELD && work.pending !== null) work.finish();
    since = null;
  };
  addEventListener("keydown", pressed);
  addEventListener("keyup", released);
  return () => {
    removeEventListener("keydown", pressed);
    removeEventListener("keyup", released);
  };
}
