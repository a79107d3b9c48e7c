// The assertions themselves, by name. A fact is a bare word (`to.be.true`), a method takes arguments (`to.equal(1)`).
"use strict";

const fact = (expected, holds) => (it) => it.judge(holds(it.subject), expected);
const number = (value) => typeof value === "number" || value instanceof Date;

const FACTS = {
  ok: fact("something that is true", Boolean),
  true: fact("true", (found) => found === true),
  false: fact("false", (found) => found === false),
  null: fact("null", (found) => found === null),
  undefined: fact("undefined", (found) => found === undefined),
  NaN: fact("NaN", Number.isNaN),
  exist: fact("something", (found) => found !== null && found !== undefined),
  exists: fact("something", (found) => found !== null && found !== undefined),
  finite: fact("a finite number", Number.isFinite),
  extensible: fact("extensible", Object.isExtensible),
  sealed: fact("sealed", Object.isSealed),
  frozen: fact("frozen", Object.isFrozen),
  empty(it) {
    const { subject } = it;
    it.need(typeof subject === "string" || (typeof subject === "object" && subject !== null), "a text, list or object");
    it.judge((subject.length ?? subject.size ?? Object.keys(subject).length) === 0, "empty");
  },
};

const METHODS = {};

function method(names, run) {
  for (const name of names.split(" ")) METHODS[name] = run;
}

method("equal equals eq", (it, value) => it.judge(it.equals(it.subject, value), shown(value)));
method("eql eqls", (it, value) => it.judge(same(it.subject, value), shown(value)));
method("a an", (it, type) => it.judge(typeOf(it.subject) === String(type).toLowerCase(), `of type ${shown(type)}`));

function compares(names, words, holds) {
  method(names, (it, value) => {
    it.need(number(it.number) && number(value), `${words} ${shown(value)}`);
    it.judge(holds(it.number, value), `${words} ${shown(value)}`, it.number);
  });
}

compares("above gt greaterThan", "above", (one, other) => one > other);
compares("least gte greaterThanOrEqual", "at least", (one, other) => one >= other);
compares("below lt lessThan", "below", (one, other) => one < other);
compares("most lte lessThanOrEqual", "at most", (one, other) => one <= other);

method("within", (it, low, high) => {
  it.need([it.number, low, high].every(number), `from ${shown(low)} to ${shown(high)}`);
  it.judge(it.number >= low && it.number <= high, `from ${shown(low)} to ${shown(high)}`, it.number);
});

method("closeTo approximately", (it, value, delta) => {
  it.need([it.subject, value, delta].every(number), `${shown(value)} ± ${shown(delta)}`);
  it.judge(Math.abs(it.subject - value) <= delta, `${shown(value)} ± ${shown(delta)}`);
});

method("length lengthOf", (it, size) => it.judge(it.size === size, `length ${shown(size)}`));
method("match matches", (it, pattern) => it.judge(pattern.exec(it.subject) !== null, `a match of ${shown(pattern)}`));
method("instanceof instanceOf", (it, type) => it.judge(it.subject instanceof type, `an instance of ${type.name}`));
method("satisfy satisfies", (it, holds) => it.judge(holds(it.subject), `something that satisfies ${shown(holds)}`));
method("respondTo respondsTo", (it, name) => it.judge(typeof it.subject?.[name] === "function", `a method ${name}`));

method("string", (it, part) => {
  it.need(typeof it.subject === "string", "a text");
  it.judge(it.subject.includes(part), `something that holds ${shown(part)}`);
});

method("include includes contain contains", (it, part) => {
  const { subject } = it;
  const type = typeOf(subject);
  it.need(type !== "null" && type !== "undefined" && type !== "number" && type !== "boolean", "a text, list or object");
  let holds;
  if (type === "string") holds = subject.includes(part);
  else if (type === "array" || type === "set") holds = [...subject].some((each) => it.equals(each, part));
  else if (type === "map") holds = [...subject.values()].some((each) => it.equals(each, part));
  else holds = Object.keys(part).every((key) => {
    const place = it.flags.nested ? at(subject, key) : { found: key in subject, value: subject[key] };
    return place.found && it.equals(place.value, part[key]);
  });
  it.judge(holds, `something that holds ${shown(part)}`);
});

function property(it, name, ...value) {
  const { subject } = it;
  const expected = `the property ${shown(name)}${value.length ? ` ${shown(value[0])}` : ""}`;
  it.need(subject !== null && subject !== undefined, expected);
  const place = it.flags.nested ? at(subject, name)
    : { found: it.flags.own ? Object.hasOwn(subject, name) : name in Object(subject), value: subject[name] };
  it.judge(place.found && (!value.length || it.equals(place.value, value[0])), expected);
  return { subject: place.value };
}

method("property", property);
method("ownProperty haveOwnProperty", (it, ...args) => property(it.with({ own: true }), ...args));

method("keys key", (it, ...args) => {
  const { subject, flags } = it;
  it.need(subject !== null && subject !== undefined, "something that has keys");
  const [first] = args;
  const wanted = Array.isArray(first) ? first : typeOf(first) === "object" ? Object.keys(first) : args;
  const keys = subject instanceof Map || subject instanceof Set ? [...subject.keys()] : Object.keys(subject);
  const has = (key) => keys.some((each) => each === key || String(each) === String(key));
  const holds = flags.any ? wanted.some(has) : wanted.every(has) && (flags.contains || keys.length === wanted.length);
  it.judge(holds, `${flags.any ? "any" : flags.contains ? "at least" : "just"} the keys ${shown(wanted)}`);
});

