// Playing forward and back at several speeds, in the whole video or locked to a span.

const AHEAD = 16;
const PATIENCE = 0.4; // seconds of video that may be missing before the clock stands still

export class Player {
  /** view: {clock, frame, frames}. show(frame). lock(): [first, last] to stay in. changed(). */
  constructor(view, { show, lock, changed }) {
    this._view = view;
    this._show = show;
    this._lock = lock;
    this._changed = changed;
    this._request = 0;
    this.rate = 0;
  }

  get playing() {
    return this.rate !== 0;
  }

  play(rate) {
    const { clock, frame } = this._view;
    const [first, last] = this._lock();
    this.rate = rate;
    if (rate > 0 && (frame >= last || frame < first)) this._show(first);
    if (rate < 0 && (frame <= first || frame > last)) this._show(last);
    this._time = clock.start(this._view.frame);
    this._before = performance.now();
    if (!this._request) this._request = requestAnimationFrame((now) => this._tick(now));
    this._changed();
  }

  stop() {
    cancelAnimationFrame(this._request);
    this._request = 0;
    this.rate = 0;
    this._changed();
  }

  _tick(now) {
    const { clock, frames, frame } = this._view;
    const [first, last] = this._lock();
    this._time += (this.rate * Math.max(now - this._before, 0)) / 1000;
    this._before = now;
    if (this.rate > 0 && this._time >= clock.end(last)) this._time = this._again(clock.start(first));
    if (this.rate < 0 && this._time < clock.start(first)) this._time = this._again(clock.end(last) - 1e-6);
    if (!this.playing) return;
    const due = Math.min(Math.max(clock.at(this._time), first), last);
    const step = Math.sign(this.rate) * Math.max(Math.round(Math.abs(this.rate)), 1);
    const ahead = Array.from({ length: AHEAD }, (_, k) => due + step * (k + 1)).filter((one) => one >= first && one <= last);
    frames.want(due, ahead);
    if (frames.get(due)) this._show(due);
    else if (Math.abs(this._time - clock.start(frame)) > PATIENCE * Math.abs(this.rate) + 0.2) {
      this._time -= (this.rate * 16) / 1000; // it waits
      const newest = this.rate > 0 && due > frame ? frames.newest(due, frame + 1) : null;
      if (newest !== null) this._show(newest);
    }
    this._request = requestAnimationFrame((time) => this._tick(time));
  }

  /** At the end: around again where it is locked, else it stops. */
  _again(time) {
    const [first, last] = this._lock();
    if (first > 0 || last < this._view.clock.length - 1) return time;
    this._show(this.rate > 0 ? last : first);
    this.stop();
    return this._time;
  }
}
