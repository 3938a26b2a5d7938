// Movies side by side, in step.

import { Connection, Newest, inflate, parseFrame } from "./connection.js";
import { paint } from "./picture.js";
import { drawCurves, frameAt, onPointed } from "./plots.js";

const GRID = 2;
const HEAD_BYTES = 12;
const CELL_BYTES = 8;
const GAP_PIXELS = 10;
const SHAPE = 4 / 3;
const PHONE_PIXELS = 768;

const main = document.getElementById("main");
const by = (id) => document.getElementById(id);
const scrub = by("scrub");
const speed = by("speed");
const figures = [...document.querySelectorAll(".cell")];
const cells = figures.map((figure) => ({
  figure,
  link: figure.querySelector("a"),
  canvas: figure.querySelector("canvas"),
  state: figure.querySelector(".state"),
  total: figure.querySelector(".return"),
  numFrames: 0,
  console: null,
}));

const state = {
  ready: null, // what the player told of all movies
  survey: null, // what it knows of their returns so far
  marked: null, // cell whose curve stands out
  frame: Number(main.dataset.frame),
  isPlaying: false,
  wanted: null, // frame to seek to once the seek before is answered
  isSeeking: true, // the frame to begin with comes first
  rates: [],
};

const connection = new Connection(`/grid/play?movies=${main.dataset.movies}&frame=${state.frame}`, {
  parse: parseGrid,
  onTold(message) {
    if (message.is === "cell") opened(message);
    else if (message.is === "ready") ready(message);
    else if (message.is === "survey") surveyed(message);
    else if (message.is === "failed") failed(message.reason);
    else if (message.is === "file") fileChanged(message);
  },
  onFrame(message) {
    const { waiting } = newest; // never drawn, but for the cells that this message leaves out
    if (waiting?.generation === message.generation) message.frames = new Map([...waiting.frames, ...message.frames]);
    newest.take(message);
  },
  onEnd() {
    if (by("failure").hidden) failed("The server has ended, or the connection to it was cut.");
  },
});

/** A message of frames (see grid.py): number of each cell that changed to its frame. */
function parseGrid(data) {
  const view = new DataView(data);
  if (view.getUint8(0) !== GRID) throw new Error("This message has no frames of a grid.");
  const frames = new Map();
  let at = HEAD_BYTES;
  for (let left = view.getUint8(1); left > 0; left -= 1) {
    const begin = at + CELL_BYTES;
    const end = begin + view.getUint32(at + 4, true);
    frames.set(view.getUint32(at, true), parseFrame(data.slice(begin, end)));
    at = end;
  }
  return { generation: view.getUint32(4, true), frame: view.getUint32(8, true), frames };
}

// --- what the player tells

function opened(message) {
  const cell = cells[message.cell];
  cell.numFrames = message.num_frames;
  cell.console = message.console;
  const isFaulty = message.fault !== null;
  cell.figure.dataset.state = isFaulty ? "fault" : "waiting";
  cell.state.textContent = isFaulty ? message.fault : "";
  if (isFaulty) cell.total.textContent = "–";
  const next = cells[message.cell + 1];
  if (!state.ready) by("status").textContent = `Opening ${message.cell + 1} of ${cells.length}`;
  if (!state.ready && next) next.state.textContent = "opening …";
}

function ready(message) {
  if (message.num_frames === 0) {
    by("status").textContent = "None of these movies can be played here.";
    return;
  }
  state.ready = message;
  by("status").textContent = "";
  for (const name of ["scrub", "back", "play", "forward"]) by(name).disabled = false;
  scrub.max = message.num_frames - 1;
  by("length").textContent = clock(message.num_frames - 1);
  drawReturns();
  if (main.dataset.autoplay === "yes") play();
}

/** The file of a movie was deleted, or replaced by another: in a word, with the sentence beside it. */
function fileChanged(message) {
  const file = cells[message.cell].figure.querySelector(".file");
  file.hidden = message.note === null;
  file.textContent = { deleted: "file deleted", replaced: "file replaced", outdated: "file changed" }[message.state] ?? "";
  file.title = message.note ?? "";
  by("changes").textContent = message.note ?? "";
}

