// Elements, announcements and small habits of the pages. No framework: an element is made once by
// `h`, kept, and changed where its content changes, so that focus and scroll stay where they are.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Of `props`, functions listen to the event of their name, `class` and `text` are what
 * they say, `style` is an object of properties (set by script, which the content security policy
 * allows), true and false are attributes that are there or not, and everything else is an attribute.
 * Children are nodes, texts, or nothing (null, false).
 */
export function h(name, props = {}, ...children) {
  return filled(document.createElement(name), props, children);
}

/** The same for SVG. */
export function svg(name, props = {}, ...children) {
  return filled(document.createElementNS(SVG, name), props, children);
}

function filled(node, props, children) {
  set(node, props);
  node.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return node;
}

/** Change an element's properties, as of `h`; what already holds is left alone. */
export function set(node, props) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (name === "text") {
      if (node.textContent !== String(value)) node.textContent = value;
    } else if (name === "value") {
      if (node.value !== String(value)) node.value = value;
    } else if (name === "style") Object.entries(value).forEach(([key, one]) => node.style.setProperty(key, one));
    else attribute(node, name, value);
  }
  return node;
}

/** ARIA's states are "true" or "false"; those of HTML are there or not. */
function attribute(node, name, value) {
  const bare = typeof value === "boolean" && !name.startsWith("aria-");
  const text = bare ? (value ? "" : null) : (value ?? null);
  if (text === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(text)) node.setAttribute(name, text);
}

/** Let these be the children, in this order; those that stay are not moved needlessly. */
export function fill(node, ...children) {
  const wanted = children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false);
  const same = node.childNodes.length === wanted.length && wanted.every((one, at) => node.childNodes[at] === one);
  if (!same) node.replaceChildren(...wanted);
  return node;
}

/**
 * A list of elements that follow a list of things: `make(thing)` gives `{node, update(thing)}` once
 * for each key, and elements of things that are gone go.
 */
export function keyed(parent, key, make) {
  const made = new Map();
  return (things) => {
    const keys = new Set(things.map(key));
    for (const [one, part] of made) {
      if (!keys.has(one)) {
        part.node.remove();
        part.gone?.();
        made.delete(one);
      }
    }
    things.forEach((thing, at) => {
      const name = key(thing);
      if (!made.has(name)) made.set(name, make(thing));
      const part = made.get(name);
      if (parent.children[at] !== part.node) parent.insertBefore(part.node, parent.children[at] ?? null);
      part.update?.(thing, at);
    });
    return made;
  };
}

const regions = new Map();

/** Let screen readers say something: politely, or at once. The same twice is said once. */
export function announce(text, urgent = false) {
  const kind = urgent ? "assertive" : "polite";
  if (!regions.has(kind)) {
    const region = h("div", { class: "unseen", "aria-live": kind, role: urgent ? "alert" : "status" });
    document.body.append(region);
    regions.set(kind, region);
  }
  set(regions.get(kind), { text });
}

/** Wait a while; rejects with the signal's reason where it is aborted. */
export function pause(seconds, signal) {
  return new Promise((done, fail) => {
    signal?.throwIfAborted();
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      done();
    }, seconds * 1000);
    const stop = () => {
      clearTimeout(timer);
      fail(signal.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Whether keys are being typed into a field, so that they are no shortcuts. */
export function typing(event) {
  const at = event.target;
  return at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
}

/**
 * A dialog with a title and a way out, in front of the page; it is removed when it closes.
 * Returns the element; Escape and its button close it, and focus goes back to where it was.
 */
export function dialog(title, ...content) {
  const before = document.activeElement;
  const heading = h("h2", { id: "dialog-title", text: title });
  const close = h("button", { class: "plain", type: "button", click: () => node.close() }, "Close");
  const node = h(
    "dialog",
    { "aria-labelledby": "dialog-title" },
    h("div", { class: "stack" }, h("div", { class: "row whole between" }, heading, close), ...content),
  );
  node.addEventListener("click", (event) => event.target === node && node.close());
  node.addEventListener("close", () => {
    node.remove();
    before?.focus?.();
  });
  document.body.append(node);
  node.showModal();
  return node;
}
