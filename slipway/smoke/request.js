// Requests and responses as scripts see them. Source: learning.postman.com, "Test script reference".
"use strict";

/** A list of {key, value}, over the array of the collection itself: what a script changes is sent. */
class List {
  constructor(items, fold = (key) => key) {
    Object.assign(this, { members: items, fold });
  }

  all() { return this.members.filter((each) => !each.disabled); }
  one(key) { return this.all().findLast((each) => this.fold(each.key) === this.fold(key)); }
  get(key) { return this.one(key)?.value; }
  has(key, ...value) {
    const called = this.all().filter((each) => this.fold(each.key) === this.fold(key));
    return called.some((each) => !value.length || each.value === value[0]);
  }
  idx(place) { return this.members[place]; }
  count() { return this.members.length; }
  add(item) { this.members.push(typeof item === "string" ? pair(item, ":") : item); }
  append(item) { this.add(item); }
  upsert(item) {
    const old = this.one(item.key);
    if (old) Object.assign(old, item); else this.add(item);
  }
  remove(what) {
    const goes = typeof what === "function" ? what : (each) => this.fold(each.key) === this.fold(what);
    this.members.splice(0, this.members.length, ...this.members.filter((each) => !goes(each)));
  }
  clear() { this.members.length = 0; }
  each(run) { this.all().forEach(run); }
  map(run) { return this.all().map(run); }
  filter(run) { return this.all().filter(run); }
  find(run) { return this.all().find(run); }
  toObject() { return Object.fromEntries(this.all().map((each) => [each.key, each.value])); }
  toJSON() { return this.members; }
  toString() { return this.all().map((each) => `${each.key}: ${each.value}`).join("\n"); }
  [Symbol.iterator]() { return this.all()[Symbol.iterator](); }
}

const lower = (key) => String(key).toLowerCase();

function pair(text, between) {
  const place = text.indexOf(between);
  if (place < 0) return { key: text.trim(), value: null };
  return { key: text.slice(0, place).trim(), value: text.slice(place + 1).trim() };
}