function surveyed(message) {
  state.survey = message;
  drawReturns();
  by("status").textContent = message.share < 1 ? `${Math.round(100 * message.share)} % played so far` : "";
  message.agrees.forEach((agrees, at) => {
    cells[at].total.classList.toggle("fault", agrees === false);
    cells[at].total.title = agrees === false ? "differs from the recording: return or memory at the end are others" : "";
  });
}

function failed(reason) {
  setPlaying(false);
  by("status").textContent = "";
  by("failure").hidden = false;
  by("failure").firstElementChild.textContent = reason;
}

// --- frames

const newest = new Newest(connection, async (shown) => {
  if (shown.generation !== connection.generation) return;
  const pictures = await Promise.all([...shown.frames.values()].map((frame) => inflate(frame.deflated)));
  await new Promise(requestAnimationFrame);
  if (shown.generation === connection.generation) show(shown, pictures);
});

function show(shown, pictures) {
  let at = 0;
  for (const [which, frame] of shown.frames) {
    const cell = cells[which];
    paint(cell.canvas, frame, pictures[at], cell.console);
    cell.total.textContent = number(frame.episodeReturn);
    at += 1;
  }
  state.frame = shown.frame;
  for (const cell of cells) {
    if (cell.numFrames === 0) continue;
    const hasEnded = shown.frame >= cell.numFrames;
    cell.figure.dataset.state = hasEnded ? "ended" : "shown";
    cell.state.textContent = hasEnded ? `ended at ${clock(cell.numFrames - 1)}` : "";
  }
  showTime();
  answered();
  if (state.isPlaying) measure();
  if (state.isPlaying && shown.frame === state.ready.num_frames - 1) {
    setPlaying(false);
    rememberFrame();
  }
}

function showTime() {
  const last = state.ready ? state.ready.num_frames - 1 : 0;
  scrub.value = state.frame;
  scrub.setAttribute("aria-valuetext", `${clock(state.frame)}, frame ${state.frame} of ${last}`);
  by("time").textContent = clock(state.frame);
  by("frame").textContent = `frame ${state.frame}`;
  main.style.setProperty("--at", `${last ? (100 * state.frame) / last : 0}%`);
}

/** Draw the returns of all movies; returns the least and the most. */
function drawReturns() {
  if (!state.survey || !state.ready) return [0, 0];
  const { returns, interval } = state.survey;
  return drawCurves(by("returns"), returns, { interval, numFrames: state.ready.num_frames, marked: state.marked });
}

/** Let a cell and its curve stand out; null for none. */
function mark(number) {
  if (number === state.marked) return;
  state.marked = number;
  cells.forEach(({ figure }, at) => figure.classList.toggle("marked", at === number));
  drawReturns();
}

/** Mark the cell whose curve is nearest to the pointer. */
function markNearest(event) {
  if (!state.survey || !state.ready) return;
  const place = by("returns").getBoundingClientRect();
  const [low, high] = drawReturns();
  const pointed = high - ((event.clientY - place.top) / place.height) * (high - low);
  const at = Math.round(frameAt(by("returns"), event, state.ready.num_frames) / state.survey.interval);
  let nearest = null;
  let least = Infinity;
  state.survey.returns.forEach((values, number) => {
    if (values.length === 0) return;
    const distance = Math.abs(values[Math.min(at, values.length - 1)] - pointed);
    if (distance < least) [nearest, least] = [number, distance];
  });
  mark(nearest);
}

/** The speed that is really reached, over the last second. */
function measure() {
  const now = performance.now();
  state.rates.push([now, state.frame]);
  while (state.rates.length > 2 && now - state.rates[0][0] > 1000) state.rates.shift();
  const [[then, first]] = state.rates;
  if (now - then < 500) return;
  const reached = (state.frame - first) / ((now - then) / 1000) / state.ready.frames_per_second;
  by("rate").textContent = reached < 0.9 * Number(speed.value) ? `${reached.toFixed(1)}×, as fast as it goes here` : "";
}

// --- what a person asks

function seek(frame) {
  if (!state.ready) return;
  setPlaying(false);
  state.frame = Math.min(state.ready.num_frames - 1, Math.max(0, frame));
  showTime();
  if (state.isSeeking) {
    state.wanted = state.frame;
    return;
  }
  state.isSeeking = true;
  connection.ask("seek", { frame: state.frame });
}

