// What collections of before `pm` are written with, and base64, which browsers had.
"use strict";

// Scripts of old ask `responseBody.has("text")`.
const has = { value(part) { return this.includes(part); }, writable: true, configurable: true };
Object.defineProperty(String.prototype, "has", has);

function olderNames({ environment, globals, response, cookies, request }, state) {
  const text = (value) => (typeof value === "object" || value === undefined ? value : String(value));
  const names = {
    tests: {}, environment: environment.toObject(), globals: globals.toObject(), data: {}, iteration: 0,
    request: {
      id: state.id, name: state.name, method: request.method, url: String(request.url),
      headers: request.headers.toObject(), data: String(request.body ?? ""),
    },
    postman: {
      setEnvironmentVariable: (key, value) => environment.set(key, text(value)),
      getEnvironmentVariable: (key) => environment.get(key),
      clearEnvironmentVariable: (key) => environment.unset(key), clearEnvironmentVariables: () => environment.clear(),
      setGlobalVariable: (key, value) => globals.set(key, text(value)), getGlobalVariable: (key) => globals.get(key),
      clearGlobalVariable: (key) => globals.unset(key), clearGlobalVariables: () => globals.clear(), setNextRequest,
      getResponseHeader: (key) => response?.headers.get(key), getResponseCookie: (key) => cookies.one(key),
    },
  };
  if (!response) return names;
  return {
    ...names, responseBody: response.text(), responseTime: response.responseTime,
    responseHeaders: response.headers.toObject(), responseCookies: cookies.all(),
    responseCode: { code: response.code, name: response.status, detail: response.status },
  };
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function toBase64(text) {
  const bits = [...String(text)].map((each) => each.charCodeAt(0).toString(2).padStart(8, "0")).join("");
  const digits = (bits.match(/.{1,6}/g) ?? []).map((each) => DIGITS[parseInt(each.padEnd(6, "0"), 2)]).join("");
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, "=");
}

function fromBase64(text) {
  const digits = [...String(text).replace(/[=\s]/g, "")];
  const bits = digits.map((each) => DIGITS.indexOf(each).toString(2).padStart(6, "0")).join("");
  return (bits.match(/.{8}/g) ?? []).map((each) => String.fromCharCode(parseInt(each, 2))).join("");
}
