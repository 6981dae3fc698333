/**
 * Grok: texts taken apart by named patterns.
 *
 * @evidence CloudWatch Logs User Guide, "Processors that you can use", grok and its supported patterns
 */

import { Expression } from "../../../patterns/expressions/expression.ts";
import { setAt, type Members } from "./paths.ts";

const octet = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const seconds = "(?:[0-5]?\\d|60)(?:[:.,]\\d+)?";
const months = "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|Jun(?:e)?|Jul(?:y)?|Aug(?:ust)?|" +
  "Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)";
const days = "(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|" +
  "Sun(?:day)?)";

/** In terms of each other, and of regular expressions. */
const patterns: Readonly<Record<string, string>> = {
  USERNAME: "[a-zA-Z0-9._-]+",
  USER: "%{USERNAME}",
  INT: "[+-]?\\d+",
  BASE10NUM: "[+-]?(?:\\d+(?:\\.\\d+)?|\\.\\d+)",
  NUMBER: "%{BASE10NUM}",
  BASE16NUM: "[+-]?(?:0x)?[0-9A-Fa-f]+",
  BASE16FLOAT: "[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\\.[0-9A-Fa-f]*)?|\\.[0-9A-Fa-f]+)",
  POSINT: "[1-9]\\d*",
  NONNEGINT: "\\d+",
  BOOLEAN: "(?:true|false)",
  WORD: "\\b\\w+\\b",
  NOTSPACE: "\\S+",
  SPACE: "\\s*",
  DATA: ".*?",
  GREEDYDATA: ".*",
  GREEDYDATA_MULTILINE: "[^]*",
  QUOTEDSTRING: "(?:\"(?:\\\\.|[^\\\\\"])*\"|'(?:\\\\.|[^\\\\'])*')",
  QS: "%{QUOTEDSTRING}",
  UUID: "[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}",
  URN: "urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:\\S+",
  ARN: "arn:[a-z-]+:[a-z0-9-]*:[a-z0-9-]*:\\d*:\\S+",
  MAC: "(?:[A-Fa-f0-9]{2}[:-]){5}[A-Fa-f0-9]{2}",
  IPV4: `\\b${octet}(?:\\.${octet}){3}\\b`,
  IPV6: "(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}",
  IP: "(?:%{IPV6}|%{IPV4})",
  HOSTNAME: "\\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*\\.?",
  HOST: "%{HOSTNAME}",
  IPORHOST: "(?:%{IP}|%{HOSTNAME})",
  HOSTPORT: "%{IPORHOST}:%{POSINT}",
  UNIXPATH: "(?:/[\\w%!$@:.,+~-]*)+",
  WINPATH: "(?:[A-Za-z]:|\\\\)(?:\\\\[^\\\\?*]*)+",
  PATH: "(?:%{UNIXPATH}|%{WINPATH})",
  TTY: "/dev/(?:pts|tty(?:[pq])?)(?:\\w+)?/?(?:\\d+)?",
  URIPROTO: "[A-Za-z][A-Za-z0-9+.-]*",
  URIHOST: "%{IPORHOST}(?::%{POSINT})?",
  URIPATH: "(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+",
  URIPARAM: "\\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\\[\\]<>-]*",
  URIPATHPARAM: "%{URIPATH}(?:%{URIPARAM})?",
  URI: "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?",
  MONTH: `\\b${months}\\b`,
  MONTHNUM: "(?:0?[1-9]|1[0-2])",
  MONTHNUM2: "(?:0[1-9]|1[0-2])",
  MONTHDAY: "(?:0[1-9]|[12]\\d|3[01]|[1-9])",
  DAY: days,
  YEAR: "(?:\\d\\d){1,2}",
  HOUR: "(?:2[0-3]|[01]?\\d)",
  MINUTE: "[0-5]\\d",
  SECOND: seconds,
  TIME: "%{HOUR}:%{MINUTE}(?::%{SECOND})?",
  DATE_US: "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
  DATE_EU: "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
  DATE: "(?:%{DATE_US}|%{DATE_EU})",
  ISO8601_TIMEZONE: "(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
  ISO8601_SECOND: "(?:%{SECOND}|60)",
  TIMESTAMP_ISO8601: "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?" +
    "%{ISO8601_TIMEZONE}?",
  DATESTAMP: "%{DATE}[- ]%{TIME}",
  TZ: "[A-Z]{3}",
  DATESTAMP_RFC822: "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
  DATESTAMP_RFC2822: "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}",
  DATESTAMP_OTHER: "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
  DATESTAMP_EVENTLOG: "%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}",
  HTTPDATE: "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
  SYSLOGTIMESTAMP: "%{MONTH} +%{MONTHDAY} %{TIME}",
  PROG: "[\\x21-\\x5a\\x5c\\x5e-\\x7e]+",
  SYSLOGPROG: "%{PROG:program}(?:\\[%{POSINT:pid}\\])?",
  SYSLOGHOST: "%{IPORHOST}",
  SYSLOGFACILITY: "<%{NONNEGINT:facility}.%{NONNEGINT:priority}>",
  LOGLEVEL: "(?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo|INFO|[Ww]arn(?:ing)?|" +
    "WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere|SEVERE|" +
    "EMERG(?:ENCY)?|[Ee]merg(?:ency)?)",
  COMMONAPACHELOG: "%{IPORHOST:clientip} %{USER:ident} %{USER:auth} \\[%{HTTPDATE:timestamp}\\] " +
    "\"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})\" " +
    "%{NUMBER:response} (?:%{NUMBER:bytes}|-)",
  COMBINEDAPACHELOG: "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}",
  COMMONAPACHELOG_DATATYPED: "%{IPORHOST:clientip} %{USER:ident} %{USER:auth} \\[%{HTTPDATE:timestamp}\\] " +
    "\"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion:float})?|%{DATA:rawrequest})\" " +
    "%{NUMBER:response:int} (?:%{NUMBER:bytes:long}|-)",
};

