// The dialog in which a person changes keys: press the new key. Kept on the server, in the file that the window reads.

const by = (id) => document.getElementById(id);
const MODIFIER = /^(Control|Alt|Shift|Meta)(Left|Right)$/;

export class KeysDialog {
  /** onChanged(keys): called with the person's keys as they are now. */
  constructor(hands, onChanged) {
    this.hands = hands;
    this.onChanged = onChanged;
    this.dialog = by("keys");
    this.asked = null; // the place that the next key goes to
    this.dialog.addEventListener("keydown", (event) => this.keyDown(event));
    this.dialog.addEventListener("keyup", (event) => this.keyUp(event));
    this.dialog.addEventListener("cancel", (event) => { if (this.asked) event.preventDefault(); });
    this.dialog.addEventListener("close", () => this.ask(null));
    by("usual").addEventListener("click", () => this.change({ reset: true }));
  }

  get isOpen() {
    return this.dialog.open;
  }

  async load(console_) {
    const response = await fetch(`/keys.json?console=${encodeURIComponent(console_)}`);
    this.take(await response.json());
  }

  take(keys) {
    this.keys = keys;
    this.onChanged(keys);
    by("keys-file").textContent = keys.file;
    this.say(keys.fault ?? "", keys.fault !== null);
    const arrows = ["UP", "DOWN", "LEFT", "RIGHT"];
    const order = (row) => (arrows.includes(row.action) ? arrows.indexOf(row.action) : arrows.length);
    this.fill("keys-buttons", [...keys.buttons].sort((one, other) => order(one) - order(other)), keys.console);
    const isSlot = (row) => /^(save|load)_/.test(row.action);
    this.fill("keys-commands", keys.commands.filter((row) => !isSlot(row)), "commands");
    this.fill("keys-slots", keys.commands.filter(isSlot), "commands");
  }

  name(key) {
    return key.split("+").map((part) => this.keys.names[part] ?? part).join(" ");
  }

  fill(id, rows, scope) {
    const body = by(id).tBodies[0];
    body.replaceChildren(...rows.map((row) => {
      const line = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = row.text ?? row.action;
      line.append(head);
      for (const device of ["keyboard", "gamepad"]) {
        const cell = document.createElement("td");
        const button = document.createElement("button");
        const names = row[device].map((name) => this.name(name)).join(", ");
        button.type = "button";
        button.dataset.place = `${scope} ${device} ${row.action}`;
        button.textContent = names || "–";
        button.setAttribute("aria-label", `${device} for ${head.textContent}: ${names || "none"}; change it`);
        button.addEventListener("click", () => this.ask({ scope, device, action: row.action, button, text: names || "–" }));
        cell.append(button);
        line.append(cell);
      }
      return line;
    }));
  }

  say(text, isFault = false) {
    by("keys-note").textContent = text;
    by("keys-note").classList.toggle("fault", isFault);
  }

  ask(place) {
    if (this.asked) {
      this.asked.button.textContent = this.asked.text;
      this.asked.button.classList.remove("asked");
    }
    this.asked = place;
    this.hands.onButton = place?.device === "gamepad" ? (name) => this.chosen(name) : null;
    if (!place) return;
    place.button.textContent = place.device === "gamepad" ? "press a button …" : "press a key …";
    place.button.classList.add("asked");
    this.say(place.device === "gamepad"
      ? "Press a button of the controller; Esc leaves it as it is, Delete takes it away."
      : "Press the new key; Esc leaves it as it is, Delete takes it away.");
  }

  keyDown(event) {
    if (!this.asked) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    if (event.code === "Escape") {
      this.ask(null);
      this.say("");
    } else if (event.code === "Delete") {
      this.change({ ...this.place(), names: [] });
    } else if (this.asked.device === "keyboard" && !(MODIFIER.test(event.code) && this.asked.scope === "commands")) {
      const isChord = this.asked.scope === "commands";
      const modifiers = isChord ? ["Control", "Alt", "Shift"].filter((name) => event.getModifierState(name)) : [];
      this.chosen([...modifiers, event.code].join("+"));
    }
  }

  /** A modifier alone is a command's key only once it is let go without another. */
  keyUp(event) {
    if (this.asked?.device !== "keyboard" || this.asked.scope !== "commands" || !MODIFIER.test(event.code)) return;
    this.chosen(event.code);
  }

  place() {
    const { scope, device, action } = this.asked;
    return { scope, device, action };
  }

  chosen(name) {
    const { scope, device, action } = this.asked;
    const all = [...this.keys.buttons.map((row) => [this.keys.console, row]), ...this.keys.commands.map((row) => ["commands", row])];
    const owner = all.find(([where, row]) => row[device].includes(name) && !(where === scope && row.action === action));
    if (owner && this.asked.again !== name) {
      this.asked.again = name;
      const [, row] = owner;
      this.say(`${this.name(name)} is the key of ${row.text ?? row.action}. Press it again to take it, or another one.`, true);
      return;
    }
    this.change({ ...this.place(), names: [name] });
  }

  async change(what) {
    this.ask(null);
    const place = what.action && `${what.scope} ${what.device} ${what.action}`;
    const response = await fetch("/keys.json", {
      method: "POST", body: JSON.stringify({ console: this.keys.console, ...what }),
    });
    const answer = response.headers.get("content-type")?.includes("json") ? await response.json() : {};
    if (!response.ok) {
      this.say(answer.error ?? "The server did not take this change.", true);
      return;
    }
    this.take(answer);
    this.say(what.reset ? "These are the usual keys." : "Kept.");
    if (place) this.dialog.querySelector(`[data-place="${CSS.escape(place)}"]`)?.focus();
  }
}
