// Exchanging the admin token for a session. The token is sent once, in a body, and not kept.

import { call, told } from "./api.js";
import { h, redraw } from "./dom.js";
import { brand } from "./frame.js";

let fault = "";
let sending = false;

/** The page of one who is not signed in; `enter` is called once there is a session. */
export function signIn(enter) {
  async function send(event) {
    event.preventDefault();
    const field = event.target.elements.token;
    if (!field.value.trim() || sending) return;
    sending = true;
    try {
      await call("POST", "api/session", { token: field.value.trim() });
      fault = field.value = "";
      await enter();
    } catch (error) {
      // What comes next is told where no token is set; of a wrong one the page itself says it.
      fault = /is set/.test(told(error)) ? told(error) : error.message;
      field.focus();
      field.select();
    } finally {
      sending = false;
      redraw();
    }
  }
  return h(
    "main.alone#content",
    h("h1.brand", brand()),
    h(
      "form.form",
      { onsubmit: send },
      h("label", { for: "token" }, "Admin token"),
      h("input#token", {
        type: "password",
        autocomplete: "current-password",
        required: true,
        autofocus: true,
        "aria-invalid": fault ? "true" : null,
        "aria-describedby": "token-hint token-fault",
      }),
      h("p.muted#token-hint", "429chain prints it at start; it is server.admin_token in config.toml."),
      h("p.fault#token-fault", { role: "alert" }, fault),
      h("button.button.main", "Sign in"),
    ),
  );
}
