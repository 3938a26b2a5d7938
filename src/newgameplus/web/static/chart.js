// Lines over agent steps, drawn on a canvas with axes, or as a small picture without.

const MARGIN = { left: 46, right: 10, top: 10, bottom: 22 };

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Colour of the line with an index, such that neighbours differ. */
export function colourOf(index) {
  return index < 0 ? "transparent" : `oklch(0.66 0.15 ${Math.round(index * 137.5 + 250) % 360})`;
}

/** 1234567 → 1.2M */
export function short(number) {
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(number);
}

function prepared(canvas) {
  const ratio = devicePixelRatio || 1;
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.lineJoin = "round";
  return { context, width: width / ratio, height: height / ratio };
}

/** Round numbers between two values. */
function ticks(low, high, most) {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) found.push(value);
  return found;
}

function bounds(lists) {
  let low = Infinity;
  let high = -Infinity;
  for (const list of lists) {
    for (const value of list) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

function drawLine(context, steps, values, x, y) {
  context.beginPath();
  for (let at = 0; at < values.length; at += 1) {
    if (at === 0) context.moveTo(x(steps[at]), y(values[at]));
    else context.lineTo(x(steps[at]), y(values[at]));
  }
  if (values.length === 1) context.arc(x(steps[0]), y(values[0]), 1.5, 0, 7);
  context.stroke();
}

/** Means of all levels; the chosen one in front, with its episodes. */
export function drawReturns(canvas, levels, chosen) {
  const { context, width, height } = prepared(canvas);
  const front = levels.filter((level) => level.name === chosen);
  const seen = front.length ? front : levels;
  const shown = front.length || levels.length === 1 ? (level) => [level.mean, level.returns] : (level) => [level.mean];
  let [low, high] = bounds(seen.flatMap(shown));
  if (low > 0 && low < (high - low) / 2) low = 0;
  const last = Math.max(1, ...levels.map((level) => level.steps.at(-1) ?? 0));
  const x = (step) => MARGIN.left + (step / last) * (width - MARGIN.left - MARGIN.right);
  const y = (value) => height - MARGIN.bottom - ((value - low) / (high - low)) * (height - MARGIN.top - MARGIN.bottom);
  drawAxes(context, { x, y, low, high, last, width });
  context.save();
  context.beginPath();
  context.rect(MARGIN.left, 0, width - MARGIN.left, height - MARGIN.bottom + 2);
  context.clip();
  context.lineWidth = front.length ? 1.25 : 1.75;
  levels.forEach((level, index) => {
    if (level.name === chosen) return;
    context.strokeStyle = front.length ? colour("--key") : colourOf(index);
    drawLine(context, level.steps, level.mean, x, y);
  });
  const only = front[0] ?? (levels.length === 1 ? levels[0] : null);
  if (only) {
    context.fillStyle = context.strokeStyle = colour("--accent");
    context.globalAlpha = 0.4;
    for (let at = 0; at < only.returns.length; at += 1) {
      context.fillRect(x(only.steps[at]) - 1.25, y(only.returns[at]) - 1.25, 2.5, 2.5);
    }
    context.globalAlpha = 1;
    context.lineWidth = 2.25;
    drawLine(context, only.steps, only.mean, x, y);
  }
  context.restore();
}

function drawAxes(context, { x, y, low, high, last, width }) {
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colour("--muted");
  context.strokeStyle = colour("--line");
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of ticks(low, high, 5)) {
    context.beginPath();
    context.moveTo(MARGIN.left, Math.round(y(value)) + 0.5);
    context.lineTo(width - MARGIN.right, Math.round(y(value)) + 0.5);
    context.stroke();
    context.fillText(short(value), MARGIN.left - 6, y(value));
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const step of ticks(0, last, width < 420 ? 4 : 7)) {
    if (x(step) < width - 14) context.fillText(short(step), x(step), y(low) + 7);
  }
}

/** A small line without axes. */
export function drawSmall(canvas, steps, values) {
  const { context, width, height } = prepared(canvas);
  const [low, high] = bounds([values]);
  const first = steps[0] ?? 0;
  const span = Math.max(1, (steps.at(-1) ?? 1) - first);
  const x = (step) => 1 + ((step - first) / span) * (width - 2);
  const y = (value) => height - 3 - ((value - low) / (high - low)) * (height - 6);
  context.strokeStyle = colour("--accent");
  context.lineWidth = 1.5;
  drawLine(context, steps, values, x, y);
}
