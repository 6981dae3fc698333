/** Processors that take a text apart. */

import type * as logs from "../../../generated/cloudwatch-logs.ts";
import { notImplemented } from "../../../kernel/errors.ts";
import { readCsv } from "../csv.ts";
import { invalidParameter } from "../errors.ts";
import { Grok, GrokError } from "./grok.ts";
import { mergeAt, setAt, valueAt, type Members } from "./paths.ts";

/** Changes an event. What it is not made for it leaves as it is. */
export type Process = (event: Members) => void;

export class Unparsed extends Error {}

function textOf(event: Members, source: string): string {
  const value = valueAt(event, source);
  if (typeof value !== "string") throw new Unparsed(`${source} is no text`);
  return value;
}

export const wholeMessage = "@message";

function parseJson({ source = wholeMessage, destination }: logs.ParseJSON): Process {
  return (event) => {
    const found = objectIn(textOf(event, source));
    mergeAt(event, destination, found);
  };
}

export function objectIn(text: string): Members {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Unparsed("the text is no JSON");
  }
  if (typeof found !== "object" || found === null) throw new Unparsed("the text is no JSON object");
  if (isDeeper(found, depthMax)) throw new Unparsed("the JSON is nested too deeply");
  return found as Members;
}

/** Deeper than logs are, and far from what would exhaust the stack of whoever writes the event again. */
const depthMax = 500;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}

function grok({ source = wholeMessage, match }: logs.Grok): Process {
  let parser: Grok;
  try {
    parser = new Grok(match);
  } catch (error) {
    if (error instanceof GrokError) throw invalidParameter(error.message);
    throw error;
  }
  return (event) => {
    const found = parser.parse(textOf(event, source));
    if (!found) throw new Unparsed("the text does not match the grok pattern");
    mergeAt(event, undefined, found);
  };
}

const escapes: Readonly<Record<string, string>> = { "\\t": "\t", "\\n": "\n" };

/** @evidence CloudWatch Logs User Guide, csv: columns are called column_1 and so on */
function csv(processor: logs.CSV): Process {
  const { source = wholeMessage, quoteCharacter = '"', delimiter = ",", columns = [],
    destination } = processor;
  const form = { delimiter: escapes[delimiter] ?? delimiter, quote: quoteCharacter };
  return (event) => {
    const [fields = []] = readCsv(textOf(event, source), form);
    const found = fields.map((field, index) => [columns[index] ?? `column_${index + 1}`, field] as const);
    mergeAt(event, destination, Object.fromEntries(found));
  };
}

/** @evidence CloudWatch Logs User Guide, parseKeyValue: `&` and `=` by default */
function keyValue(processor: logs.ParseKeyValue): Process {
  const {
    source = wholeMessage, destination, fieldDelimiter = "&", keyValueDelimiter = "=", keyPrefix = "",
    nonMatchValue, overwriteIfExists = false,
  } = processor;
  return (event) => {
    for (const pair of textOf(event, source).split(fieldDelimiter)) {
      if (pair === "") continue;
      const at = pair.indexOf(keyValueDelimiter);
      const name = `${keyPrefix}${at === -1 ? pair : pair.slice(0, at)}`;
      const value = at === -1 ? nonMatchValue : pair.slice(at + keyValueDelimiter.length);
      if (value === undefined) continue;
      const path = destination === undefined ? name : `${destination}.${name}`;
      if (overwriteIfExists || valueAt(event, path) === undefined) setAt(event, path, value);
    }
  };
}

/** Those that a transformer may begin with; undefined for all other processors. */
export function parserOf(processor: logs.Processor): Process | undefined {
  if (processor.parseJSON) return parseJson(processor.parseJSON);
  if (processor.grok) return grok(processor.grok);
  if (processor.csv) return csv(processor.csv);
  if (processor.parseKeyValue) return keyValue(processor.parseKeyValue);
  if (processor.parseToOCSF) throw notImplemented("The processor parseToOCSF");
  return undefined;
}
