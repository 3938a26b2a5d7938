// The picture of a frame on a canvas, in the shape that the console's screen has.

const HANDHELDS = ["GameBoy", "GbColor", "GbAdvance", "NintendoDs", "GameGear"];
const TELEVISION = 4 / 3;

/** Draw a frame; its shape is left in the property --aspect of the canvas. rgb: its pixels, three bytes each. */
export function paint(canvas, { width, height }, rgb, console) {
  if (canvas.width !== width || canvas.height !== height || !canvas.style.getPropertyValue("--aspect")) {
    canvas.width = width;
    canvas.height = height;
    canvas.style.setProperty("--aspect", HANDHELDS.includes(console) ? width / height : TELEVISION);
  }
  const pixels = canvas.getContext("2d");
  const image = pixels.createImageData(width, height);
  const rgba = new Uint32Array(image.data.buffer);
  for (let at = 0, from = 0; at < rgba.length; at += 1, from += 3) {
    rgba[at] = rgb[from] | (rgb[from + 1] << 8) | (rgb[from + 2] << 16) | 0xff000000;
  }
  pixels.putImageData(image, 0, 0);
}