/** @evidence CloudWatch Logs User Guide, grok: 20 patterns, five of those that take anything */
const patternsMax = 20;
const anythingMax = 5;
const depthMax = 10;

type Convert = (text: string) => unknown;

const number: Convert = (text) => (Number.isNaN(Number(text)) ? text : Number(text));
const conversions: Readonly<Record<string, Convert>> = {
  int: (text) => (/^[+-]?\d+$/.test(text) ? Number(text) : text),
  integer: (text) => (/^[+-]?\d+$/.test(text) ? Number(text) : text),
  long: (text) => (/^[+-]?\d+$/.test(text) ? Number(text) : text),
  float: number,
  double: number,
  boolean: (text) => (/^(true|false)$/i.test(text) ? text.toLowerCase() === "true" : text),
  string: (text) => text,
};

interface Field {
  readonly path: string;
  readonly convert: Convert;
}

export class GrokError extends Error {}

export class Grok {
  readonly #form: Expression;
  readonly #fields: Field[] = [];
  #patterns = 0;
  #anything = 0;

  /** @throws GrokError */
  constructor(match: string) {
    const source = this.#expanded(match, 0);
    if (this.#patterns === 0) throw new GrokError("A grok pattern must use a supported pattern.");
    if (this.#patterns > patternsMax) {
      throw new GrokError(`A grok pattern may use at most ${patternsMax} patterns.`);
    }
    if (this.#anything > anythingMax) {
      throw new GrokError(`A grok pattern may use DATA and GREEDYDATA at most ${anythingMax} times.`);
    }
    try {
      this.#form = new Expression(`^(?:${source})$`);
    } catch {
      throw new GrokError(`Invalid grok pattern: ${match}`);
    }
  }

  #expanded(text: string, depth: number): string {
    if (depth > depthMax) throw new GrokError("The grok pattern is nested too deeply.");
    return text.replace(/%\{(\w+)(?::([\w.[\]@-]+))?(?::(\w+))?\}/g, (_whole, name: string, path?: string,
      type?: string) => {
      const pattern = Object.hasOwn(patterns, name) ? patterns[name] : undefined;
      if (pattern === undefined) throw new GrokError(`Unsupported grok pattern: ${name}`);
      if (depth === 0) this.#patterns++;
      if (/^(GREEDY)?DATA/.test(name)) this.#anything++;
      if (path === undefined) return `(?:${this.#expanded(pattern, depth + 1)})`;
      const convert = Object.hasOwn(conversions, (type ?? "string").toLowerCase())
        ? conversions[(type ?? "string").toLowerCase()] : undefined;
      if (!convert) throw new GrokError(`Unsupported grok type: ${type ?? ""}`);
      const index = this.#fields.push({ path, convert }) - 1;
      return `(?<f${index}>${this.#expanded(pattern, depth + 1)})`;
    });
  }

  /** What was found; undefined where the text is not as described. @throws TooCostly */
  parse(text: string): Members | undefined {
    const found = this.#form.find(text);
    if (!found) return undefined;
    const members: Members = {};
    this.#fields.forEach(({ path, convert }, index) => {
      const value = found.groups[this.#form.groups.indexOf(`f${index}`)];
      if (value !== undefined) setAt(members, path, convert(value));
    });
    return members;
  }
}
