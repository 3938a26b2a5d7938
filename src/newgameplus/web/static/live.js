// A run while it goes on: its pictures over a WebSocket, its logs as JSON. While the page is hidden it asks for nothing.

import { colourOf, drawReturns, drawSmall, short } from "/static/chart.js";
import { inflate } from "/static/connection.js";
import { paint } from "/static/picture.js";

const POLL_MILLISECONDS = 2000;
const RETRY_MILLISECONDS = 1500;
const STUCK_SECONDS = 10;

const by = (name) => document.getElementById(name);
const run = by("main").dataset.run;
const state = {
  status: null, message: null, levels: [], metrics: [], version: "", rows: [], pace: [],
  tiles: new Map(), lines: new Map(), socket: null, timer: 0,
};

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function put(parent, ...children) {
  parent.replaceChildren(...children);
}

function value(number) {
  if (number === null || number === undefined) return "–";
  return number.toLocaleString("en", { maximumFractionDigits: 1, signDisplay: "negative" });
}

function duration(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return "–";
  const minutes = Math.round(seconds / 60);
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

/** Game/State in words: the level first. */
function names(level) {
  const [, game, rest] = /^([^/]*)\/(.*)$/.exec(level) ?? [null, "", level];
  return { short: rest, game };
}

function place(row) {
  return Object.entries(row.place).map(([axis, at]) => `${axis} ${at.toLocaleString("en")}`).join("  ");
}

// Pictures

function tileOf(row) {
  const key = `${row.part}/${row.row}`;
  let tile = state.tiles.get(key);
  if (tile) return tile;
  const figure = element("figure", "tile");
  const picture = element("div", "undrawn", "no picture yet");
  const caption = element("figcaption");
  const parts = Object.fromEntries(["level", "return", "doing", "where", "stuck"].map((name) => [name, element("span", name)]));
  for (const pair of [["level", "return"], ["doing", "where"]]) {
    const line = element("div");
    line.append(...pair.map((name) => parts[name]));
    caption.append(line);
  }
  caption.append(parts.stuck);
  figure.append(picture, caption);
  tile = { figure, picture, canvas: null, ...parts };
  state.tiles.set(key, tile);
  return tile;
}

async function drawTile(tile, { name, picture }, deflated) {
  const { game } = names(name);
  const rgb = await inflate(deflated);
  if (!tile.canvas) {
    tile.canvas = element("canvas");
    tile.canvas.setAttribute("role", "img");
    tile.picture.replaceWith(tile.canvas);
  }
  paint(tile.canvas, picture, rgb, game.split("-").at(-2));
}

function say(tile, row) {
  const { short: level, game } = names(row.name);
  tile.level.textContent = level;
  tile.level.title = row.name;
  tile.return.textContent = value(row.return);
  tile.return.title = `Return after ${row.num_steps.toLocaleString("en")} steps`;
  tile.doing.textContent = row.action || "nothing held";
  tile.where.textContent = place(row);
  const isStuck = row.stalled_seconds >= STUCK_SECONDS;
  tile.stuck.textContent = isStuck ? `no progress for ${duration(row.stalled_seconds)}` : "";
  tile.figure.classList.toggle("is-stuck", isStuck);
  tile.canvas?.setAttribute("aria-label", `${level}, ${game}: return ${value(row.return)}`);
}

async function onRows(data) {
  const view = new DataView(data);
  const length = view.getUint32(0, true);
  const { rows, share } = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  let at = 4 + length;
  const drawn = [];
  const kept = new Set();
  for (const row of rows) {
    if (!row.has_picture) continue;
    kept.add(`${row.part}/${row.row}`);
    const tile = tileOf(row);
    if (!tile.figure.isConnected) by("tiles").append(tile.figure);
    if (row.picture) {
      drawn.push(drawTile(tile, row, new Uint8Array(data, at, row.picture.num_bytes)));
      at += row.picture.num_bytes;
    }
  }
  await Promise.all(drawn);
  for (const row of rows) if (row.has_picture) say(tileOf(row), row);
  for (const [key, tile] of state.tiles) {
    if (kept.has(key)) continue;
    tile.figure.remove();
    state.tiles.delete(key);
  }
  by("tiles").classList.toggle("one", kept.size === 1);
  by("playing").hidden = kept.size === 0;
  by("share").textContent = `watching takes ${(100 * share).toFixed(1)} % of the run's time`;
  by("more").hidden = rows.length <= kept.size;
  by("more").textContent = `and ${rows.length - kept.size} more rows; the table has them all`;
  state.rows = rows;
  showMessage(null);
  fillTable();
  by("main").dataset.shown = String(Number(by("main").dataset.shown ?? 0) + 1);
}

function showMessage(message) {
  state.message = message;
  const said = state.message ?? state.status?.message ?? "";
  by("note").textContent = said;
  by("note").hidden = !said;
}

function connect() {
  if (state.socket || document.hidden) return;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/live/${run}/rows`);
  socket.binaryType = "arraybuffer";
  state.socket = socket;
  socket.addEventListener("message", async (event) => {
    if (typeof event.data === "string") showMessage(JSON.parse(event.data).message ?? JSON.parse(event.data).reason);
    else await onRows(event.data);
    if (socket.readyState === WebSocket.OPEN) socket.send("drawn");
  });
  socket.addEventListener("close", () => {
    if (state.socket === socket) state.socket = null;
    setTimeout(connect, RETRY_MILLISECONDS);
  });
}

// Logs

function fillProgress(status) {
  by("progress").hidden = status.fraction === undefined;
  if (status.fraction === undefined) return;
  by("bar").value = status.fraction;
  by("fraction").textContent = `${(100 * status.fraction).toFixed(status.fraction < 0.1 ? 1 : 0)} %`;
  by("steps").textContent = short(status.num_steps);
  by("steps").title = status.num_steps.toLocaleString("en");
  by("episodes").textContent = status.num_episodes.toLocaleString("en");
  by("left").textContent = status.state === "running" ? duration(status.seconds_left) : status.state === "complete" ? "done" : "–";
  state.pace = [...state.pace.slice(-9), { at: performance.now(), steps: status.num_steps }];
  const [first, last] = [state.pace[0], state.pace.at(-1)];
  const rate = (1000 * (last.steps - first.steps)) / (last.at - first.at);
  by("rate").textContent = status.state === "running" && rate > 0 ? short(Math.round(rate)) : "–";
}

function stuckOf(level) {
  const mine = state.rows.filter((row) => row.name === level && row.stalled_seconds >= STUCK_SECONDS);
  return mine.sort((one, other) => other.stalled_seconds - one.stalled_seconds)[0] ?? null;
}

/** The line of a level, which stays the same element so that a click on it is not lost. */
function lineOf(name) {
  const known = state.lines.get(name);
  if (known) return known;
  const line = element("tr");
  const cell = element("td");
  const chip = element("span", "chip");
  const button = element("button", "in-front", names(name).short);
  button.type = "button";
  button.title = name;
  button.addEventListener("click", () => choose(name));
  cell.append(chip, button);
  const numbers = ["num_episodes", "best", "last_mean", "last"].map((key) => [key, element("td", "number")]);
  const stuck = element("td", "stuck");
  line.append(cell, ...numbers.map(([, each]) => each), stuck);
  const made = { line, chip, numbers, stuck };
  state.lines.set(name, made);
  return made;
}

function fillTable() {
  const known = new Set(state.levels.map((level) => level.name));
  const begun = [...new Set(state.rows.map((row) => row.name))].filter((name) => !known.has(name));
  const levels = [...state.levels, ...begun.map((name) => ({ name, num_episodes: 0 }))];
  const body = by("levels");
  by("table").hidden = levels.length === 0;
  levels.forEach((level, index) => {
    const { line, chip, numbers, stuck } = lineOf(level.name);
    if (body.children[index] !== line) body.insertBefore(line, body.children[index] ?? null);
    line.setAttribute("aria-current", String(by("level").value === level.name));
    chip.style.background = state.levels.length > 1 ? colourOf(state.levels.indexOf(level)) : "transparent";
    for (const [key, cell] of numbers) cell.textContent = value(level[key]);
    const row = stuckOf(level.name);
    stuck.textContent = row ? `${duration(row.stalled_seconds)}${place(row) ? ` at ${place(row)}` : ""}` : "";
  });
  while (body.children.length > levels.length) body.lastElementChild.remove();
}

function choose(level) {
  by("level").value = by("level").value === level ? "" : level;
  drawCurves();
  fillTable();
}

function fillLevels() {
  const chosen = by("level").value;
  const options = [new Option("all levels", ""), ...state.levels.map((level) => new Option(level.name, level.name))];
  if (options.length !== by("level").options.length) put(by("level"), ...options);
  by("level").value = state.levels.some((level) => level.name === chosen) ? chosen : "";
  by("level").parentElement.hidden = state.levels.length < 2;
}

function fillMetrics() {
  by("learning").hidden = state.metrics.length === 0;
  const figures = by("metrics").children;
  if (figures.length !== state.metrics.length) {
    put(by("metrics"), ...state.metrics.map((metric) => {
      const figure = element("figure");
      const caption = element("figcaption");
      caption.append(element("span", "", metric.name), element("output"));
      const canvas = element("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${metric.name} over agent steps`);
      figure.append(caption, canvas);
      return figure;
    }));
  }
  state.metrics.forEach((metric, index) => {
    const last = metric.mean.at(-1);
    figures[index].querySelector("output").textContent = Number(last.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });
  });
}

