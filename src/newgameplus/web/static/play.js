// A level that a person plays.

import { Connection, Newest, inflate } from "./connection.js";
import { Hands, Touch } from "./hands.js";
import { KeysDialog } from "./keys.js";
import { Pad } from "./pad.js";
import { paint } from "./picture.js";
import { Sound } from "./sound.js";

const VOLUME_STEP = 0.1;
const MAX_LATENCIES = 30;
const NOTE_MILLISECONDS = 2500;

const main = document.getElementById("main");
const by = (id) => document.getElementById(id);
const canvas = by("picture");
const sound = new Sound();

const state = {
  opened: null, // what the player told of the level
  told: null, // how it stands
  hasLeft: false,
  hasClosedKeys: false,
  pad: null,
  variables: [],
  volume: 1,
  pressed: null, // buttons that were pressed last, and when
  latencies: [],
};

const connection = new Connection(`/play/socket?${main.dataset.query}`, {
  onTold(message) {
    if (message.is === "opened") opened(message);
    else if (message.is === "following") busy(`Going to frame ${message.num_frames} … ${message.frame}`);
    else if (message.is === "state") stands(message);
    else if (message.is === "left") left(message);
    else if (message.is === "failed") failed(message.reason);
  },
  onFrame(message) {
    sound.add(message.sound);
    newest.take(message);
  },
  onEnd() {
    if (by("failure").hidden && !state.hasLeft) failed("The server has ended, or the connection to it was cut.");
  },
});

const hands = new Hands({
  onHeld(mask, rewind, fast) {
    const before = state.pressed?.mask ?? 0;
    if (mask & ~before) state.pressed = { mask, bits: mask & ~before, at: performance.now() };
    else if (state.pressed) state.pressed.mask = mask;
    connection.ask("hold", { mask, rewind, fast });
    by("rewind").classList.toggle("held", rewind);
    by("fast_forward").classList.toggle("held", fast);
  },
  onCommand: command,
  onGamepad(gamepad, isThere) {
    if (!isThere) hands.releaseAll();
    const isUsual = gamepad.mapping === "standard" || !isThere;
    by("controller").textContent = isThere ? gamepad.id : "none";
    note(isThere ? `Controller: ${gamepad.id}${isUsual ? "" : "; its buttons may be elsewhere"}` : "The controller is gone");
  },
});
const keys = new KeysDialog(hands, (changed) => {
  hands.setKeys(changed);
  for (const button of document.querySelectorAll("[data-command]")) {
    const found = changed.commands.find((each) => each.action === button.dataset.command);
    const names = found.keyboard.map((name) => keys.name(name)).join(", ");
    button.title = `${found.text}${names ? ` (${names})` : ""}`;
  }
  const [help] = changed.commands.find((each) => each.action === "help").keyboard;
  by("begin-keys").textContent = help ? `${keys.name(help)} shows the keys` : "";
});

// --- what the player tells

async function opened(message) {
  state.opened = message;
  by("level").textContent = message.level.split("/").at(-1);
  by("game").textContent = message.level.split("/")[0];
  by("variables").tBodies[0].replaceChildren();
  state.variables = message.variables.map((name) => {
    const row = by("variables").tBodies[0].insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    row.append(head);
    const value = row.insertCell();
    value.className = "number";
    return value;
  });
  by("values").hidden = message.variables.length === 0;
  by("pads").replaceChildren();
  state.pad = new Pad(by("pads"), message.console, message.buttons, 0, 1);
  await keys.load(message.console);
  new Touch(by("pads").querySelector("svg"), state.pad.keys, hands);
}

function busy(text) {
  by("busy").textContent = text;
  by("busy").hidden = text === "";
}

function failed(reason) {
  busy("");
  by("failure").hidden = false;
  by("failure").firstElementChild.textContent = reason;
}

function stands(message) {
  state.told = message;
  busy("");
  by("begin").hidden = !message.awaits_button;
  by("sign").hidden = !message.sign || message.awaits_button;
  by("sign").textContent = { Paused: "❚❚ Paused", Rewind: "◂◂ Rewind", Fast: "▸▸ Fast", Slow: "▸ Slow" }[message.sign] ?? "";
  note(message.note);
  by("track").hidden = message.reached === null;
  by("track").value = message.reached ?? 0;
  by("ending").hidden = message.ending.length === 0;
  const [title, score, spent] = message.ending;
  [by("ending-title").textContent, by("ending-score").textContent, by("ending-spent").textContent] = [title, score, spent];
  by("pause").classList.toggle("playing", !message.is_paused);
  by("pause").setAttribute("aria-label", message.is_paused ? "Go on" : "Pause");
  by("speed").textContent = `${Math.round(100 * message.speed)} %`;
  by("movie").textContent = message.movie ?? "not recorded";
  for (const option of by("slot").options) {
    const saved = message.slots[option.value];
    option.textContent = saved === undefined ? `Slot ${option.value}, empty` : `Slot ${option.value}, ${clock(saved)}`;
  }
  by("load").disabled = message.slots[by("slot").value] === undefined;
  if (message.shows_help && !state.hasClosedKeys && !keys.isOpen) keys.dialog.showModal();
  if (!message.shows_help) state.hasClosedKeys = false;
  main.dataset.stands = message.awaits_button ? "waiting" : message.is_paused ? "paused" : "playing";
}

