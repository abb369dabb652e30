// Calls of the server. What it refuses is a ServerError with one plain sentence.

import { pause } from "./dom.js";

/**
 * A refusal. status: 0 where the server was not reached. after: seconds to wait, or null. content: of
 * the answer, where it is JSON.
 */
export class ServerError extends Error {
  constructor(status, sentence, after = null, content = null) {
    super(sentence);
    this.name = "ServerError";
    this.status = status;
    this.after = after;
    this.content = content;
  }
}

const AWAY = "The server does not answer. Does it still run?";
const GONE = "The server ended before it had answered.";
const STREAMS = 2; // a browser has six connections to a server; frames need the others
const POLL = 2; // seconds between two looks at a job that has no stream
const BUSY = [429, 503];

/** Called when the server wants to know who is there: `onLogin = (error) => ...`. */
export const hooks = { onLogin: null };

/**
 * An answer to a request. json: sent as the body. Returns the content of JSON, else the Response.
 * Raises ServerError; an aborted signal raises its reason.
 */
export async function call(method, path, { json, body, signal, headers } = {}) {
  const sent = { method, signal, headers: { Accept: "application/json", ...headers }, credentials: "same-origin" };
  if (json !== undefined) {
    sent.body = JSON.stringify(json);
    sent.headers["Content-Type"] = "application/json";
  } else if (body !== undefined) sent.body = body;
  const response = await reached(() => fetch(path, sent), signal, AWAY);
  if (!response.ok) throw await refusal(response);
  if (response.status === 204) return null;
  const kind = response.headers.get("Content-Type") ?? "";
  return kind.startsWith("application/json") ? reached(() => response.json(), signal, GONE) : response;
}

export const get = (path, how) => call("GET", path, how);
export const post = (path, json, how) => call("POST", path, { ...how, json });
export const remove = (path, how) => call("DELETE", path, how);

async function reached(work, signal, sentence) {
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new ServerError(0, sentence);
  }
}

/** The ServerError of an answer that is none. */
export async function refusal(response) {
  const text = await response.text().catch(() => "");
  const error = problem(response.status, text, response.headers.get("Retry-After"));
  // That a login is refused is said where it was tried.
  if (error.status === 401 && !response.url.endsWith("/api/login")) hooks.onLogin?.(error);
  return error;
}

function problem(status, text, after) {
  let sentence = `The server refused it (${status}).`;
  let content = null;
  try {
    content = JSON.parse(text);
    sentence = content.detail || sentence;
  } catch {
    // a proxy's page; its number says enough
  }
  const seconds = after === null || after === "" ? NaN : Number(after);
  return new ServerError(status, sentence, Number.isFinite(seconds) ? Math.max(seconds, 0) : null, content);
}

/**
 * What `work()` gives, tried again as long as the server is busy. waiting: called with the seconds
 * left, every second, and with null when it is tried.
 */
export async function patiently(work, { signal, waiting = () => {} } = {}) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ServerError) || !BUSY.includes(error.status)) throw error;
      for (let left = Math.ceil(error.after ?? 5); left > 0; left -= 1) {
        waiting(left, error);
        await pause(1, signal);
      }
      waiting(null, error);
    }
  }
}

/**
 * Send a file. progress: called with the share that is sent, 0..1. Returns the answer's JSON.
 * Raises ServerError.
 */
export function upload(path, file, { progress = () => {}, signal } = {}) {
  return new Promise((done, fail) => {
    signal?.throwIfAborted();
    const request = new XMLHttpRequest(); // fetch does not say how much is sent
    request.open("POST", path);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) {
        try {
          done(JSON.parse(request.responseText));
        } catch {
          fail(new ServerError(0, GONE));
        }
        return;
      }
      const error = problem(request.status, request.responseText, request.getResponseHeader("Retry-After"));
      if (error.status === 401) hooks.onLogin?.(error);
      fail(error);
    });
    request.addEventListener("error", () => fail(new ServerError(0, AWAY)));
    request.addEventListener("abort", () => fail(signal?.reason));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}

const ENDED = ["done", "failed", "cancelled"];
let streams = 0;

/**
 * A job whenever it changes, until it has ended: `for await (const job of follow(id, signal))`.
 * By server-sent events where a connection is free, else by asking now and then; where the server
 * goes away for a moment it is asked again. lost: called with the error, and with null once it is
 * back.
 */
export async function* follow(id, { signal, lost = () => {} } = {}) {
  const path = `/api/jobs/${id}`;
  let away = false;
  for (;;) {
    try {
      if (streams < STREAMS) {
        for await (const job of events(`${path}/events`, signal)) {
          if (away) lost(null);
          away = false;
          yield job;
          if (ENDED.includes(job.state)) return;
        }
      }
      const job = await get(path, { signal });
      if (away) lost(null);
      away = false;
      yield job;
      if (ENDED.includes(job.state)) return;
    } catch (error) {
      if (signal?.aborted) throw error;
      if (!(error instanceof ServerError) || ![0, ...BUSY].includes(error.status)) throw error;
      if (error.status !== 429) {
        away = true;
        lost(error);
      }
    }
    await pause(POLL, signal);
  }
}

/** Contents of server-sent events, as JSON, until the stream ends. Raises ServerError. */
async function* events(path, signal) {
  streams += 1;
  let reader = null;
  try {
    const headers = { Accept: "text/event-stream" };
    const response = await reached(() => fetch(path, { signal, headers, credentials: "same-origin" }), signal, AWAY);
    if (!response.ok) throw await refusal(response);
    reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reached(() => reader.read(), signal, AWAY);
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const lines = part.split("\n").filter((line) => line.startsWith("data:"));
        if (lines.length) yield JSON.parse(lines.map((line) => line.slice(5).trimStart()).join("\n"));
      }
    }
  } finally {
    streams -= 1;
    reader?.cancel().catch(() => {});
  }
}

/** Who is there: {name, role, login}. A server without accounts lets everybody do everything. */
export async function me() {
  try {
    return await get("/api/me");
  } catch (error) {
    if (error.status === 404) return { name: null, role: "admin", login: false };
    throw error;
  }
}
