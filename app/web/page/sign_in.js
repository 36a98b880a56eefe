// Exchanging the admin token for a session. The token is sent once, in a body, and not kept.

import { call } from "./api.js";
import { h } from "./dom.js";
import { redraw } from "./draw.js";
import { brand } from "./frame.js";

let fault = "";
let sending = false;

/** The page of one who is not signed in; `enter` is called once there is a session. */
export function signIn(enter) {
  async function send(event) {
    event.preventDefault();
    const field = event.target.elements.token;
    const token = field.value.trim();
    if (!token || sending) return;
    sending = true;
    try {
      await call("POST", "api/session", { token });
      fault = "";
      field.value = "";
      await enter();
    } catch (error) {
      if (error.status === undefined) throw error;
      fault = error.status === 401 && /is set/.test(error.message) ? error.told : error.message;
      field.focus();
      field.select();
    } finally {
      sending = false;
      redraw();
    }
  }
  return h(
    "main",
    { id: "content", class: "alone" },
    h("h1.brand", brand()),
    h(
      "form.form",
      { onsubmit: send },
      h("label", { for: "token" }, "Admin token"),
      h("input", {
        id: "token",
        name: "token",
        type: "password",
        autocomplete: "current-password",
        required: true,
        autofocus: true,
        "aria-invalid": fault ? "true" : null,
        "aria-describedby": "token-hint token-fault",
      }),
      h(
        "p",
        { id: "token-hint", class: "muted" },
        "429chain prints it at start; it is server.admin_token in config.toml.",
      ),
      h("p", { id: "token-fault", class: "fault", role: "alert" }, fault),
      h("button.button.main", "Sign in"),
    ),
  );
}
