// Who is there: the form for a server that asks, and the way out.

import { post } from "./api.js";
import { h, set } from "./dom.js";

/** The form. entered(): the server knows who it is. */
export function loginForm(entered) {
  const name = h("input", { id: "name", type: "text", autocomplete: "username", required: true });
  const password = h("input", { id: "password", type: "password", autocomplete: "current-password", required: true });
  const token = h("input", { id: "token", type: "password", autocomplete: "off", required: true });
  const fault = h("p", { class: "message bad", role: "alert", hidden: true });
  const form = (title, content, inputs) =>
    h(
      "form",
      {
        class: "stack tight",
        "aria-label": title,
        submit: (event) => {
          event.preventDefault();
          enter(content(), inputs);
        },
      },
      inputs.map(([words, input]) => h("div", {}, h("label", { for: input.id, text: words }), input)),
      h("div", { class: "row" }, h("button", { type: "submit", class: "primary" }, "Log in")),
    );
  const enter = async (content, inputs) => {
    set(fault, { hidden: true });
    try {
      await post("/api/login", content);
      entered();
    } catch (error) {
      const wrong = error.status === 401 || error.status === 403;
      const wait = error.status === 429 && error.after ? ` Try again in ${Math.ceil(error.after)} s.` : "";
      set(fault, { hidden: false, text: wrong ? error.message : `${error.message}${wait}` });
      for (const [, input] of inputs) if (input.type === "password") input.value = "";
      inputs.at(-1)[1].focus();
    }
  };
  const named = form("By name", () => ({ name: name.value, password: password.value }), [["Name", name], ["Password", password]]);
  const tokened = form("By token", () => ({ token: token.value }), [["The server's token", token]]);
  return h(
    "div",
    { class: "login stack" },
    h("h1", { text: "Log in" }),
    h("p", { class: "quiet", text: "This server asks who you are." }),
    named,
    h("details", {}, h("summary", { text: "With the server's token instead" }), tokened),
    fault,
  );
}

/** Leave, and show the form. */
export async function leave() {
  try {
    await post("/api/logout");
  } finally {
    location.reload();
  }
}