function left(message) {
  state.hasLeft = true;
  if (document.fullscreenElement) document.exitFullscreen();
  const path = state.told?.movie;
  main.classList.add("left");
  for (const id of ["begin", "ending", "sign", "noted"]) by(id).hidden = true;
  by("kept").hidden = false;
  by("kept-movie").hidden = !path;
  by("kept-nothing").hidden = Boolean(path);
  if (!path) return;
  by("kept-path").textContent = path;
  by("kept-length").textContent = `${clock(message.num_frames)}, return ${number(message.episode_return)}`;
  by("watch").href = `/play/kept/${encodeURIComponent(path.split("/").at(-1))}`;
  by("watch").focus();
  connection.socket.close();
}

// --- frames

const newest = new Newest(connection, async (shown) => show(shown, await inflate(shown.deflated)));

function show(shown, rgb) {
  paint(canvas, shown, rgb, state.opened.console);
  state.pad?.show(shown.masks[0]);
  by("return").textContent = number(shown.episodeReturn);
  by("time").textContent = clock(shown.frame);
  by("frame").textContent = String(shown.frame);
  main.dataset.frame = String(shown.frame);
  shown.variables.forEach((value, at) => { if (state.variables[at]) state.variables[at].textContent = String(value); });
  if (state.pressed?.bits && (shown.masks[0] & state.pressed.bits) === state.pressed.bits) measure();
}

/** From the key to its picture: the median of the last presses. */
function measure() {
  state.latencies.push(performance.now() - state.pressed.at);
  state.pressed.bits = 0;
  if (state.latencies.length > MAX_LATENCIES) state.latencies.shift();
  const sorted = [...state.latencies].sort((one, other) => one - other);
  by("latency").textContent = `${sorted[sorted.length >> 1].toFixed(0)} ms`;
}

// --- what a person asks

const LOCAL = {
  mute: () => setSound(!sound.isWanted, state.volume),
  louder: () => setSound(true, state.volume + VOLUME_STEP),
  softer: () => setSound(true, state.volume - VOLUME_STEP),
  variables: () => { by("values").hidden = !by("values").hidden; },
  shape: () => canvas.classList.toggle("square"),
  fullscreen: toggleFullscreen,
};

function command(name) {
  if (state.hasLeft) return;
  if (LOCAL[name]) LOCAL[name]();
  else connection.ask("command", { name });
}

function setSound(isWanted, volume) {
  sound.isWanted = isWanted;
  state.volume = Math.min(1, Math.max(0, volume));
  if (sound.gain) sound.gain.gain.value = state.volume;
  by("sound").setAttribute("aria-pressed", String(isWanted));
  note(isWanted ? `Volume ${Math.round(100 * state.volume)} %` : "Muted");
}

async function toggleFullscreen() {
  try {
    await (document.fullscreenElement ? document.exitFullscreen() : by("stage").requestFullscreen());
  } catch {
    note("This browser shows no part of a page in fullscreen");
  }
}

let noted = 0;

function note(text) {
  clearTimeout(noted);
  by("noted").textContent = text;
  by("noted").hidden = text === "";
  if (text) noted = setTimeout(() => { by("noted").hidden = true; }, NOTE_MILLISECONDS);
}

function clock(frame) {
  const seconds = frame / (state.opened?.frames_per_second ?? 60);
  return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(2).padStart(5, "0")}`;
}

function number(value) {
  return value.toLocaleString("en", { maximumFractionDigits: 2 });
}

// --- events

/** Whether a key is for what is focused, not for the game. */
function isForPage(event) {
  if (!hands.keys || state.hasLeft || keys.isOpen || event.target.closest("select, input, textarea")) return true;
  if (event.code === "Tab" && state.told?.is_paused) return true;
  return ["Enter", "Space"].includes(event.code) && event.target.closest("button, a, summary") !== null;
}

addEventListener("keydown", (event) => {
  if (isForPage(event)) return;
  const meant = hands.meaning(event);
  if (meant === null) return;
  event.preventDefault();
  if (!event.repeat) hands.press(`key ${event.code}`, meant);
});
addEventListener("keyup", (event) => hands.release(`key ${event.code}`));
addEventListener("blur", () => hands.releaseAll());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return;
  hands.releaseAll();
  if (state.told && !state.told.is_paused) command("pause");
});
for (const kind of ["pointerdown", "pointerup", "keydown"]) {
  addEventListener(kind, () => {
    sound.begin(state.opened?.samples_per_second);
    if (sound.gain) sound.gain.gain.value = state.volume;
  });
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button && event.detail > 0 && !keys.isOpen) button.blur(); // Enter is a button of the console again
});
for (const button of document.querySelectorAll("[data-command]")) {
  const name = button.dataset.command;
  if (!["rewind", "fast_forward"].includes(name)) {
    button.addEventListener("click", () => command(name));
    continue;
  }
  const isKey = (event) => ["Enter", "Space"].includes(event.code) && !event.repeat;
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    hands.press(`tool ${name}`, name);
  });
  button.addEventListener("keydown", (event) => { if (isKey(event)) hands.press(`tool ${name}`, name); });
  for (const kind of ["pointerup", "pointercancel", "keyup", "blur"]) {
    button.addEventListener(kind, () => hands.release(`tool ${name}`));
  }
}
by("save").addEventListener("click", () => command(`save_${by("slot").value}`));
by("load").addEventListener("click", () => command(`load_${by("slot").value}`));
by("slot").addEventListener("change", () => {
  by("load").disabled = state.told?.slots[by("slot").value] === undefined;
  by("slot").blur();
});
keys.dialog.addEventListener("close", () => {
  state.hasClosedKeys = true; // until the player has heard of it
  command("help");
});
by("begin").addEventListener("click", () => command("pause"));
for (const id of ["reload", "anew"]) by(id).addEventListener("click", () => location.reload());

(function poll() {
  hands.poll();
  requestAnimationFrame(poll);
})();
