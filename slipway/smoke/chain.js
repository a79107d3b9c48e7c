// How assertions are chained, `expect(x).to.not.have.…`: chai's BDD style. The words that assert stand in assertions.js.
// Sources of the words: chaijs.com/api/bdd, learning.postman.com "Test script reference".
"use strict";

const CHAINS = new Set("to be been is that which and has have with at of same but does still also".split(" "));
const FLAGS = new Set("not deep nested own ordered any all contains".split(" "));
const NO_MATTER = { any: false, all: false };
const PASSED_BY = new Set(["then", "catch", "inspect", "toJSON"]);  // a promise or a printer asks for these

class AssertionError extends Error {
  constructor(found, expected, note) {
    super(`${note ? `${note}: ` : ""}${found}, expected ${expected}`);
    Object.assign(this, { name: "AssertionError", found: note ? `${note}: ${found}` : found, expected });
  }
}

function typeOf(value) {
  return Object.prototype.toString.call(value).slice(8, -1).toLowerCase();
}

/** A value as an error quotes it: one line, not long. */
function shown(value) {
  let text;
  if (value instanceof Postman.Response) text = `status ${value.code} ${value.status}`.trim();
  else if (value instanceof RegExp || value instanceof Error) text = String(value);
  else if (value instanceof Map || value instanceof Set) text = `${typeOf(value)} ${shown([...value])}`;
  else if (typeof value === "function") text = value.name || "function";
  else try { text = JSON.stringify(value) ?? String(value); } catch (error) { text = String(value); }
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Equal in value and type at every depth. */
function same(one, other) {
  if (Object.is(one, other)) return true;
  const type = typeOf(one);
  if (type !== typeOf(other) || typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  if (type === "date" || type === "number" || type === "string" || type === "boolean") {
    return Object.is(one.valueOf(), other.valueOf());
  }
  if (type === "regexp") return String(one) === String(other);
  if (type === "map" || type === "set") return same([...one].sort(), [...other].sort());
  if (type === "error" || type === "promise") return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && (!Array.isArray(one) || one.length === other.length)
    && keys.every((key) => key in other && same(one[key], other[key]));
}

/** The value at a path like `a.b[0].c`; `found` tells a missing one from an undefined one. */
function at(value, path) {
  const steps = String(path).replace(/\[(\w+)\]/g, ".$1").split(".").filter(Boolean);
  for (const step of steps) {
    if (value === null || value === undefined || !(step in Object(value))) return { found: false };
    value = value[step];
  }
  return { found: true, value };
}

/** One expectation: what is looked at, and the words that were said so far. */
class Expectation {
  constructor(subject, note, flags = {}) {
    Object.assign(this, { subject, note, flags });
  }

  with(changes, subject = this.subject) {
    return worded(new Expectation(subject, this.note, { ...this.flags, ...changes }));
  }

  judge(holds, expected, found = this.subject) {
    if (Boolean(holds) === Boolean(this.flags.not)) {
      throw new AssertionError(shown(found), `${this.flags.not ? "not " : ""}${expected}`, this.note);
    }
  }

  /** What must be so before anything can be judged, whether it is wanted or not. */
  need(holds, expected) {
    if (!holds) throw new AssertionError(shown(this.subject), expected, this.note);
  }

  equals(one, other) {
    return this.flags.deep ? same(one, other) : one === other;
  }

  get size() {
    const { subject } = this;
    this.need(subject !== null && subject !== undefined && ("length" in Object(subject) || "size" in Object(subject)),
      "something that has a length");
    return subject.length ?? subject.size;
  }

  get number() {
    return this.flags.length ? this.size : this.subject;
  }
}

/** The expectation as scripts see it: each word is a property. */
function worded(it) {
  return new Proxy(it, {
    get(target, word) {
      if (typeof word === "symbol" || PASSED_BY.has(word)) return undefined;
      if (CHAINS.has(word)) return target.with({});
      if (FLAGS.has(word)) return target.with({ ...(word === "any" || word === "all" ? NO_MATTER : {}), [word]: true });
      const fact = factOf(target, word);
      if (fact) {
        fact(target);
        return target.with({});
      }
      const method = methodOf(target, word);
      if (!method) throw new Error(`no assertion is called ${word}`);
      return called(target, word, method);
    },
  });
}

/** A word that is called, or, as in `to.have.length.above(2)`, only leads on to the next. */
function called(it, word, method) {
  const changes = LEADS[word];
  const call = (...args) => {
    const onward = method(it, ...args);
    return it.with(changes?.contains ? changes : {}, onward ? onward.subject : it.subject);
  };
  if (!changes) return call;
  const subject = word.startsWith("response") ? it.subject[word] : it.subject;
  const get = (target, next) => (typeof next === "symbol" ? undefined : it.with(changes, subject)[next]);
  return new Proxy(call, { get });
}

const LEADS = {
  a: {}, an: {}, length: { length: true }, lengthOf: { length: true }, responseTime: {}, responseSize: {},
  ...Object.fromEntries(["include", "includes", "contain", "contains"].map((word) => [word, { contains: true }])),
};

function factOf(it, word) {
  if (it.subject instanceof Postman.Response && Object.hasOwn(RESPONSE_FACTS, word)) return RESPONSE_FACTS[word];
  return Object.hasOwn(FACTS, word) ? FACTS[word] : undefined;
}

function methodOf(it, word) {
  if (it.subject instanceof Postman.Response && Object.hasOwn(RESPONSE_METHODS, word)) return RESPONSE_METHODS[word];
  if (it.subject instanceof Postman.Request && word === "header") return RESPONSE_METHODS.header;
  return Object.hasOwn(METHODS, word) ? METHODS[word] : undefined;
}

function expect(subject, note) {
  return worded(new Expectation(subject, note));
}

expect.fail = (...args) => {
  throw args.length > 1 ? new AssertionError(shown(args[0]), shown(args[1]), args[2])
    : new AssertionError(args[0] ?? "expect.fail()", "not to come here");
};
