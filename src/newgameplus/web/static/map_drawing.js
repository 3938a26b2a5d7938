// What a map is drawn with: colours, paths, marks, the heat of cells.

const PIECE_POINTS = 8;
const DARK = "#0c0c10";

export function duration(frames) {
  const seconds = Math.round(frames / 60);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export function number(value) {
  return value.toLocaleString("en", { maximumFractionDigits: 1 });
}

/** Colour of a share, 0 for the lowest and 1 for the highest value, as [red, green, blue]. */
function rgbAt(palette, share) {
  const place = Math.min(1, Math.max(0, share)) * (palette.length - 1);
  const first = Math.min(Math.floor(place), palette.length - 2);
  const parts = [1, 3, 5].map((at) => [first, first + 1].map((index) => parseInt(palette[index].slice(at, at + 2), 16)));
  return parts.map(([low, high]) => Math.round(low + (high - low) * (place - first)));
}

export function colourAt(palette, share) {
  return `rgb(${rgbAt(palette, share).join(" ")})`;
}

/** The path of an episode as a whole, and in pieces with the frame at which each begins. */
export function traced({ x, y, frames, breaks }) {
  const path = new Path2D();
  const pieces = [];
  const isBreak = new Set(breaks);
  let piece = null;
  for (let index = 0; index < x.length; index += 1) {
    if (isBreak.has(index)) {
      path.moveTo(x[index], y[index]);
      piece = null;
    } else {
      path.lineTo(x[index], y[index]);
      if (piece === null || piece.points === PIECE_POINTS) {
        piece = { path: new Path2D(), frame: frames[index], points: 0 };
        piece.path.moveTo(x[index - 1], y[index - 1]);
        pieces.push(piece);
      }
      piece.path.lineTo(x[index], y[index]);
      piece.points += 1;
    }
  }
  return { path, pieces };
}

/** How an episode ended: a cross for death, a star for the goal, a ring for the limit, a square otherwise. */
export function drawMark(context, x, y, ending, scale, border) {
  context.save();
  context.translate(Math.min(Math.max(x, border.left), border.right), Math.min(Math.max(y, border.top), border.bottom));
  context.scale(scale, scale);
  context.beginPath();
  if (ending === "death") {
    context.moveTo(-5, -5);
    context.lineTo(5, 5);
    context.moveTo(-5, 5);
    context.lineTo(5, -5);
  } else if (ending === "goal") {
    for (let point = 0; point < 10; point += 1) {
      const angle = (point * Math.PI) / 5 - Math.PI / 2;
      const radius = point % 2 ? 4.5 : 11;
      context.lineTo(radius * Math.cos(angle), radius * Math.sin(angle));
    }
    context.closePath();
  } else if (ending === "cut") context.arc(0, 0, 5, 0, 2 * Math.PI);
  else context.rect(-5, -5, 10, 10);
  context.strokeStyle = DARK;
  context.lineWidth = 5;
  context.stroke();
  context.strokeStyle = context.fillStyle = "#fff";
  context.lineWidth = 2.2;
  if (ending === "goal") context.fill();
  else context.stroke();
  context.restore();
}

/** A number with a line to a place where episodes are stuck. */
export function drawSpot(context, { x, y }, rank, scale) {
  context.save();
  context.translate(x, y);
  context.scale(scale, scale);
  context.strokeStyle = context.fillStyle = "#fff";
  context.beginPath();
  context.moveTo(0, 0);
  context.lineTo(0, -36);
  context.stroke();
  context.beginPath();
  context.arc(0, -44, 12, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = DARK;
  context.font = "700 13px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(String(rank), 0, -43);
  context.restore();
}

/** The time spent in each cell, a pixel each, on a logarithmic scale. */
export function drawHeat({ heat, picture }, palette) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.ceil(picture.size[0] / heat.cell_pixels));
  canvas.height = Math.max(1, Math.ceil(picture.size[1] / heat.cell_pixels));
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  const most = Math.log1p(Math.max(0, ...heat.cells.map((cell) => cell[2])));
  for (const [column, row, frames] of heat.cells) {
    const share = Math.log1p(frames) / most;
    pixels.data.set([...rgbAt(palette, share), Math.round(255 * (0.35 + 0.55 * share))], 4 * (row * canvas.width + column));
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}
