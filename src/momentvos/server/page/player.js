// Playing: frames at the video's true times, as far as they come; it waits for those that do not.

const AHEAD = 24; // pictures that are fetched before they are due
const PATIENCE = 0.4; // seconds of video that may be missing before the clock stands still
const STRIDE = 8;

/** Plays frames of a `view` (clock, frame, frames). show(frame), ended(). */
export class Player {
  constructor(view, { show, ended }) {
    this._view = view;
    this._show = show;
    this._ended = ended;
    this._request = 0;
  }

  get playing() {
    return this._request !== 0;
  }

  start() {
    const { clock, frame } = this._view;
    if (frame >= clock.length - 1) this._show(0);
    this._time = clock.start(this._view.frame);
    this._last = performance.now();
    this._request = requestAnimationFrame((now) => this._tick(now));
  }

  stop() {
    cancelAnimationFrame(this._request);
    this._request = 0;
  }

  _tick(now) {
    const { clock, frames, frame } = this._view;
    this._time += Math.max(now - this._last, 0) / 1000;
    this._last = now;
    let due = clock.at(this._time);
    const there = frames.newest(due, frame + 1);
    const shown = there ?? frame;
    if (due > shown && this._time - clock.end(shown) > PATIENCE) {
      this._time = clock.end(shown) + PATIENCE; // it waits
      due = clock.at(this._time);
    }
    // Where pictures come slower than they are due, some are left out.
    const interval = clock.duration / clock.length;
    const stride = Math.min(Math.max(Math.ceil(frames.seconds / 2 / interval), 1), STRIDE);
    const ahead = [];
    for (let one = due + stride; ahead.length < AHEAD && one < clock.length; one += stride) ahead.push(one);
    if (ahead.at(-1) !== clock.length - 1) ahead.push(clock.length - 1);
    frames.want(due, ahead);
    if (there !== null) this._show(there);
    if (shown >= clock.length - 1 && this._time >= clock.duration) {
      this.stop();
      this._ended();
      return;
    }
    this._request = requestAnimationFrame((time) => this._tick(time));
  }
}