function episodeLine(episode) {
  const line = element("li");
  line.dataset.key = JSON.stringify(episode);
  const step = element("span", "step", `step ${episode.num_steps.toLocaleString("en")}`);
  const name = element("span", "name", names(episode.name).short);
  name.title = episode.name;
  const link = element("span", "movie");
  if (episode.movie) {
    const anchor = element("a", "", "movie");
    anchor.href = episode.movie;
    link.append(anchor);
  }
  line.append(step, name, element("span", "return", `return ${value(episode.return)}`),
    element("span", "length", `${episode.length.toLocaleString("en")} steps`), link);
  return line;
}

/** New episodes come on top; the others stay the same elements so that a click on them is not lost. */
function fillLog(episodes) {
  const list = by("ended");
  by("log").hidden = episodes.length === 0;
  const keys = episodes.map((episode) => JSON.stringify(episode));
  const numNew = keys.indexOf(list.firstElementChild?.dataset.key);
  if (numNew > 0) list.prepend(...episodes.slice(0, numNew).map(episodeLine));
  while (list.children.length > episodes.length) list.lastElementChild.remove();
  const isSame = keys.every((key, index) => list.children[index]?.dataset.key === key);
  if (!isSame) put(list, ...episodes.map(episodeLine));
}

function drawCurves() {
  by("returns").hidden = state.levels.length === 0;
  drawReturns(by("curve"), state.levels, by("level").value);
  const canvases = by("metrics").querySelectorAll("canvas");
  state.metrics.forEach((metric, index) => drawSmall(canvases[index], metric.steps, metric.mean));
  by("returns").querySelector(".dots").hidden = state.levels.length > 1 && !by("level").value;
}

