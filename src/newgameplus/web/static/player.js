// The player of one movie.

import { Connection, Newest, inflate } from "./connection.js";
import { Pad } from "./pad.js";
import { paint } from "./picture.js";
import { drawCurve, onPointed } from "./plots.js";
import { Sound } from "./sound.js";

const BUSY_MILLISECONDS = 250;

const main = document.getElementById("main");
const by = (id) => document.getElementById(id);
const canvas = by("picture");
const scrub = by("scrub");
const speed = by("speed");
const sound = new Sound();

const state = {
  opened: null, // what the player told of the movie
  survey: null, // what it knows of the whole movie so far
  frame: Number(main.dataset.frame),
  isPlaying: false,
  wanted: null, // frame to seek to once the seek before is answered
  isSeeking: false,
  rates: [],
};
const pads = [];
const rows = [];

const connection = new Connection(`/movies/${main.dataset.movie}/play?frame=${state.frame}`, {
  onTold(message) {
    if (message.is === "opened") opened(message);
    else if (message.is === "survey") surveyed(message);
    else if (message.is === "failed") failed(message.reason);
    else if (message.is === "file") fileChanged(message);
  },
  onFrame(message) {
    if (message.generation === connection.generation) sound.add(message.sound);
    newest.take(message);
  },
  onEnd() {
    if (by("failure").hidden) failed("The server has ended, or the connection to it was cut.");
  },
});

// --- what the player tells

function opened(message) {
  state.opened = message;
  scrub.max = message.num_frames - 1;
  scrub.disabled = false;
  scrub.value = state.frame;
  by("length").textContent = clock(message.num_frames - 1);
  for (let player = 0; player < message.num_players; player += 1) {
    pads.push(new Pad(by("pads"), message.console, message.buttons, player, message.num_players));
  }
  by("take-over").disabled = message.num_players !== 1;
  makeRows(message.variables);
  if (main.dataset.autoplay === "yes") play();
}

function failed(reason) {
  setPlaying(false);
  by("busy").hidden = true;
  by("failure").hidden = false;
  by("failure").firstElementChild.textContent = reason;
}

/** The file of the movie was deleted, or replaced by another. */
function fileChanged(message) {
  by("file").hidden = message.note === null;
  by("file").firstElementChild.textContent = message.note ?? "";
  by("file").querySelector("button").hidden = message.state !== "replaced";
}

function surveyed(message) {
  state.survey = message;
  const share = message.num_surveyed / message.num_frames;
  by("surveyed").textContent = share < 1 ? `${Math.floor(100 * share)} % played so far` : "";
  if (message.agrees !== null) {
    by("agrees").textContent = message.agrees
      ? "same return, same memory at the end as recorded"
      : "differs from the recording: return or memory at the end are others";
    by("agrees").classList.toggle("fault", !message.agrees);
  } else if (share === 1) {
    by("agrees").textContent = "the movie does not say how it ended, so there is nothing to compare";
  }
  sortRows();
  drawCurves();
}

// --- frames

const newest = new Newest(connection, async (shown) => {
  if (shown.generation !== connection.generation) return;
  const rgb = await inflate(shown.deflated);
  await new Promise(requestAnimationFrame);
  if (shown.generation === connection.generation) show(shown, rgb);
});

function show(shown, rgb) {
  paint(canvas, shown, rgb, state.opened?.console);
  state.frame = shown.frame;
  shown.masks.forEach((mask, player) => pads[player]?.show(mask));
  by("reward").textContent = number(shown.reward);
  by("return").textContent = number(shown.episodeReturn);
  shown.variables.forEach((value, at) => { rows[at].value.textContent = String(value); });
  showTime();
  answered();
  const isAtEnd = state.opened && shown.frame === state.opened.num_frames - 1;
  main.dispatchEvent(new CustomEvent("frame", { detail: shown.frame }));
  if (state.isPlaying) measure();
  if (isAtEnd && state.isPlaying) {
    setPlaying(false);
    if (by("all").checked && main.dataset.next) go(main.dataset.next, true);
    else rememberFrame();
  }
}

