// A level with the ways of many episodes: drawn on a canvas that is moved and zoomed, while movies are still played.

import { colourAt, drawHeat, drawMark, drawSpot, duration, number, traced } from "./map_drawing.js";

const NEAR_PIXELS = 12;
const KEY_PIXELS = 80;
const ZOOM = 1.25;
const MAX_SCALE = 8;

const main = document.getElementById("main");
const by = (id) => document.getElementById(id);
const canvas = by("map");
const palette = main.dataset.palette.split(" ");
const wanted = Number(main.dataset.movie) || null;

const state = {
  map: null, // what the server told
  ways: [], // episodes with their paths traced
  image: null,
  heat: null,
  show: "return",
  scale: 0,
  left: 0, // place of the level at the canvas's upper left corner
  top: 0,
  chosen: null, // way that is pointed at
  at: 0, // its point
  pointers: new Map(),
  moved: 0,
  isDue: false,
};

by("shows").addEventListener("change", (event) => {
  state.show = event.target.value;
  if (state.show === "heat") choose(null, 0);
  told();
  draw();
});
document.querySelector(".ramp").style.background = `linear-gradient(to right, ${palette.join(", ")})`;

/** Ask for the map until it is whole. */
async function load() {
  let version = null;
  for (;;) {
    const source = new URL(main.dataset.source, location.href);
    if (version !== null) source.searchParams.set("version", version);
    let map;
    try {
      const answer = await fetch(source);
      map = await answer.json();
      if (!answer.ok) throw new Error(map.error);
    } catch (error) {
      failed(`The map cannot be read: ${error.message}`);
      return;
    }
    await take(map);
    if (!map.is_running) return;
    version = map.version;
  }
}

async function take(map) {
  state.map = map;
  const known = new Map(state.ways.map((way) => [way.episode.movie, way]));
  state.ways = map.episodes.map((episode) => known.get(episode.movie) ?? { episode, ...traced(episode) });
  state.ways.sort((one, other) => one.episode.return - other.episode.return); // the best one is painted last
  if (map.picture) {
    if (state.image?.dataset.size !== String(map.picture.size) || !map.picture.is_drawn) {
      const image = new Image();
      image.src = map.picture.address;
      image.dataset.size = String(map.picture.size);
      await image.decode();
      state.image = image;
    }
    by("busy").hidden = true;
    state.heat = drawHeat(map, palette);
    if (!state.scale) fit();
  }
  if (map.picture_failure) failed(map.picture_failure);
  if (wanted !== null && state.chosen === null) choose(state.ways.find((way) => way.episode.movie === wanted) ?? null, 0, false);
  told();
  lists();
  draw();
}

function failed(reason) {
  by("failure").hidden = false;
  by("failure").textContent = reason;
  by("busy").hidden = true;
}

function limits() {
  if (state.show === "time") return [0, Math.max(1, ...state.ways.map((way) => way.episode.num_frames))];
  const returns = state.ways.map((way) => way.episode.return);
  return [Math.min(...returns), Math.max(...returns)];
}

function share(value, [low, high]) {
  return high > low ? (value - low) / (high - low) : 1;
}

/** The words around the map. */
function told() {
  const { map } = state;
  if (!map) return;
  const counted = `${map.num_played} of ${map.num_movies} ${map.num_movies === 1 ? "movie" : "movies"}`;
  by("progress").textContent = map.is_running ? `Playing: ${counted}` : `${counted} played`;
  if (!map.is_running && !state.ways.length) by("busy").textContent = "None of the movies can be played here.";
  const [low, high] = state.ways.length ? limits() : [0, 0];
  const most = map.heat ? Math.max(0, ...map.heat.cells.map((cell) => cell[2])) / Math.max(1, map.heat.num_frames) : 0;
  const words = {
    return: [number(low), number(high), "return of the episode"],
    time: ["0:00", duration(high), "time since the start"],
    heat: ["0", `${(100 * most).toFixed(1)} %`, "of the time in a cell of 16 × 16 pixels, log scale"],
  }[state.show];
  ["low", "high", "what"].forEach((id, index) => { by(id).textContent = words[index]; });
  const notes = [];
  if (map.picture) notes.push(map.picture.is_drawn ? "The level is drawn from its data." : "The level is stitched from what the movies show.");
  if (state.ways.length && !map.has_player) notes.push("Where the player is the game does not tell; shown is the middle of the picture.");
  if (map.num_frames_elsewhere) notes.push(`${duration(map.num_frames_elsewhere)} were spent in scenes that could not be joined.`);
  if (map.failures.length) notes.push(`${map.failures.length} could not be played: ${map.failures[0].reason}`);
  by("notes").textContent = notes.join(" ");
}

