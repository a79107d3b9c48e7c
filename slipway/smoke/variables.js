// Variables: their scopes, {{names}} in texts, and the {{$names}} that make a value of their own.
// Source of the names: learning.postman.com, "Dynamic variables reference".
"use strict";

const NAME = /\{\{([^{}]+)\}\}/g; // blanks are part of a name, as in Postman
const DEPTH = 5;  // a variable may stand in another's value, and not in its own
const int = (low, high) => low + Math.floor(Math.random() * (high - low + 1));
const pick = (words) => { const all = words.split(" "); return () => all[int(0, all.length - 1)]; };
const repeat = (count, make, between = "") => Array.from({ length: count }, make).join(between);
const hex = () => int(0, 15).toString(16);
const days = (low, high) => () => new Date(Date.now() + int(low * 86400, high * 86400) * 1000).toString();
const hexes = (count) => repeat(count, hex);
const uuid = () => `${hexes(8)}-${hexes(4)}-4${hexes(3)}-${"89ab"[int(0, 3)]}${hexes(3)}-${hexes(12)}`;
const capital = (make) => () => { const word = make(); return word[0].toUpperCase() + word.slice(1); };
const phrase = (...makers) => () => makers.map((make) => make()).join(" ");

const first = pick("Ada Alan Anita Barbara Claude Dennis Donald Edsger Frances Grace Hedy John Ken Linus Mary Radia");
const last = pick("Allen Borg Dijkstra Hamilton Hopper Johnson Kernighan Knuth Lamarr Lovelace Perlman Ritchie Turing");
const word = pick("anchor breeze compass dock ebb fathom galley harbour keel mast oar pier quay rudder sail tide");
const adjective = pick("bright calm deep eager fair gentle keen light merry quiet sturdy swift tidy warm");
const verb = pick("anchor board carry dock fetch haul load moor row sail steer tow");
const suffix = pick("Inc Group LLC");
const sentence = () => `${capital(word)()} ${repeat(int(4, 8), word, " ")}.`;
const paragraph = () => repeat(3, sentence, " ");
const ext = pick("csv json pdf png txt");
const domain = () => `${word()}-${word()}.example`;
const user = () => `${first()}.${last()}${int(1, 99)}`;
const phone = () => `${int(200, 999)}-${int(200, 999)}-${int(1000, 9999)}`;

const DYNAMIC = {
  guid: uuid, randomUUID: uuid, timestamp: () => Math.floor(Date.now() / 1000),
  isoTimestamp: () => new Date().toISOString(), randomInt: () => int(0, 1000), randomBoolean: pick("true false"),
  randomAlphaNumeric: () => int(0, 35).toString(36), randomWord: word,
  randomWords: () => repeat(int(2, 5), word, " "), randomNoun: word, randomVerb: verb,
  randomIngverb: () => `${verb()}ing`, randomAdjective: adjective, randomPhrase: sentence,
  randomAbbreviation: pick("TCP HTTP SQL XML SSL"), randomFirstName: first, randomLastName: last,
  randomFullName: phrase(first, last), randomNamePrefix: pick("Dr. Mr. Mrs. Ms."),
  randomNameSuffix: pick("Jr. Sr. II III"), randomUserName: user, randomEmail: () => `${user()}@${domain()}`,
  randomExampleEmail: () => `${user()}@example.com`, randomPassword: () => repeat(15, () => int(0, 35).toString(36)),
  randomJobTitle: phrase(capital(adjective), capital(word), pick("Engineer Manager Officer")),
  randomJobArea: capital(word), randomJobDescriptor: capital(adjective),
  randomJobType: pick("Engineer Manager Officer Analyst"), randomPhoneNumber: phone,
  randomPhoneNumberExt: () => `${int(10, 99)}-${phone()}`,
  randomCity: () => `${capital(word)()} ${pick("Bay Harbour Head")()}`,
  randomStreetName: () => `${capital(word)()} Street`,
  randomStreetAddress: () => `${int(1, 999)} ${capital(word)()} Street`,
  randomCountry: pick("Chile France Ghana Japan Norway Peru"), randomCountryCode: pick("CL FR GH JP NO PE"),
  randomLatitude: () => (int(-900000, 900000) / 10000).toFixed(4),
  randomLongitude: () => (int(-1800000, 1800000) / 10000).toFixed(4), randomLocale: pick("de en es fr ja pt ru zh"),
  randomColor: pick("black blue green red white yellow"), randomHexColor: () => `#${repeat(6, hex)}`,
  randomCompanyName: () => `${last()} ${suffix()}`, randomCompanySuffix: suffix, randomDepartment: capital(word),
  randomProduct: capital(word), randomProductName: phrase(capital(adjective), capital(word)),
  randomProductAdjective: capital(adjective), randomProductMaterial: pick("Brass Cotton Oak Rubber Steel"),
  randomPrice: () => `${int(1, 999)}.${repeat(2, () => int(0, 9))}`,
  randomCatchPhrase: phrase(capital(adjective), adjective, word), randomBs: phrase(verb, adjective, word),
  randomCurrencyCode: pick("CHF EUR GBP JPY NOK USD"), randomCurrencyName: pick("Euro Franc Krone Pound Yen"),
  randomCurrencySymbol: pick("$ € £ ¥"), randomBankAccount: () => repeat(8, () => int(0, 9)),
  randomCreditCardMask: () => repeat(4, () => int(0, 9)),
  randomTransactionType: pick("deposit invoice payment withdrawal"), randomDatePast: days(-365, -1),
  randomDateFuture: days(1, 365), randomDateRecent: days(-1, 0),
  randomMonth: pick("January February March April May June July August September October November December"),
  randomWeekday: pick("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"), randomDomainName: domain,
  randomDomainSuffix: pick("com net org"), randomDomainWord: word, randomUrl: () => `https://${domain()}`,
  randomProtocol: pick("http https"), randomIP: () => repeat(4, () => int(1, 254), "."),
  randomIPV6: () => repeat(8, () => repeat(4, hex), ":"), randomMACAddress: () => repeat(6, () => hex() + hex(), ":"),
  randomUserAgent: () => `Mozilla/5.0 (X11; Linux x86_64; rv:${int(100, 140)}.0) Gecko/20100101 Firefox/140.0`,
  randomSemver: () => repeat(3, () => int(0, 9), "."), randomFileName: () => `${word()}_${word()}.${ext()}`,
  randomCommonFileName: () => `${word()}.${ext()}`, randomFileExt: ext, randomCommonFileExt: ext,
  randomFileType: pick("application audio image text video"),
  randomCommonFileType: pick("application audio image text video"),
  randomMimeType: pick("application/json application/pdf image/png text/csv text/plain"),
  randomFilePath: () => `/${word()}/${word()}.${ext()}`, randomDirectoryPath: () => `/${word()}/${word()}`,
  randomImageUrl: () => `https://${domain()}/${word()}.png`,
  randomAvatarImage: () => `https://${domain()}/${word()}.jpg`,
  randomDatabaseColumn: pick("id title name email status"), randomDatabaseType: pick("int text boolean date uuid"),
  randomDatabaseEngine: pick("InnoDB MyISAM MEMORY"),
  randomDatabaseCollation: pick("utf8_bin utf8_general_ci utf8_unicode_ci"), randomLoremWord: word,
  randomLoremWords: () => repeat(3, word, " "), randomLoremSentence: sentence,
  randomLoremSentences: () => repeat(3, sentence, " "), randomLoremParagraph: paragraph,
  randomLoremParagraphs: () => repeat(3, paragraph, "\n"), randomLoremText: paragraph,
  randomLoremSlug: () => repeat(3, word, "-"), randomLoremLines: () => repeat(3, sentence, "\n"),
};

