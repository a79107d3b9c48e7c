// `pm` and the older names beside it, for one script; and how the host runs that script (begin, next, fire, answer).
// Source of the names: learning.postman.com, "Test script reference" and "Postman sandbox API reference".
"use strict";

const LIBRARY_LINES = 10000;  // the host puts this library behind so many empty lines: a lower line is the script's
const { parse, stringify } = JSON;  // a script may bend them
const run = { begun: [], tests: [], waiting: [], errors: [], skipped: false, number: 0 };

function lineOf(error) {
  const lines = [...String(error?.stack ?? "").matchAll(/<input>:(\d+)/g)].map(([, line]) => Number(line));
  return lines.find((line) => line < LIBRARY_LINES) ?? 0;
}

function told(error) {
  if (error instanceof AssertionError) return { found: error.found, expected: error.expected, line: lineOf(error) };
  const thrown = error ?? "no memory left, or null thrown";
  const found = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : shown(thrown);
  return { found, expected: "no error", line: lineOf(error) };
}

function test(name, body) {
  const made = { name: String(name), passed: true };
  run.begun.push(made);
  const end = (error) => {
    if (made.ended) return;
    made.ended = true;
    run.tests.push(made);
    if (error) Object.assign(made, { passed: false }, told(error));
  };
  if (typeof body !== "function") return end(), pm;
  try {
    if (body.length) body(end);
    else {
      const got = body();
      if (typeof got?.then === "function") got.then(() => end(), (error) => end(error ?? null));
      else end();
    }
  } catch (error) { end(error ?? new Error(String(error))); }
  return pm;
}

test.skip = (name) => { run.tests.push({ name: String(name), skipped: true }); return pm; };
test.index = () => run.tests.length;

function wait(what) {
  run.number += 1;
  run.waiting.push({ id: run.number, ...what });
  return run.number;
}

const forget = (id) => { run.waiting = run.waiting.filter((each) => each.id !== id); };
const timer = (call, ms, args) => ({ due: Date.now() + Number(ms), call: () => call(...args) });
const later = (call, ms = 0, ...args) => wait(timer(call, ms, args));
const again = (call, ms = 0, ...args) => wait({ ...timer(call, ms, args), every: Number(ms) });

function sendRequest(given, callback) {
  const request = new Request(given);
  const sent = new Promise((resolve, reject) => {
    wait({ request, call: (error, response) => {
      if (typeof callback === "function") callback(error, response);
      else if (error) reject(error); else resolve(response);
    } });
  });
  return typeof callback === "function" ? pm : sent;
}

const setNextRequest = (name) => { run.next = { name }; };
const silent = () => {};
const refused = (what) => () => { throw new Error(`${what} is not to be had in a smoke test`); };
const MODULES = { chai: { expect }, uuid: { v4: uuid }, tv4, atob: fromBase64, btoa: toBase64 };
let pm;

function prepare(state) {
  const scopes = scopesOf(state.scopes);
  const { lookup, ...named } = scopes;
  run.request = new Request(state.request);
  const cookies = new Cookies(state.cookies);
  cookies.jar = refused("pm.cookies.jar");
  pm = {
    ...named, test, expect, sendRequest, cookies, request: run.request,
    response: state.response ? new Response({ ...state.response, cookies: state.cookies }) : undefined,
    info: { eventName: state.event, iteration: 0, iterationCount: 1, requestName: state.name, requestId: state.id },
    iterationData: new Scope({}, "data"), visualizer: { set() {}, clear() {} },
    execution: { setNextRequest, location: Object.assign([...state.place], { current: state.place.at(-1) }),
      skipRequest() { run.skipped = true; throw run; } },
    require: modules, vault: { get: refused("pm.vault"), set: refused("pm.vault"), unset: refused("pm.vault") },
  };
  return {
    pm, ...olderNames(pm, state), require: modules, tv4, atob: fromBase64, btoa: toBase64,
    setTimeout: later, setInterval: again, setImmediate: (call, ...args) => later(call, 0, ...args),
    clearTimeout: forget, clearInterval: forget, clearImmediate: forget,
    console: Object.fromEntries("log info warn error debug trace table clear".split(" ").map((name) => [name, silent])),
  };
}

function modules(name) {
  if (!Object.hasOwn(MODULES, name)) throw new Error(`the library ${name} is not to be had in a smoke test`);
  return MODULES[name];
}

const guarded = (call) => (...args) => {
  try { return call(...args); } catch (error) { if (error !== run) run.errors.push(told(error)); return undefined; }
};

const host = {
  dynamic: () => stringify(Object.keys(DYNAMIC)),

  /** A request with its variables filled in, its address as one text, and the names that have no value. */
  fill(request, scopes) {
    const missing = [];
    const { lookup } = scopesOf(parse(scopes));
    const { url, ...rest } = parse(request);
    const full = new Request(filledAll(rest, lookup, missing));
    // In parts first: a value that holds ? or & is no border of theirs.
    const address = filled(String(new Url(url ?? "")), lookup, missing);
    return stringify({ ...full.toJSON(), url: address, missing });
  },

  begin(state, source) {
    run.state = parse(state);
    Object.assign(globalThis, prepare(run.state));
    guarded(() => {
      const script = (0, eval)(`(async function () {${source}\n})`);
      script.call(globalThis).catch(guarded((error) => { throw error; }));
    })();
  },

  /** What the host has to do now: send a request, wait for a timer, or take the result. */
  next() {
    if (run.skipped) run.waiting = [];
    const sends = run.waiting.find((each) => each.request && !each.sent);
    if (sends) {
      sends.sent = true;
      return stringify({ send: sends.request, id: sends.id, scopes: run.state.scopes });
    }
    const [soonest] = run.waiting.filter((each) => each.due !== undefined).sort((one, other) => one.due - other.due);
    if (soonest) return stringify({ wait: Math.max(0, soonest.due - Date.now()), id: soonest.id });
    return stringify({ result: host.result() });
  },

  fire(id) {
    const due = run.waiting.find((each) => each.id === id);
    if (due.every === undefined) forget(id); else due.due = Date.now() + due.every;
    guarded(due.call)();
  },

  answer(id, response) {
    const { call } = run.waiting.find((each) => each.id === id);
    const { error, ...got } = parse(response);
    forget(id);
    guarded(call)(error ? new Error(error) : null, error ? undefined : new Response(got));
  },

  result() {
    const open = run.skipped ? [] : run.begun.filter((made) => !made.ended)
      .map((made) => ({ ...made, passed: false, found: "a test whose end was not called", expected: "done()" }));
    const older = Object.entries(globalThis.tests ?? {}).map(([name, value]) => ({
      name, passed: Boolean(value), found: shown(value), expected: "something that is true",
    }));
    const { request, errors, next, skipped } = run;
    return { scopes: run.state.scopes, request, tests: [...run.tests, ...open, ...older], errors, next, skipped };
  },
};

return (name, ...args) => host[name](...args);
