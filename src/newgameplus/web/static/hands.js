// What a person holds, on the keyboard, on game controllers and on the drawn pad: console buttons and commands.
// A meaning is the mask of a console button (a number) or the name of a command (a text).

const STICK = [["LEFT", "RIGHT"], ["UP", "DOWN"]];
const STICK_THRESHOLD = 0.5;
const TRIGGER_THRESHOLD = 0.25;
const SPREAD = "(pointer: coarse) and (orientation: landscape)"; // as in play.css

export class Hands {
  /** onHeld(mask, rewind, fast): called when that changes; onCommand(name): called once for each command. */
  constructor({ onHeld, onCommand, onGamepad }) {
    this.onHeld = onHeld;
    this.onCommand = onCommand;
    this.down = new Map();
    this.held = "";
    this.onButton = null; // takes the next part of a controller, instead of what it means
    addEventListener("gamepadconnected", (event) => onGamepad(event.gamepad, true));
    addEventListener("gamepaddisconnected", (event) => onGamepad(event.gamepad, false));
  }

  /** Take the person's keys (/keys.json). */
  setKeys(keys) {
    this.releaseAll();
    this.keys = keys;
    this.bits = new Map(keys.buttons.map(({ action, bit }) => [action, 2 ** bit]));
    this.lasting = new Set(keys.commands.filter((each) => each.is_held).map((each) => each.action));
    const meanings = (device) => new Map([
      ...keys.commands.flatMap((each) => each[device].map((name) => [name, each.action])),
      ...keys.buttons.flatMap((each) => each[device].map((name) => [name, 2 ** each.bit])),
    ]);
    this.keyboard = meanings("keyboard");
    this.gamepad = meanings("gamepad");
  }

  /** What a key means at present: null for nothing of ours. */
  meaning(event) {
    const modifiers = ["Control", "Alt", "Shift"].filter((name) => event[`${name === "Control" ? "ctrl" : name.toLowerCase()}Key`]);
    const chord = modifiers.length ? this.keyboard.get([...modifiers, event.code].join("+")) : undefined;
    if (chord !== undefined) return chord;
    const plain = this.keyboard.get(event.code);
    const isSystem = event.ctrlKey || event.altKey || event.metaKey;
    return plain === undefined || (isSystem && typeof plain === "string") ? null : plain;
  }

  press(token, meant) {
    if (this.down.has(token)) return;
    this.down.set(token, meant);
    if (typeof meant === "string" && !this.lasting.has(meant)) this.onCommand(meant);
    this.tell();
  }

  release(token) {
    if (this.down.delete(token)) this.tell();
  }

  releaseAll() {
    this.down.clear();
    this.tell();
  }

  tell() {
    let mask = 0;
    for (const meant of this.down.values()) if (typeof meant === "number") mask |= meant;
    const meanings = [...this.down.values()];
    const now = [mask >>> 0, meanings.includes("rewind"), meanings.includes("fast_forward")];
    if (String(now) === this.held) return;
    this.held = String(now);
    this.onHeld(...now);
  }

  /** Look at the controllers; browsers tell of their buttons only when asked. */
  poll() {
    if (!this.keys) return;
    const found = new Map();
    for (const pad of navigator.getGamepads()) {
      if (!pad?.connected) continue;
      pad.buttons.forEach((button, at) => {
        const name = this.keys.controls[at];
        if (name && (button.pressed || button.value > TRIGGER_THRESHOLD)) found.set(`pad ${pad.index} ${name}`, name);
      });
      STICK.forEach((names, axis) => {
        const value = pad.axes[axis] ?? 0;
        if (Math.abs(value) > STICK_THRESHOLD) found.set(`pad ${pad.index} ${axis}`, { direction: names[Number(value > 0)] });
      });
    }
    for (const token of [...this.down.keys()]) {
      if (typeof token === "string" && token.startsWith("pad ") && !found.has(token)) this.release(token);
    }
    this.seen ??= new Set();
    for (const [token, what] of found) {
      const isNew = !this.seen.has(token);
      const meant = what.direction ? this.bits.get(what.direction) : this.gamepad.get(what);
      if (isNew && this.onButton && !what.direction) this.onButton(what);
      else if (isNew && meant !== undefined) this.press(token, meant);
    }
    this.seen = new Set(found.keys());
  }
}