function element(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function named({ agent, episode, seed, run, movie }) {
  const parts = [agent, episode === null ? `movie ${movie}` : `episode ${episode}`, seed === null ? null : `seed ${seed}`, run];
  return parts.filter((part) => part !== null).join(", ");
}

/** The lists below the map, which lead everywhere by keyboard. */
function lists() {
  const range = limits();
  const sorted = [...state.ways].reverse();
  by("episodes").replaceChildren(...sorted.map((way) => {
    const row = element("li", "", way === state.chosen ? "chosen" : "");
    const dot = element("span", "", "dot");
    dot.style.background = colourAt(palette, share(way.episode.return, range));
    const link = element("a", named(way.episode));
    link.href = way.episode.page;
    link.addEventListener("focus", () => choose(way, 0, false));
    row.addEventListener("pointerenter", () => choose(way, 0, false));
    row.append(dot, link, element("small", ending(way)), element("span", number(way.episode.return), "number"));
    way.row = row;
    return row;
  }));
  by("stuck").replaceChildren(...state.map.stuck.map((spot, index) => {
    const row = element("li", "");
    const link = element("a", `x ${spot.x}, y ${spot.y}`);
    link.href = spot.page;
    link.addEventListener("focus", () => centre(spot.x, spot.y));
    const episodes = spot.num_episodes === 1 ? "1 episode" : `${spot.num_episodes} episodes`;
    row.append(element("span", String(index + 1), "rank"), link, element("small", `${episodes}, ${duration(spot.num_frames)}`),
      element("span", `${Math.round(100 * spot.share)} % of the time without progress`, "number"));
    return row;
  }));
  if (!state.map.stuck.length) by("stuck").append(element("li", state.map.is_running ? "…" : "Nowhere for long.", "muted"));
}

function ending({ episode }) {
  const words = { goal: "reached the goal", death: "died", over: "ended by the scenario", cut: "ran out of time" };
  return `${words[episode.ending]} after ${duration(episode.num_frames)}`;
}

function draw() {
  if (state.isDue) return;
  state.isDue = true;
  requestAnimationFrame(paint);
}

function paint() {
  state.isDue = false;
  const ratio = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  if (!state.image) return;
  const scale = state.scale * ratio;
  context.setTransform(scale, 0, 0, scale, -state.left * scale, -state.top * scale);
  const [x, y] = state.map.picture.origin;
  const [wide, high] = state.map.picture.size;
  context.imageSmoothingEnabled = scale < 1;
  context.drawImage(state.image, x, y);
  context.fillStyle = "#0c0c1059";
  context.fillRect(x, y, wide, high);
  context.lineJoin = context.lineCap = "round";
  if (state.show === "heat") paintHeat(context, x, y);
  else paintWays(context, Math.max(1.6, Math.min(3, state.scale * 2)) / state.scale);
}

function paintHeat(context, x, y) {
  context.imageSmoothingEnabled = false;
  const side = state.map.heat.cell_pixels;
  context.drawImage(state.heat, x, y, state.heat.width * side, state.heat.height * side);
  state.map.stuck.forEach((spot, index) => drawSpot(context, spot, index + 1, 1 / state.scale));
}

function paintWays(context, line) {
  const range = limits();
  for (const way of state.ways) if (way !== state.chosen) paintWay(context, way, line, range, state.chosen ? 0.3 : 1);
  if (state.chosen) paintWay(context, state.chosen, line * 1.5, range, 1);
  const mark = 1 / state.scale;
  const [x, y] = state.map.picture.origin;
  const [wide, high] = state.map.picture.size;
  const border = { left: x + 8 * mark, top: y + 8 * mark, right: x + wide - 8 * mark, bottom: y + high - 8 * mark };
  for (const way of state.ways) {
    context.globalAlpha = state.chosen && way !== state.chosen ? 0.4 : 1;
    const { episode } = way;
    for (const index of episode.deaths) drawMark(context, episode.x[index], episode.y[index], "death", mark, border);
    const last = episode.x.length - 1;
    if (last >= 0 && episode.ending !== "death") drawMark(context, episode.x[last], episode.y[last], episode.ending, mark, border);
  }
  context.globalAlpha = 1;
  if (state.chosen && state.chosen.episode.x.length) {
    context.fillStyle = "#fff";
    context.beginPath();
    context.arc(state.chosen.episode.x[state.at], state.chosen.episode.y[state.at], 4 * mark, 0, 2 * Math.PI);
    context.fill();
  }
}

function paintWay(context, way, line, range, alpha) {
  context.globalAlpha = alpha;
  context.lineWidth = line * 2;
  context.strokeStyle = "#0c0c10";
  context.stroke(way.path);
  context.lineWidth = line;
  if (state.show === "return") {
    context.strokeStyle = colourAt(palette, share(way.episode.return, range));
    context.stroke(way.path);
  } else {
    for (const piece of way.pieces) {
      context.strokeStyle = colourAt(palette, share(piece.frame, range));
      context.stroke(piece.path);
    }
  }
  context.globalAlpha = 1;
}

function size() {
  const [x, y] = state.map.picture.origin;
  const [wide, high] = state.map.picture.size;
  return { x, y, wide, high };
}

/** The whole height of a wide level, or the whole width of a high one, from where the episodes begin. */
function fit() {
  const { x, y, wide, high } = size();
  state.scale = Math.max(canvas.clientWidth / wide, canvas.clientHeight / high);
  if (wide > canvas.clientWidth / state.scale + 1) state.scale = canvas.clientHeight / high;
  state.scale = Math.min(state.scale, wide * high < 200000 ? 3 : 2);
  const start = state.ways.find((way) => way.episode.x.length)?.episode;
  state.left = x;
  state.top = y;
  if (start) centre(start.x[0] + canvas.clientWidth / state.scale / 4, start.y[0]);
}

function whole() {
  const { x, y, wide, high } = size();
  state.scale = Math.min(canvas.clientWidth / wide, canvas.clientHeight / high);
  [state.left, state.top] = [x, y];
  keepInside();
  draw();
}

function centre(x, y) {
  state.left = x - canvas.clientWidth / state.scale / 2;
  state.top = y - canvas.clientHeight / state.scale / 2;
  keepInside();
  draw();
}

function keepInside() {
  const { x, y, wide, high } = size();
  const hold = (value, low, room, shown) => (room > shown ? Math.min(Math.max(value, low), low + room - shown) : low + (room - shown) / 2);
  state.left = hold(state.left, x, wide, canvas.clientWidth / state.scale);
  state.top = hold(state.top, y, high, canvas.clientHeight / state.scale);
}

function zoom(factor, atX = canvas.clientWidth / 2, atY = canvas.clientHeight / 2) {
  if (!state.image) return;
  const { wide, high } = size();
  const least = Math.min(canvas.clientWidth / wide, canvas.clientHeight / high);
  const scale = Math.min(MAX_SCALE, Math.max(least, state.scale * factor));
  state.left += atX / state.scale - atX / scale;
  state.top += atY / state.scale - atY / scale;
  state.scale = scale;
  keepInside();
  draw();
}

function pan(dx, dy) {
  if (!state.image) return;
  state.left += dx / state.scale;
  state.top += dy / state.scale;
  keepInside();
  draw();
}

/** Show one way above the others, and tell of it. */
function choose(way, at, isTold = true) {
  if (way === state.chosen && at === state.at) return;
  state.chosen?.row?.classList.remove("chosen");
  [state.chosen, state.at] = [way, at];
  way?.row?.classList.add("chosen");
  const tip = by("tip");
  tip.hidden = way === null || !isTold;
  if (way !== null && isTold && way.episode.x.length) {
    const link = element("a", `open at ${duration(way.episode.frames[at])}`);
    link.href = address(way, at);
    tip.replaceChildren(element("div", named(way.episode)), element("div", `return ${number(way.episode.return)}, ${ending(way)}`), link);
    const x = (way.episode.x[at] - state.left) * state.scale;
    const y = (way.episode.y[at] - state.top) * state.scale;
    tip.style.left = `${Math.max(4, Math.min(x + 14, canvas.clientWidth - 250))}px`;
    tip.style.top = `${Math.max(4, Math.min(y + 14, canvas.clientHeight - 84))}px`;
  }
  draw();
}

function address(way, at) {
  const made = new URL(way.episode.page, location.href);
  made.searchParams.set("frame", way.episode.frames[at]);
  return made.href;
}

/** The way nearest to a place of the canvas. */
function nearest(atX, atY) {
  const x = atX / state.scale + state.left;
  const y = atY / state.scale + state.top;
  let found = null;
  let least = (NEAR_PIXELS / state.scale) ** 2;
  for (const way of state.ways) {
    const { x: xs, y: ys } = way.episode;
    for (let index = 0; index < xs.length; index += 1) {
      const distance = (xs[index] - x) ** 2 + (ys[index] - y) ** 2;
      if (distance < least) [found, least] = [{ way, at: index }, distance];
    }
  }
  return found;
}

function place(event) {
  const { left, top } = canvas.getBoundingClientRect();
  return [event.clientX - left, event.clientY - top];
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  state.pointers.set(event.pointerId, place(event));
  state.moved = 0;
});
canvas.addEventListener("pointermove", (event) => {
  const now = place(event);
  const before = state.pointers.get(event.pointerId);
  if (!before) {
    if (!state.image || state.show === "heat") return;
    const found = nearest(...now);
    canvas.classList.toggle("over", found !== null);
    choose(found?.way ?? null, found?.at ?? 0);
    return;
  }
  state.pointers.set(event.pointerId, now);
  state.moved += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
  if (state.moved > 4) {
    canvas.classList.add("dragged");
    by("tip").hidden = true;
  }
  if (state.pointers.size === 2) {
    const other = [...state.pointers].find(([id]) => id !== event.pointerId)[1];
    const distance = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
    zoom(distance(now) / Math.max(1, distance(before)), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }
  pan((before[0] - now[0]) / state.pointers.size, (before[1] - now[1]) / state.pointers.size);
});
canvas.addEventListener("pointerup", (event) => {
  const wasClick = state.moved <= 4 && state.pointers.size === 1;
  state.pointers.delete(event.pointerId);
  canvas.classList.remove("dragged");
  if (!wasClick || !state.image || state.show === "heat") return;
  const found = nearest(...place(event));
  if (event.pointerType === "touch") choose(found?.way ?? null, found?.at ?? 0);
  else if (found) location.href = address(found.way, found.at);
});
canvas.addEventListener("pointercancel", (event) => state.pointers.delete(event.pointerId));
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * 0.0015), ...place(event));
}, { passive: false });

