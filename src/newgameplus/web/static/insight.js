// What the agent saw: its observation, probabilities or values, and value estimate, in step with the frame.

import { Connection, inflate } from "./connection.js";
import { colour, drawCurve, onPointed } from "./plots.js";

const main = document.getElementById("main");
const by = (id) => document.getElementById(`insight-${id}`);
const panel = document.getElementById("insight");

const state = {
  connection: null,
  about: null, // agent, actions, observation, weights
  curve: null,
  frame: Number(main.dataset.frame),
  asked: null, // frame that is asked for and not yet answered
  rows: [],
  pictures: [],
};

// --- the process that looks into the agent

function open(weights = null) {
  close();
  by("busy").textContent = "Loading the agent …";
  const query = weights === null ? "" : `?weights=${weights}`;
  const connection = new Connection(`/movies/${main.dataset.movie}/insight${query}`, {
    onTold: (message) => { if (connection === state.connection) take(message); },
    onFrame: (answer) => { if (connection === state.connection) answered(answer); },
    onEnd: () => {
      if (connection === state.connection && by("failure").hidden) failed("The connection to the server was cut.");
    },
    parse: parseAnswer,
  });
  state.connection = connection;
}

function close() {
  const { connection } = state;
  Object.assign(state, { connection: null, about: null, curve: null, asked: null });
  if (connection) connection.socket.close();
  by("body").hidden = true;
  by("failure").hidden = true;
  by("busy").hidden = false;
  delete panel.dataset.shown;
}

function take(message) {
  if (message.is === "opened") opened(message);
  else if (message.is === "curve") curve(message);
  else if (message.is === "failed") failed(message.reason);
}

function ask() {
  if (!state.about || state.asked !== null) return;
  state.asked = state.frame;
  state.connection.ask("look", { frame: state.frame });
}

/** What the agent computed, and its observation, still deflated (see insight.py). */
function parseAnswer(data) {
  const size = new DataView(data).getUint32(0, true);
  const facts = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size)));
  return { facts, deflated: new Uint8Array(data, 4 + size) };
}

async function answered({ facts, deflated }) {
  const { connection } = state;
  const bytes = await inflate(deflated);
  if (connection !== state.connection) return;
  show(facts, bytes);
  const wasAsked = state.asked;
  state.asked = null;
  if (wasAsked !== state.frame) ask();
}

function failed(reason) {
  by("busy").hidden = true;
  by("body").hidden = true;
  by("failure").hidden = false;
  by("failure").textContent = reason;
}

// --- what is told of the episode

function opened(about) {
  state.about = about;
  by("busy").hidden = true;
  by("body").hidden = false;
  by("note").textContent = about.note ?? "";
  by("note").hidden = !about.note;
  by("estimate").hidden = Boolean(about.note);
  makePictures(about.observation);
  makeRows(about.actions);
  offerWeights(about);
  ask();
}

function curve(message) {
  state.curve = message;
  const isSkipping = message.num_to_skip > 0;
  const share = message.num_known / message.num_steps;
  by("progress").textContent = isSkipping ? "drawing the random numbers of earlier episodes …"
    : share < 1 ? `${Math.floor(100 * share)} % computed` : "";
  const isDone = share === 1 && message.num_other !== null;
  by("agrees").hidden = !isDone;
  if (isDone) {
    by("agrees").classList.toggle("fault", message.num_other > 0);
    by("agrees").textContent = message.num_other === 0
      ? "Its recomputed actions are those of the movie in every step."
      : `Its recomputed actions are others in ${message.num_other} of ${message.num_steps} steps: here another device or version computes.`;
  }
  const { surprises } = message;
  by("surprise").hidden = surprises.length === 0;
  by("surprise").textContent = `Next surprise (${surprises.length})`;
  draw();
}

function offerWeights({ weights, chosen_weights: chosen, played_at: playedAt, is_frozen: isFrozen }) {
  by("weights").replaceChildren(...weights.map((each, at) => new Option(each.name, at, false, at === chosen)));
  by("weights").closest("label").hidden = weights.length === 0;
  by("weights").disabled = weights.length < 2;
  const shown = chosen === null ? null : weights[chosen];
  by("exact").hidden = shown === null;
  if (shown === null) return;
  by("exact").textContent = shown.is_exact
    ? "The episode was played with these weights."
    : `The episode ${isFrozen ? "was played" : "began"}${playedAt === null ? "" : ` at step ${count(playedAt)}`} with other weights; these are of step ${count(shown.num_steps)}.`;
}