// Protocol, host, port, path and query; a {{name}} may stand for any of them.
const URL_PARTS = /^(?:(\w+):\/\/)?((?:\{\{[^}]*\}\}|[^/?#:])*)(?::([^/?#]*))?(\/[^?#]*)?(?:\?([^#]*))?/;

function parameter(text) {
  const [key, ...value] = text.split("=");
  return { key, value: value.length ? value.join("=") : null };
}

/** A segment of a path; `:id` is a variable of the address where it has a value, and `:id.json` one with an ending. */
function segment(part, variables) {
  const [whole, name] = /^:([^.]+)/.exec(part) ?? [];
  const value = name && variables.get(name);
  return value ? `${value}${part.slice(whole.length)}` : part;
}

/** Text of a query with its reserved characters encoded, but for those inside of a {{name}}. */
function reserved(text, characters) {
  const parts = String(text).split(/(\{\{[^{}]*\}\})/);
  return parts.map((part, place) => (place % 2 ? part : part.replace(characters, encodeURIComponent))).join("");
}

class Url {
  constructor(raw) { this.update(raw); }

  update(raw) {
    const parts = raw?.host !== undefined ? raw : { ...Url.parse(raw?.raw ?? raw), variable: raw?.variable };
    this.protocol = parts.protocol;
    this.host = typeof parts.host === "string" ? [parts.host] : parts.host;
    this.port = parts.port;
    const path = typeof parts.path === "string" ? parts.path.replace(/^\//, "").split("/") : parts.path ?? [];
    this.path = path.map((each) => each?.value ?? each);
    this.query = new List(typeof parts.query === "string" ? Url.parse(`x?${parts.query}`).query : parts.query ?? []);
    this.variables = new List((parts.variable ?? []).map((each) => ({ ...each, key: each.key ?? each.id })));
  }

  static parse(text) {
    const [, protocol, host, port, path, query] = URL_PARTS.exec(String(text).trim());
    const pairs = query?.split("&").map((each) => parameter(each));
    return { protocol, host: [host], port, path: path?.slice(1).split("/"), query: pairs };
  }

  getHost() { return this.host.join("."); }
  getPath() {
    return `/${this.path.map((part) => segment(part, this.variables)).join("/")}`;
  }
  getQueryString() {
    const text = ({ key, value }) => reserved(key ?? "", /[&#=]/g) +
      (value === null || value === undefined ? "" : `=${reserved(value, /[&#]/g)}`);
    return this.query.map(text).join("&");
  }
  getPathWithQuery() {
    const query = this.getQueryString();
    return `${this.getPath()}${query ? `?${query}` : ""}`;
  }
  getRemote() { return `${this.getHost()}${this.port ? `:${this.port}` : ""}`; }
  addQueryParams(given) {
    const list = typeof given === "string" ? Url.parse(`x?${given}`).query : given;
    for (const each of [list].flat()) this.query.add(each);
  }
  removeQueryParams(keys) { for (const key of [keys].flat()) this.query.remove(key?.key ?? key); }
  toString() {
    const path = this.path.length ? this.getPath() : "";
    const query = this.getQueryString();
    return `${this.protocol ? `${this.protocol}://` : ""}${this.getRemote()}${path}${query ? `?${query}` : ""}`;
  }
  toJSON() {
    const { protocol, host, port, path, query, variables } = this;
    return { raw: this.toString(), protocol, host, port, path, query, variable: variables };
  }
}

class Body {
  constructor(raw) {
    Object.assign(this, raw);
    for (const mode of ["urlencoded", "formdata"]) if (Array.isArray(this[mode])) this[mode] = new List(this[mode]);
  }

  update(given) {
    for (const key of Object.keys(this)) delete this[key];
    Object.assign(this, bodyOf(given));
  }
  isEmpty() { return !this.mode || !this[this.mode]; }
  toString() {
    if (this.mode === "urlencoded") return this.urlencoded.map((each) => `${each.key}=${each.value}`).join("&");
    return this.mode === "raw" ? this.raw ?? "" : "";
  }
}

class Request {
  #url;

  constructor(raw) {
    const given = typeof raw === "string" ? { url: raw } : raw;
    const header = given.header ?? given.headers ?? [];
    this.method = (given.method ?? "GET").toUpperCase();
    this.#url = new Url(given.url ?? "");
    this.headers = new List(headersOf(header), lower);
    this.body = bodyOf(given.body ?? undefined);
    this.auth = given.auth;
  }

  get url() { return this.#url; }
  set url(given) { this.#url.update(given); }
  get to() { return expect(this).to; }
  addHeader(item) { this.headers.add(item); }
  upsertHeader(item) { this.headers.upsert(item); }
  removeHeader(name) { this.headers.remove(name); }
  getHeaders() { return this.headers.toObject(); }
  addQueryParams(given) { this.url.addQueryParams(given); }
  removeQueryParams(given) { this.url.removeQueryParams(given); }
  update(given) { Object.assign(this, new Request({ ...this.toJSON(), ...given }), { url: given.url ?? this.url }); }
  toJSON() { return { method: this.method, url: this.url, header: this.headers, body: this.body, auth: this.auth }; }
}

function bodyOf(given) {
  return given === undefined ? undefined : new Body(typeof given === "string" ? { mode: "raw", raw: given } : given);
}

function headersOf(given) {
  if (typeof given === "string") return given.split("\n").filter(Boolean).map((line) => pair(line, ":"));
  if (Array.isArray(given)) return given.map((each) => (typeof each === "string" ? pair(each, ":") : each));
  return Object.entries(given).map(([key, value]) => ({ key, value: String(value) }));
}

class Response {
  #text;

  constructor({ code, status, headers, text, responseTime, size, cookies = {} }) {
    Object.assign(this, { code, status, responseTime, responseSize: size });
    this.headers = new List(headers.map(([key, value]) => ({ key, value })), lower);
    this.cookies = new Cookies(cookies);
    this.#text = text;
  }

  get to() { return expect(this).to; }
  text() { return this.#text; }
  json() { return JSON.parse(this.#text.replace(/^\uFEFF/, "")); }
  reason() { return this.status; }
  size() { return { body: this.responseSize, header: 0, total: this.responseSize }; }
}

class Cookies extends List {
  constructor(values) { super(Object.entries(values).map(([key, value]) => ({ key, name: key, value }))); }
}

const Postman = { Request, Response };