/** A drawn pad that fingers and the mouse press; a finger may slide from one button to the next. */
export class Touch {
  constructor(svg, keys, hands) {
    this.svg = svg;
    this.keys = keys;
    this.hands = hands;
    this.viewBox = svg.getAttribute("viewBox");
    this.fit();
    new ResizeObserver(() => this.fit()).observe(svg);
    this.pressed = new Map();
    for (const kind of ["pointerdown", "pointermove"]) {
      svg.addEventListener(kind, (event) => {
        if (kind === "pointermove" && !this.pressed.has(event.pointerId)) return;
        event.preventDefault();
        if (kind === "pointerdown") svg.setPointerCapture(event.pointerId);
        this.move(event.pointerId, this.names(event));
      });
    }
    for (const kind of ["pointerup", "pointercancel"]) {
      svg.addEventListener(kind, (event) => {
        this.move(event.pointerId, []);
        this.pressed.delete(event.pointerId);
      });
    }
    svg.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /** Where a pad lies over the picture, its halves move apart, to the edges, and its middle down. */
  fit() {
    const [, , width, height] = this.viewBox.split(" ").map(Number);
    const shown = this.svg.getBoundingClientRect();
    const isSpread = matchMedia(SPREAD).matches && shown.height > 0;
    const extra = isSpread ? Math.max(0, ((shown.width / shown.height) * height - width) / 2) : 0;
    this.svg.setAttribute("viewBox", `${-extra} 0 ${width + 2 * extra} ${height}`);
    const boxes = [...this.keys].map(([name, group]) => ({ name, group, box: group.getBBox() }));
    const side = ({ x, width: wide }) => (x + wide / 2 < 66 ? -1 : x + wide / 2 > 124 ? 1 : 0);
    const middle = boxes.filter(({ box }) => side(box) === 0);
    this.boxes = boxes.map((each) => {
      const { name, group, box } = each;
      let [dx, dy] = [side(box) * extra, 0];
      if (isSpread && side(box) === 0) {
        dx = width / 2 + 34 * (middle.indexOf(each) - (middle.length - 1) / 2) - box.x - box.width / 2;
        dy = height - 9 - box.y - box.height / 2;
      }
      group.setAttribute("transform", `translate(${dx} ${dy})`);
      return [name, { x: box.x + dx, y: box.y + dy, width: box.width, height: box.height }];
    });
  }

  move(pointer, names) {
    for (const name of this.pressed.get(pointer) ?? []) {
      if (!names.includes(name)) this.hands.release(`touch ${pointer} ${name}`);
    }
    for (const name of names) this.hands.press(`touch ${pointer} ${name}`, this.hands.bits.get(name));
    this.pressed.set(pointer, names);
  }

  /** The buttons under a finger: two at once between two directions, or where two buttons are near. */
  names(event) {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    const directions = this.boxes.filter(([name]) => ["UP", "DOWN", "LEFT", "RIGHT"].includes(name));
    if (directions.length === 4) {
      const middle = (from, size) => directions.reduce((sum, [, box]) => sum + box[from] + box[size] / 2, 0) / 4;
      const [dx, dy] = [x - middle("x", "width"), y - middle("y", "height")];
      const far = Math.hypot(dx, dy);
      if (far < 42) {
        if (far < 4) return [];
        const names = [];
        if (Math.abs(dx) > 0.38 * far) names.push(dx < 0 ? "LEFT" : "RIGHT");
        if (Math.abs(dy) > 0.38 * far) names.push(dy < 0 ? "UP" : "DOWN");
        return names;
      }
    }
    const near = this.boxes.map(([name, box]) => [
      name,
      Math.hypot(
        Math.max(box.x - x, 0, x - box.x - box.width), Math.max(box.y - y, 0, y - box.y - box.height),
      ),
    ]).sort((one, other) => one[1] - other[1]);
    return near.filter(([, far], at) => far < (at ? 2.5 : 9)).slice(0, 2).map(([name]) => name);
  }
}