function showTime() {
  const last = state.opened ? state.opened.num_frames - 1 : 0;
  scrub.value = state.frame;
  scrub.setAttribute("aria-valuetext", `${clock(state.frame)}, frame ${state.frame} of ${last}`);
  by("time").textContent = clock(state.frame);
  by("frame").textContent = `frame ${state.frame}`;
  main.style.setProperty("--at", `${last ? (100 * state.frame) / last : 0}%`);
}

/** The speed that is really reached, over the last second. */
function measure() {
  const now = performance.now();
  state.rates.push([now, state.frame]);
  while (state.rates.length > 2 && now - state.rates[0][0] > 1000) state.rates.shift();
  const [[then, first]] = state.rates;
  if (now - then < 500) return;
  const reached = (state.frame - first) / ((now - then) / 1000) / state.opened.frames_per_second;
  by("rate").textContent = reached < 0.9 * Number(speed.value) ? `${reached.toFixed(1)}×, as fast as it goes here` : "";
}

// --- what a person asks

let busy = 0;

function seek(frame) {
  if (!state.opened) return;
  setPlaying(false);
  const within = Math.min(state.opened.num_frames - 1, Math.max(0, frame));
  state.frame = within;
  showTime();
  if (state.isSeeking) {
    state.wanted = within;
    return;
  }
  state.isSeeking = true;
  busy = setTimeout(() => { by("busy").textContent = "…"; by("busy").hidden = false; }, BUSY_MILLISECONDS);
  connection.ask("seek", { frame: within });
}

function answered() {
  clearTimeout(busy);
  by("busy").hidden = true;
  state.isSeeking = false;
  main.dataset.shown = String(state.frame);
  if (state.wanted !== null) {
    const { wanted } = state;
    state.wanted = null;
    if (wanted !== state.frame) seek(wanted);
  } else if (!state.isPlaying) {
    rememberFrame();
  }
}

function play() {
  if (!state.opened) return;
  const isAtEnd = state.frame >= state.opened.num_frames - 1;
  state.wanted = null;
  state.isSeeking = false;
  state.rates = [];
  setPlaying(true);
  connection.ask("play", { frame: isAtEnd ? 0 : state.frame, speed: Number(speed.value), sound: sound.isOn });
}

function pause() {
  setPlaying(false);
  connection.ask("stop");
  rememberFrame();
}

function setPlaying(isPlaying) {
  state.isPlaying = isPlaying;
  by("play").classList.toggle("playing", isPlaying);
  by("play").setAttribute("aria-label", isPlaying ? "Pause" : "Play");
  if (!isPlaying) by("rate").textContent = "";
}

function changeSpeed(steps) {
  const at = Math.min(speed.options.length - 1, Math.max(0, speed.selectedIndex + steps));
  speed.selectedIndex = at;
  if (state.isPlaying) play();
}

function toggleSound() {
  sound.isWanted = !sound.isWanted;
  by("sound").setAttribute("aria-pressed", String(sound.isWanted));
  if (state.isPlaying) play();
}

function go(link, isAutoplay = false) {
  if (!link) return;
  const url = new URL(link, location.href);
  if (isAutoplay || by("all").checked) url.searchParams.set("autoplay", "1");
  location.assign(url);
}

function linkToFrame() {
  return `${location.origin}${location.pathname}?frame=${state.frame}`;
}

async function copyLink() {
  const button = by("link");
  try {
    await navigator.clipboard.writeText(linkToFrame());
    button.textContent = "Copied";
  } catch {
    prompt("Link to this frame", linkToFrame()); // off loopback, browsers give no clipboard without TLS
  }
  setTimeout(() => { button.textContent = "Link"; }, 1500);
}

/** Play on from the frame that is shown. */
function takeOver() {
  if (!by("take-over").disabled) location.assign(`/play?movie=${main.dataset.movie}&frame=${state.frame}`);
}

/** The address of the page is a link to the frame that is shown. */
function rememberFrame() {
  const url = new URL(location.href);
  url.searchParams.set("frame", state.frame);
  url.searchParams.delete("autoplay");
  try {
    history.replaceState(null, "", url);
  } catch {
    // too many changes in a short time: the next one will do
  }
}

// --- values

function makeRows(names) {
  by("values").hidden = names.length === 0;
  for (const name of names) {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    const value = document.createElement("td");
    value.className = "number";
    const cell = document.createElement("td");
    cell.className = "spark";
    const plot = document.createElement("canvas");
    const along = document.createElement("div");
    along.className = "along";
    along.append(plot);
    cell.append(along);
    row.append(head, value, cell);
    by("variables").tBodies[0].append(row);
    rows.push({ name, row, value, plot });
    onPointed(plot, () => state.opened.num_frames, seek);
  }
}