function answered() {
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
  if (!state.ready) return;
  const isAtEnd = state.frame >= state.ready.num_frames - 1;
  state.wanted = null;
  state.isSeeking = false;
  state.rates = [];
  setPlaying(true);
  connection.ask("play", { frame: isAtEnd ? 0 : state.frame, speed: Number(speed.value) });
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
  speed.selectedIndex = Math.min(speed.options.length - 1, Math.max(0, speed.selectedIndex + steps));
  if (state.isPlaying) play();
}

/** The address of the page leads to the frame that is shown. */
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

/** Lead a click on a cell to the frame that it shows. */
function aim(cell) {
  if (!cell.link.dataset.page || cell.numFrames === 0) return;
  cell.link.href = `${cell.link.dataset.page}?frame=${Math.min(state.frame, cell.numFrames - 1)}`;
}

function clock(frame) {
  const seconds = frame / (state.ready ? state.ready.frames_per_second : 60);
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${String(whole % 60).padStart(2, "0")}.${Math.floor((seconds % 1) * 10)}`;
}

function number(value) {
  return value.toLocaleString("en", { maximumFractionDigits: 2 });
}

// --- layout: the number of columns that gives the largest pictures in the window

function layOut() {
  const place = by("cells");
  const width = place.clientWidth;
  const height = innerHeight - place.getBoundingClientRect().top - scrollY - by("scrub").closest(".deck").offsetHeight;
  const label = figures[0].querySelector("figcaption").offsetHeight;
  const isPhone = innerWidth <= PHONE_PIXELS;
  let best = { columns: 1, width: 0 };
  for (let columns = 1; columns <= cells.length; columns += 1) {
    const rows = Math.ceil(cells.length / columns);
    const wide = (width - GAP_PIXELS * (columns - 1)) / columns;
    const high = SHAPE * ((height - GAP_PIXELS * rows) / rows - label);
    const fitting = Math.min(wide, high);
    if (fitting > best.width) best = { columns, width: fitting };
  }
  if (isPhone) best = { columns: cells.length > 2 ? 2 : 1, width }; // which scrolls
  place.style.setProperty("--columns", best.columns);
  place.style.setProperty("--width", `${Math.max(best.width, 120)}px`);
}

// --- events

const isTyping = (target) => target.closest("select, input:not([type=range]), textarea");
const second = () => Math.round(state.ready.frames_per_second);
const KEYS = {
  " ": () => (state.isPlaying ? pause() : play()),
  ",": () => seek(state.frame - 1),
  ".": () => seek(state.frame + 1),
  ArrowLeft: (event) => seek(state.frame - (event.shiftKey ? second() : 1)),
  ArrowRight: (event) => seek(state.frame + (event.shiftKey ? second() : 1)),
  Home: () => seek(0),
  End: () => seek(state.ready.num_frames - 1),
  "-": () => changeSpeed(-1),
  "+": () => changeSpeed(1),
  "=": () => changeSpeed(1),
  "?": () => by("keys").showModal(),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || by("keys").open || isTyping(event.target)) return;
  const action = KEYS[event.key];
  if (!action || !state.ready) return;
  if (event.key === " " && event.target.closest("button")) return; // it presses what is focused
  event.preventDefault();
  action(event);
});
cells.forEach((cell, number) => {
  for (const kind of ["pointerdown", "click"]) cell.link.addEventListener(kind, () => aim(cell));
  for (const kind of ["pointerenter", "focus"]) cell.link.addEventListener(kind, () => mark(number));
  for (const kind of ["pointerleave", "blur"]) cell.link.addEventListener(kind, () => mark(null));
});
onPointed(by("returns"), () => (state.ready ? state.ready.num_frames : 1), seek);
by("returns").addEventListener("pointermove", markNearest);
by("returns").addEventListener("pointerleave", () => mark(null));
new ResizeObserver(drawReturns).observe(by("returns"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawReturns);
scrub.addEventListener("input", () => seek(Number(scrub.value)));
by("play").addEventListener("click", () => (state.isPlaying ? pause() : play()));
by("back").addEventListener("click", () => seek(state.frame - 1));
by("forward").addEventListener("click", () => seek(state.frame + 1));
by("help").addEventListener("click", () => by("keys").showModal());
by("reload").addEventListener("click", () => location.reload());
speed.addEventListener("change", () => changeSpeed(0));
addEventListener("resize", layOut);
by("json").href = `/grid.json${location.search}`;
cells[0].state.textContent = "opening …";
layOut();
