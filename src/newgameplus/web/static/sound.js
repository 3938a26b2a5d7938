// Sound of the frames as they come: buffers, each scheduled at the end of the one before.

const LEAD_SECONDS = 0.06;
const MAX_AHEAD_SECONDS = 0.4;

export class Sound {
  constructor() {
    this.context = null;
    this.isWanted = true;
    this.until = 0;
  }

  /** Called on a person's first click or key, before which browsers keep pages silent. */
  begin(samplesPerSecond) {
    if (this.context || !samplesPerSecond || !navigator.userActivation.isActive) return;
    const rate = Math.min(96000, Math.max(8000, Math.round(samplesPerSecond)));
    this.context = new AudioContext({ sampleRate: rate });
    this.gain = this.context.createGain();
    this.gain.connect(this.context.destination);
  }

  get isOn() {
    return this.isWanted && this.context !== null;
  }

  /** samples: Int16Array of left, right, left, … */
  add(samples) {
    if (!this.isOn || samples.length < 2) return;
    const num = samples.length >> 1;
    const buffer = this.context.createBuffer(2, num, this.context.sampleRate);
    for (let side = 0; side < 2; side += 1) {
      const channel = buffer.getChannelData(side);
      for (let at = 0; at < num; at += 1) channel[at] = samples[2 * at + side] / 32768;
    }
    const now = this.context.currentTime;
    if (this.until < now || this.until > now + MAX_AHEAD_SECONDS) this.until = now + LEAD_SECONDS;
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.gain);
    source.start(this.until);
    this.until += num / this.context.sampleRate;
  }
}