/** Variables that never change are put away. */
function sortRows() {
  const { variables, num_surveyed: num, num_frames: all } = state.survey;
  let numStill = 0;
  for (const { name, row } of rows) {
    const values = variables[name];
    const isStill = num === all && values.every((value) => value === values[0]);
    numStill += isStill;
    const table = by(isStill ? "still" : "variables");
    if (row.closest("table") !== table) table.tBodies[0].append(row);
  }
  by("constants").textContent = `${numStill} ${numStill === 1 ? "variable never changes" : "variables never change"}`;
  by("constants").closest("details").hidden = numStill === 0;
}

function drawCurves() {
  if (!state.survey) return;
  const { frames, returns, rewards, variables, interval, num_frames: numFrames } = state.survey;
  drawCurve(by("returns"), { frames, values: returns, bars: rewards, numFrames, isLabelled: true });
  for (const { name, plot, row } of rows) {
    if (row.closest("details")) continue;
    const values = variables[name];
    drawCurve(plot, { frames: values.map((_, at) => at * interval), values, numFrames });
  }
}

function clock(frame) {
  const rate = state.opened ? state.opened.frames_per_second : 60;
  const seconds = frame / rate;
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${String(whole % 60).padStart(2, "0")}.${Math.floor((seconds % 1) * 10)}`;
}

function number(value) {
  return value.toLocaleString("en", { maximumFractionDigits: 2 });
}

// --- events

const isTyping = (target) => target.closest("select, input:not([type=range]):not([type=checkbox]), textarea");
const second = () => Math.round(state.opened.frames_per_second);
const KEYS = {
  " ": () => (state.isPlaying ? pause() : play()),
  ",": () => seek(state.frame - 1),
  ".": () => seek(state.frame + 1),
  ArrowLeft: (event) => seek(state.frame - (event.shiftKey ? second() : 1)),
  ArrowRight: (event) => seek(state.frame + (event.shiftKey ? second() : 1)),
  Home: () => seek(0),
  End: () => seek(state.opened.num_frames - 1),
  "-": () => changeSpeed(-1),
  "+": () => changeSpeed(1),
  "=": () => changeSpeed(1),
  n: () => go(main.dataset.next),
  p: () => go(main.dataset.previous),
  a: () => { by("all").checked = !by("all").checked; },
  m: toggleSound,
  l: copyLink,
  t: takeOver,
  "?": () => by("keys").showModal(),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || by("keys").open || isTyping(event.target)) return;
  const action = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
  if (!action || !state.opened) return;
  if (event.key === " " && event.target.closest("button, a, summary")) return; // it presses what is focused
  event.preventDefault();
  action(event);
});
for (const kind of ["pointerdown", "pointerup", "keydown"]) {
  addEventListener(kind, () => {
    const wasOn = sound.isOn;
    sound.begin(state.opened?.samples_per_second);
    if (!wasOn && sound.isOn && state.isPlaying) play();
  });
}
main.addEventListener("seek", (event) => seek(event.detail));
scrub.addEventListener("input", () => seek(Number(scrub.value)));
by("play").addEventListener("click", () => (state.isPlaying ? pause() : play()));
by("back").addEventListener("click", () => seek(state.frame - 1));
by("forward").addEventListener("click", () => seek(state.frame + 1));
by("next").addEventListener("click", () => go(main.dataset.next));
by("previous").addEventListener("click", () => go(main.dataset.previous));
by("sound").addEventListener("click", toggleSound);
by("link").addEventListener("click", copyLink);
by("take-over").addEventListener("click", takeOver);
by("help").addEventListener("click", () => by("keys").showModal());
by("reload").addEventListener("click", () => location.reload());
by("file").querySelector("button").addEventListener("click", () => location.reload());
speed.addEventListener("change", () => changeSpeed(0));
onPointed(by("returns"), () => (state.opened ? state.opened.num_frames : 1), seek);
by("constants").closest("details").addEventListener("toggle", drawCurves);
new ResizeObserver(() => drawCurves()).observe(by("returns"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCurves);
