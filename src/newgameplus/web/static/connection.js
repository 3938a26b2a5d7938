// The WebSocket to a player process: requests as JSON, frames as binary messages (see messages.py).

const FRAME = 1;
const HEAD_BYTES = 36;

/** A frame's message in parts; its picture is still deflated. */
export function parseFrame(data) {
  const view = new DataView(data);
  if (view.getUint8(0) !== FRAME) throw new Error("This message is no frame.");
  const numPlayers = view.getUint8(1);
  const numVariables = view.getUint16(2, true);
  const numSoundBytes = view.getUint32(HEAD_BYTES - 4, true);
  let at = HEAD_BYTES;
  const masks = [];
  for (let player = 0; player < numPlayers; player += 1, at += 4) masks.push(view.getUint32(at, true));
  const variables = [];
  for (let index = 0; index < numVariables; index += 1, at += 8) variables.push(view.getFloat64(at, true));
  const sound = new Int16Array(data.slice(at, at + numSoundBytes));
  return {
    generation: view.getUint32(4, true),
    frame: view.getUint32(8, true),
    width: view.getUint16(12, true),
    height: view.getUint16(14, true),
    reward: view.getFloat64(16, true),
    episodeReturn: view.getFloat64(24, true),
    masks,
    variables,
    sound,
    deflated: new Uint8Array(data, at + numSoundBytes),
  };
}

/** The picture of a frame as RGB bytes. */
export async function inflate(deflated) {
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export class Connection {
  /** path: address of the WebSocket on this server; parse: reads its binary messages. */
  constructor(path, { onTold, onFrame, onEnd, parse = parseFrame }) {
    this.generation = 0;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}${path}`);
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("message", (event) => {
      if (typeof event.data === "string") onTold(JSON.parse(event.data));
      else onFrame(parse(event.data));
    });
    this.socket.addEventListener("close", onEnd);
  }

  ask(what, more = {}) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (what !== "drawn") this.generation += 1;
    this.socket.send(JSON.stringify({ do: what, generation: this.generation, ...more }));
  }
}

/** Draws frames as they come; while one is drawn, only the newest of the others waits. */
export class Newest {
  /** connection: is told of each frame that is drawn, or never will be; draw: draws one, and may take its time. */
  constructor(connection, draw) {
    this.connection = connection;
    this.draw = draw;
    this.waiting = null;
    this.isDrawing = false;
  }

  async take(frame) {
    if (this.waiting !== null) this.connection.ask("drawn"); // that one never will be
    this.waiting = frame;
    if (this.isDrawing) return;
    this.isDrawing = true;
    while (this.waiting !== null) {
      const next = this.waiting;
      this.waiting = null;
      await this.draw(next);
      this.connection.ask("drawn");
    }
    this.isDrawing = false;
  }
}