/** A text with each {{name}} in its value's place; a name without a value stays, and is added to `missing`. */
function filled(text, lookup, missing = []) {
  let found = String(text);
  for (let depth = 0; depth < DEPTH && found.includes("{{"); depth += 1) {
    found = found.replace(NAME, (whole, name) => {
      const maker = name.startsWith("$") && Object.hasOwn(DYNAMIC, name.slice(1)) ? DYNAMIC[name.slice(1)] : undefined;
      const value = maker ? maker() : lookup(name);
      if (value === undefined) return missing.push(name), whole;
      return value !== null && typeof value === "object" ? JSON.stringify(value) : String(value);
    });
  }
  return found;
}

/** The same for every text of a structure, without what is disabled in it. */
function filledAll(value, lookup, missing) {
  if (typeof value === "string") return filled(value, lookup, missing);
  const deeper = (each) => filledAll(each, lookup, missing);
  if (Array.isArray(value)) return value.filter((each) => !each?.disabled).map(deeper);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([key]) => key !== "description");
  return Object.fromEntries(entries.map(([key, each]) => [filled(key, lookup, missing), deeper(each)]));
}

/** One scope of variables: `values` is what outlasts the script. */
class Scope {
  constructor(values, name, lookup) {
    const own = (key) => (Object.hasOwn(values, key) ? values[key] : undefined);
    Object.assign(this, { values, name, lookup: lookup ?? own });
  }

  get(key) { return this.lookup(key); }
  has(key) { return this.lookup(key) !== undefined; }
  set(key, value) { this.values[key] = value; }
  unset(key) { delete this.values[key]; }
  clear() { for (const key of Object.keys(this.values)) delete this.values[key]; }
  toObject() { return { ...this.values }; }
  toJSON() { return this.toObject(); }
  replaceIn(text) { return typeof text === "string" ? filled(text, this.lookup) : text; }
}

/** The scopes that a request sees, and how a name is looked up in all of them. */
function scopesOf(all) {
  const order = [all.local, all.environment, all.collection, all.globals];
  const lookup = (key) => order.find((values) => Object.hasOwn(values, key) && values[key] !== undefined)?.[key];
  return {
    lookup, variables: new Scope(all.local, "variables", lookup), environment: new Scope(all.environment, "environment"),
    collectionVariables: new Scope(all.collection, "collection"), globals: new Scope(all.globals, "globals"),
  };
}
