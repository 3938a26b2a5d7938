// Curves along an episode, drawn on canvases; a click goes to the frame below it.

/** A colour of the style sheet. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function prepared(canvas) {
  const ratio = devicePixelRatio || 1;
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  context.lineJoin = "round";
  return { context, width, height, ratio };
}

function range(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** One curve: frames and values of its points, of numFrames in all, with bars from zero, which its labels include. */
export function drawCurve(canvas, { frames, values, bars, numFrames, isLabelled, hasZero = isLabelled }) {
  const { context, width, height, ratio } = prepared(canvas);
  const pad = 3 * ratio;
  const x = (at) => (numFrames > 1 ? (at / (numFrames - 1)) * (width - 1) : 0) + 0.5;
  let [low, high] = range(values);
  if (!(low <= high)) [low, high] = [0, 0];
  if (hasZero) [low, high] = [Math.min(0, low), Math.max(0, high)];
  const span = high - low || 1;
  const y = (value) => height - pad - ((value - low) / span) * (height - 2 * pad);
  if (bars) {
    const [least, most] = range(bars);
    const reach = Math.max(Math.abs(least), Math.abs(most));
    if (reach > 0) {
      const zero = y(0);
      for (let at = 0; at < bars.length; at += 1) {
        if (bars[at] === 0) continue;
        context.fillStyle = colour(bars[at] > 0 ? "--gain" : "--loss");
        const size = (Math.abs(bars[at]) / reach) * (height - 2 * pad) * 0.6;
        context.fillRect(x(frames[at]) - ratio / 2, bars[at] > 0 ? zero - size : zero, Math.max(1, ratio), size);
      }
    }
    context.fillStyle = colour("--line");
    context.fillRect(0, y(0), width, Math.max(1, ratio / 2));
  }
  context.strokeStyle = colour("--accent");
  context.lineWidth = 1.5 * ratio;
  context.beginPath();
  for (let at = 0; at < values.length; at += 1) {
    if (at === 0) context.moveTo(x(frames[at]), y(values[at]));
    else context.lineTo(x(frames[at]), y(values[at]));
  }
  context.stroke();
  if (isLabelled && values.length) {
    context.fillStyle = colour("--muted");
    context.font = `${11 * ratio}px system-ui, sans-serif`;
    context.textBaseline = "top";
    context.fillText(high.toLocaleString("en", { maximumFractionDigits: 1 }), 4 * ratio, 2 * ratio);
    if (low !== 0) {
      context.textBaseline = "bottom";
      context.fillText(low.toLocaleString("en", { maximumFractionDigits: 1 }), 4 * ratio, height - 2 * ratio);
    }
  }
}

/** Several curves, of points that are interval frames apart; one of them may be marked. Returns least and most value. */
export function drawCurves(canvas, curves, { interval, numFrames, marked = null }) {
  const { context, width, height, ratio } = prepared(canvas);
  const pad = 4 * ratio;
  const x = (at) => (numFrames > 1 ? ((at * interval) / (numFrames - 1)) * (width - 1) : 0) + 0.5;
  const ranges = curves.filter((values) => values.length).map(range);
  const low = Math.min(0, ...ranges.map(([least]) => least));
  const high = Math.max(0, ...ranges.map(([, most]) => most));
  const y = (value) => height - pad - ((value - low) / (high - low || 1)) * (height - 2 * pad);
  context.fillStyle = colour("--line");
  context.fillRect(0, y(0), width, Math.max(1, ratio / 2));
  const order = [...curves.keys()].filter((number) => curves[number].length && number !== marked);
  if (marked !== null && curves[marked].length) order.push(marked); // above the others
  for (const number of order) {
    const values = curves[number];
    context.strokeStyle = context.fillStyle = colour(number === marked ? "--cursor" : "--accent");
    context.globalAlpha = number === marked ? 1 : 0.55;
    context.lineWidth = (number === marked ? 2.5 : 1.2) * ratio;
    context.beginPath();
    values.forEach((value, at) => context.lineTo(x(at), y(value)));
    context.stroke();
    context.beginPath();
    context.arc(x(values.length - 1), y(values.at(-1)), (number === marked ? 3.5 : 2) * ratio, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
  return [low, high];
}

/** The frame below a pointer. */
export function frameAt(canvas, event, numFrames) {
  const place = canvas.getBoundingClientRect();
  const share = (event.clientX - place.left) / Math.max(1, place.width);
  return Math.round(Math.min(1, Math.max(0, share)) * (numFrames - 1));
}

/** Go along with the pointer while it is held. */
export function onPointed(canvas, numFrames, go) {
  const move = (event) => {
    if (event.buttons & 1 || event.type === "pointerdown") go(frameAt(canvas, event, numFrames()));
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    move(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) move(event);
  });
}