function makePictures({ shape, stack }) {
  const isPicture = shape.length === 3;
  by("seen").hidden = !isPicture;
  by("nothing").hidden = isPicture;
  by("nothing").textContent = shape[0] === 0 ? "The agent looks at nothing." : `The agent reads ${shape[0]} bytes of memory.`;
  state.pictures = [];
  by("seen").replaceChildren();
  if (!isPicture) return;
  for (let at = 0; at < stack; at += 1) {
    const figure = document.createElement("figure");
    const canvas = document.createElement("canvas");
    const age = stack - 1 - at;
    const name = age === 0 ? "newest" : `${age} ${age === 1 ? "step" : "steps"} before`;
    [canvas.height, canvas.width] = shape;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Observation, ${name}`);
    const caption = document.createElement("figcaption");
    caption.textContent = age === 0 ? "newest" : `−${age}`;
    figure.append(canvas, caption);
    by("seen").append(figure);
    state.pictures.push(canvas);
  }
}

function makeRows(names) {
  by("actions").hidden = names.length === 0;
  state.rows = names.map((name) => {
    const [row, head, mark, bar, number] = ["tr", "th", "td", "td", "td"].map((kind) => document.createElement(kind));
    head.scope = "row";
    head.textContent = name;
    mark.className = "mark";
    bar.className = "share";
    number.className = "number";
    const filled = document.createElement("span");
    bar.append(filled);
    row.append(head, mark, bar, number);
    return { row, mark, filled, number };
  });
  by("actions").tBodies[0].replaceChildren(...state.rows.map(({ row }) => row));
}

// --- what is told of a frame

function show(facts, bytes) {
  paint(bytes);
  const { numbers, is_policy: isPolicy, first_frame: first } = facts;
  by("what").textContent = numbers === null ? "Action" : isPolicy ? "Probability of each action" : "Expected return of each action";
  const low = numbers === null ? 0 : Math.min(...numbers);
  const span = numbers === null ? 1 : Math.max(...numbers) - low || 1;
  state.rows.forEach(({ row, mark, filled, number }, action) => {
    const isChosen = action === facts.action;
    const isHeld = facts.is_delayed && action === facts.held_action;
    row.classList.toggle("chosen", isChosen);
    row.classList.toggle("held", isHeld);
    mark.textContent = isChosen ? "chosen" : isHeld ? "still held" : "";
    const share = numbers === null ? 0 : isPolicy ? numbers[action] : (numbers[action] - low) / span;
    filled.style.width = `${100 * share}%`;
    number.textContent = numbers === null ? "" : isPolicy ? percent(numbers[action]) : decimal(numbers[action]);
  });
  by("value").textContent = facts.value === null ? "" : decimal(facts.value);
  const last = Math.min(first + state.about.frames_per_step, state.about.num_frames) - 1;
  by("when").textContent = `Seen at frame ${first - 1}; chose ${facts.chosen} for frames ${first} to ${last}`
    + (facts.is_delayed ? `, which began late: ${facts.held} is still held here.` : ".");
  panel.dataset.shown = String(facts.frame);
}

function paint(bytes) {
  const { stack } = state.about.observation;
  const numChannels = state.about.observation.shape[2];
  const perPicture = numChannels / stack;
  state.pictures.forEach((canvas, at) => {
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    for (let to = 0, from = at * perPicture; to < image.data.length; to += 4, from += numChannels) {
      for (let part = 0; part < 3; part += 1) image.data[to + part] = bytes[from + (perPicture === 3 ? part : 0)];
      image.data[to + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  });
}

function draw() {
  if (!state.curve || by("estimate").hidden) return;
  const canvas = by("curve");
  const numFrames = state.about.num_frames;
  drawCurve(canvas, { frames: state.curve.frames, values: state.curve.values, numFrames, isLabelled: true, hasZero: false });
  const context = canvas.getContext("2d");
  const size = 4 * (devicePixelRatio || 1);
  context.fillStyle = colour("--cursor");
  for (const { frame } of state.curve.surprises) {
    const x = (frame / Math.max(1, numFrames - 1)) * (canvas.width - 1);
    context.beginPath();
    context.moveTo(x - size, canvas.height);
    context.lineTo(x + size, canvas.height);
    context.lineTo(x, canvas.height - 2 * size);
    context.fill();
  }
}

const count = (number) => number.toLocaleString("en");
const decimal = (number) => number.toFixed(Math.abs(number) < 100 ? 3 : 1);
const percent = (share) => `${(100 * share).toFixed(1)} %`;

// --- events

function seek(frame) {
  main.dispatchEvent(new CustomEvent("seek", { detail: frame }));
}

function nextSurprise() {
  const { surprises } = state.curve;
  const next = surprises.find(({ frame }) => frame > state.frame) ?? surprises[0];
  seek(next.frame);
}

main.addEventListener("frame", (event) => {
  state.frame = event.detail;
  ask();
});
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.key.toLowerCase() !== "o") return;
  if (event.target.closest("dialog[open], select, input:not([type=range]):not([type=checkbox]), textarea")) return;
  panel.open = !panel.open;
  if (panel.open) panel.querySelector("summary").focus();
});
panel.addEventListener("toggle", () => {
  sessionStorage.setItem("insight", panel.open ? "open" : ""); // the next movie's page goes on as this one
  if (panel.open) open();
  else close();
});
by("weights").addEventListener("change", () => open(by("weights").value));
by("surprise").addEventListener("click", nextSurprise);
onPointed(by("curve"), () => state.about.num_frames, seek);
new ResizeObserver(draw).observe(by("curve"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
panel.open = sessionStorage.getItem("insight") === "open";