/** The next or previous way, in the order of the list, shown at its end. */
function step(direction) {
  const sorted = state.ways.filter((way) => way.episode.x.length).reverse();
  if (!sorted.length) return;
  const way = sorted[(sorted.indexOf(state.chosen) + direction + sorted.length + (state.chosen || direction > 0 ? 0 : 1)) % sorted.length];
  const last = way.episode.x.length - 1;
  centre(way.episode.x[last], way.episode.y[last]);
  choose(way, last);
}

canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !state.image) return;
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const move = moves[event.key];
  if (move) pan(move[0] * KEY_PIXELS, move[1] * KEY_PIXELS);
  else if (event.key === "+" || event.key === "=") zoom(ZOOM);
  else if (event.key === "-") zoom(1 / ZOOM);
  else if (event.key === "0") whole();
  else if (event.key === "n" || event.key === "p") step(event.key === "n" ? 1 : -1);
  else if (event.key === "Escape") choose(null, 0);
  else if (event.key === "Enter" && state.chosen) location.href = address(state.chosen, state.at);
  else return;
  event.preventDefault();
});
by("in").addEventListener("click", () => zoom(ZOOM));
by("out").addEventListener("click", () => zoom(1 / ZOOM));
by("fit").addEventListener("click", whole);
new ResizeObserver(() => {
  if (state.image) keepInside();
  draw();
}).observe(canvas);

load();
