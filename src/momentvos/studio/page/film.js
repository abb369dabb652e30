// Frames and masks of one video of the studio.

import { ServerError, get, refusal } from "/page/api.js";
import { Clock } from "/page/clock.js";
import { Frames } from "/page/frames.js";

const CHUNK = 40;

/** Pictures of frames, from the data set's own files or the film. */
export class FilmFrames extends Frames {
  async _fetch(frame, width, signal) {
    const query = width === null ? "" : `?width=${width}`;
    let response;
    try {
      response = await fetch(`/api/studio/videos/${this.video.id}/frames/${frame}${query}`, { signal, credentials: "same-origin" });
    } catch {
      throw new ServerError(0, "The server does not answer. Does it still run?");
    }
    if (!response.ok) throw await refusal(response);
    return createImageBitmap(await response.blob());
  }
}

/** Masks of all objects of a video. arrived(): some are there that were not. */
export class FilmMasks {
  constructor(video, arrived) {
    this._video = video;
    this._arrived = arrived;
    this._chunks = new Map();
    this._round = 0;
  }

  /** COCO's encoding of an object's mask in a frame; null: empty, or not there yet. */
  get(object, frame) {
    const chunk = Math.floor(frame / CHUNK);
    if (!this._chunks.has(chunk)) this._load(chunk);
    if (frame % CHUNK > CHUNK / 2 && (chunk + 1) * CHUNK < this._video.frames && !this._chunks.has(chunk + 1)) this._load(chunk + 1);
    const part = this._chunks.get(chunk);
    const counts = part?.masks[object]?.[frame - part.start];
    return counts ? { size: part.size, counts } : null;
  }

  /** Forget all: corrections have changed them. */
  clear() {
    this._chunks.clear();
    this._round += 1;
    this._arrived();
  }

  async _load(chunk) {
    const round = this._round;
    this._chunks.set(chunk, null);
    const start = chunk * CHUNK;
    const stop = Math.min(start + CHUNK, this._video.frames);
    try {
      const part = await get(`/api/studio/videos/${this._video.id}/masks?start=${start}&stop=${stop}`);
      if (round !== this._round) return;
      this._chunks.set(chunk, part);
      this._arrived();
    } catch {
      setTimeout(() => this._chunks.get(chunk) === null && this._chunks.delete(chunk), 2000);
    }
  }
}

/** When frames are, even where the data set only knows a rate. */
export function clockOf(video) {
  const even = Array.from({ length: video.frames }, (_, frame) => frame / video.fps);
  return new Clock({
    times: video.times ?? even,
    durations: video.durations ?? even.map(() => 1 / video.fps),
  });
}
