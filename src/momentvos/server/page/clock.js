// Frames and times of a video.

/** When frames are: `times` and `durations` in seconds, as the server gives them. */
export class Clock {
  constructor({ times, durations }) {
    this.times = times;
    this.durations = durations;
    this.length = times.length;
    this.duration = Math.max(times.at(-1) + durations.at(-1), 1e-6);
  }

  start(frame) {
    return this.times[frame];
  }

  end(frame) {
    return this.times[frame] + this.durations[frame];
  }

  /** The frame that is shown at a time: the last that has begun. */
  at(seconds) {
    let low = 0, high = this.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.times[middle] <= seconds) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** A frame's number within the video. */
  clamp(frame) {
    return Math.min(Math.max(Math.round(frame), 0), this.length - 1);
  }
}