method("members", (it, wanted) => {
  const { subject, flags } = it;
  it.need(Array.isArray(subject) && Array.isArray(wanted), "a list");
  const left = [...subject];
  const taken = (each, place) => {
    const found = flags.ordered ? place : left.findIndex((other) => it.equals(other, each));
    if (found < 0 || !(found < left.length) || !it.equals(left[found], each)) return false;
    if (!flags.ordered && !flags.contains) left.splice(found, 1);
    return true;
  };
  const holds = (flags.contains || subject.length === wanted.length) && wanted.every(taken);
  it.judge(holds, `${flags.contains ? "at least" : "just"} the members ${shown(wanted)}`);
});

method("oneOf", (it, list) => {
  it.need(Array.isArray(list), `one of ${shown(list)}`);
  const holds = it.flags.contains ? list.some((each) => it.subject.includes(each))
    : list.some((each) => it.equals(it.subject, each));
  it.judge(holds, `one of ${shown(list)}`);
});

method("throw throws Throw", (it, ...wanted) => {
  it.need(typeof it.subject === "function", "a function");
  let thrown;
  try { it.subject(); } catch (error) { thrown = { error }; }
  const fits = (want) => (typeof want === "function" ? thrown.error instanceof want
    : want instanceof RegExp ? want.test(thrown.error.message)
    : typeof want === "string" ? String(thrown.error.message).includes(want) : thrown.error === want);
  it.judge(thrown && wanted.every(fits), `an error ${wanted.map(shown).join(" ")}`.trim(), thrown?.error ?? "no error");
});

const code = (expected, holds) => (it) => it.judge(holds(it.subject.code), expected);
const isJson = (response) => { try { response.json(); return true; } catch (error) { return false; } };

const RESPONSE_FACTS = {
  ok: code("status 200", (status) => status === 200),
  info: code("a status from 100 to 199", (status) => status >= 100 && status < 200),
  success: code("a status from 200 to 299", (status) => status >= 200 && status < 300),
  redirection: code("a status from 300 to 399", (status) => status >= 300 && status < 400),
  clientError: code("a status from 400 to 499", (status) => status >= 400 && status < 500),
  serverError: code("a status from 500 to 599", (status) => status >= 500 && status < 600),
  error: code("a status from 400 to 599", (status) => status >= 400 && status < 600),
  ...Object.fromEntries(Object.entries({
    accepted: 202, badRequest: 400, unauthorized: 401, unauthorised: 401, forbidden: 403, notFound: 404,
    notAcceptable: 406, rateLimited: 429,
  }).map(([word, status]) => [word, code(`status ${status}`, (found) => found === status)])),
  withBody: (it) => it.judge(it.subject.text().length, "a body", it.subject.text()),
  json: (it) => it.judge(isJson(it.subject), "a body that is JSON", it.subject.text()),
};

const RESPONSE_METHODS = {
  status(it, wanted) {
    const { code: number, status } = it.subject;
    it.judge((typeof wanted === "number" ? number : status) === wanted, `status ${wanted}`);
  },
  header(it, name, ...value) {
    const found = it.subject.headers.get(name);
    const expected = `the header ${shown(name)}${value.length ? ` ${shown(value[0])}` : ""}`;
    it.judge(found !== undefined && (!value.length || found === value[0]), expected, found);
  },
  body(it, ...wanted) {
    const text = it.subject.text();
    if (!wanted.length) it.judge(text.length, "a body", text);
    else if (wanted[0] instanceof RegExp) it.judge(wanted[0].test(text), `a match of ${wanted[0]}`, text);
    else {
      const asJson = typeOf(wanted[0]) === "object" && isJson(it.subject);
      it.judge(same(asJson ? it.subject.json() : text, wanted[0]), shown(wanted[0]), text);
    }
  },
  jsonBody(it, ...wanted) {
    if (!wanted.length) return RESPONSE_FACTS.json(it);
    if (typeof wanted[0] !== "string") return undefined;
    it.need(isJson(it.subject), "a body that is JSON");
    const place = at(it.subject.json(), wanted[0]);
    const expected = `${wanted[0]}${wanted.length > 1 ? ` ${shown(wanted[1])}` : ""}`;
    it.judge(place.found && (wanted.length < 2 || same(place.value, wanted[1])), expected, place.value);
    return undefined;
  },
  responseTime: (it, wanted) => it.judge(it.subject.responseTime === wanted, shown(wanted), it.subject.responseTime),
  responseSize: (it, wanted) => it.judge(it.subject.responseSize === wanted, shown(wanted), it.subject.responseSize),
};

method("jsonSchema", (it, schema) => {
  const data = it.subject instanceof Postman.Response ? it.subject.json() : it.subject;
  const wrong = schemaErrors(data, schema);
  it.judge(!wrong.length, "what the schema says", wrong.length ? wrong.join("; ") : data);
});
RESPONSE_METHODS.jsonSchema = METHODS.jsonSchema;