function show(status) {
  state.status = status;
  by("state").textContent = status.state;
  by("state").dataset.state = status.state;
  by("agent").textContent = status.agent ?? "";
  if (status.state !== "running") {
    by("playing").hidden = true;
    state.rows = [];
    state.message = null;
  }
  showMessage(state.message);
  fillProgress(status);
  if (status.levels) {
    const inOrder = (one, other) => one.name.localeCompare(other.name, "en", { numeric: true });
    Object.assign(state, { levels: status.levels.sort(inOrder), metrics: status.metrics, version: status.version });
    by("window").textContent = status.window;
    fillLevels();
    fillMetrics();
    fillLog(status.episodes);
  }
  fillTable();
  drawCurves();
}

async function poll() {
  clearTimeout(state.timer);
  if (document.hidden) return;
  try {
    const answer = await fetch(`/live/${run}.json?version=${state.version}`);
    if (answer.ok) show(await answer.json());
    else showMessage((await answer.json()).error);
  } catch {
    showMessage("The server has ended: start ngp watch again, and open the address that it prints.");
  }
  state.timer = setTimeout(poll, POLL_MILLISECONDS);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) state.socket?.close();
  else {
    connect();
    poll();
  }
});
by("level").addEventListener("change", () => {
  drawCurves();
  fillTable();
});
new ResizeObserver(drawCurves).observe(by("returns"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCurves);
connect();
poll();
