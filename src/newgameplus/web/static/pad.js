// A controller of each console, drawn; buttons that are held are lit.

const SVG = "http://www.w3.org/2000/svg";
const CROSS = { UP: [34, 22, 14, 18], DOWN: [34, 54, 14, 18], LEFT: [16, 40, 18, 14], RIGHT: [48, 40, 18, 14] };
const STICK = { UP: [34, 18, 14, 14], DOWN: [34, 62, 14, 14], LEFT: [12, 40, 14, 14], RIGHT: [56, 40, 14, 14] };
const MIDDLE = (left, right) => ({ [left]: [66, 60, 29, 10], [right]: [98, 60, 29, 10] });
const SHOULDERS = { L: [18, 2, 44, 9], R: [140, 2, 44, 9] };
const DIAMOND = { Y: [140, 45], B: [158, 61], X: [158, 29], A: [176, 45] };
const SEGA = {
  ...CROSS, X: [134, 30, 7], Y: [153, 24, 7], Z: [172, 20, 7], A: [138, 58], B: [158, 51], C: [178, 44],
  START: [88, 22, 26, 10], MODE: [88, 40, 26, 8],
};
const TWO = { ...CROSS, B: [144, 54], A: [170, 46] };
const PADS = {
  Genesis: SEGA, "32x": SEGA, SCD: SEGA, Saturn: SEGA, FBNeo: SEGA,
  Nes: { ...TWO, ...MIDDLE("SELECT", "START") },
  GameBoy: { ...TWO, ...MIDDLE("SELECT", "START") },
  GbColor: { ...TWO, ...MIDDLE("SELECT", "START") },
  GbAdvance: { ...TWO, ...SHOULDERS, ...MIDDLE("SELECT", "START") },
  Sms: { ...TWO, PAUSE: [94, 22, 26, 10] },
  GameGear: { ...TWO, START: [94, 22, 26, 10] },
  Snes: { ...CROSS, ...DIAMOND, ...SHOULDERS, ...MIDDLE("SELECT", "START") },
  NintendoDs: { ...CROSS, ...DIAMOND, ...SHOULDERS, ...MIDDLE("SELECT", "START") },
  PCEngine: {
    ...CROSS, ...MIDDLE("SELECT", "RUN"), III: [138, 62], II: [158, 57], I: [178, 51],
    IV: [134, 34, 8], V: [154, 29, 8], VI: [174, 23, 8],
  },
  N64: {
    ...CROSS, ...SHOULDERS, START: [90, 36, 20, 12], B: [128, 50], A: [142, 66], Z: [90, 64, 20, 9],
    "C-UP": [170, 28, 7], "C-RIGHT": [184, 42, 7], "C-MODE": [156, 42, 7],
  },
  Atari2600: { ...STICK, BUTTON: [158, 46, 14], SELECT: [72, 22, 29, 10], RESET: [104, 22, 29, 10] },
};
const ARROWS = { UP: "▴", DOWN: "▾", LEFT: "◂", RIGHT: "▸" };

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

function drawButton(svg, name, [x, y, third, height]) {
  const group = element("g", { class: "key" });
  const isRound = height === undefined;
  const radius = third ?? 10;
  const middle = isRound ? [x, y] : [x + third / 2, y + height / 2];
  group.append(
    isRound
      ? element("circle", { cx: x, cy: y, r: radius })
      : element("rect", { x, y, width: third, height, rx: 3 }),
  );
  const text = ARROWS[name] ?? (name.length > 3 && isRound ? "" : name.replace("C-", ""));
  const size = isRound ? Math.min(9, radius) : Math.min(6.5, height - 2);
  group.append(element("text", { x: middle[0], y: middle[1], "font-size": ARROWS[name] ? 10 : size }, text));
  svg.append(group);
  return group;
}

export class Pad {
  /** names: the button of each bit of a mask, null for none. */
  constructor(parent, console_, names, player, numPlayers) {
    this.names = names;
    this.mask = -1;
    const layout = PADS[console_] ?? {};
    const others = names.filter((name) => name && !layout[name] && !/^[LR][23]$/.test(name));
    const height = 84 + (others.length ? 16 * Math.ceil(others.length / 6) : 0);
    const figure = document.createElement("figure");
    figure.className = "pad";
    const svg = element("svg", { viewBox: `0 0 200 ${height}`, "aria-hidden": "true" });
    svg.append(element("rect", { class: "body", x: 2, y: 8, width: 196, height: height - 10, rx: 26 }));
    this.keys = new Map();
    for (const name of names) {
      if (name && layout[name]) this.keys.set(name, drawButton(svg, name, layout[name]));
    }
    others.forEach((name, at) => {
      const place = [10 + 30 * (at % 6), 82 + 16 * Math.floor(at / 6), 28, 12];
      this.keys.set(name, drawButton(svg, name, place));
    });
    this.who = numPlayers > 1 ? `Player ${player + 1}: ` : "";
    this.text = document.createElement("figcaption");
    figure.append(svg, this.text);
    parent.append(figure);
    this.show(0);
  }

  show(mask) {
    if (mask === this.mask) return;
    this.mask = mask;
    const held = this.names.filter((name, bit) => name && mask & (1 << bit));
    for (const [name, key] of this.keys) key.classList.toggle("held", held.includes(name));
    this.text.textContent = `${this.who}${held.join(" + ") || "no button"}`;
  }
}
