/**
 * Processors for the logs that services of AWS write: each in one format, always the whole text.
 *
 * @evidence CloudWatch Logs User Guide, "Built-in processors for AWS vended logs", the examples
 */

import type * as logs from "../../../generated/cloudwatch-logs.ts";
import { invalidParameter } from "../errors.ts";
import { objectIn, Unparsed, wholeMessage, type Process } from "./parsers.ts";
import { mergeAt, valueAt, type Members } from "./paths.ts";

type Read = (text: string) => Members;

/** Numbers where a value looks like one. */
function typed(value: string): unknown {
  return /^-?\d{1,15}(?:\.\d+)?$/.test(value) ? Number(value) : value;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function named(names: readonly string[], values: readonly string[],
  valueOf: (value: string, name: string) => unknown): Members {
  if (values.length !== names.length) throw new Unparsed(`the text has not ${names.length} fields`);
  return Object.fromEntries(names.map((name, index) => [name, valueOf(values[index] ?? "", name)]));
}

const cloudFrontFields = [
  "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status",
  "cs(Referer)", "cs(User-Agent)", "cs-uri-query", "cs(Cookie)", "x-edge-result-type", "x-edge-request-id",
  "x-host-header", "cs-protocol", "cs-bytes", "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher",
  "x-edge-response-result-type", "cs-protocol-version", "fle-status", "fle-encrypted-fields", "c-port",
  "time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type", "sc-content-len", "sc-range-start",
  "sc-range-end",
];

const route53Fields = [
  "version", "queryTimestamp", "hostZoneId", "queryName", "queryType", "responseCode", "protocol",
  "edgeLocation", "resolverIp", "ednsClientSubnet",
];

/** The default format of flow logs. */
const flowFields = [
  "version", "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "packets",
  "bytes", "start", "end", "action", "logStatus",
];

const postgresForm =
  /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \w+):([^@]{0,300}?):([^:@]*)@([^:]*):\[(\d+)\]:([A-Z]+\d?):/;

function postgres(text: string): Members {
  const [, logTime, srcIp, userName, dbName, processId, logLevel] = postgresForm.exec(text) ?? [];
  if (logTime === undefined) throw new Unparsed("the text is no log of PostgreSQL in RDS's format");
  return { logTime, srcIp, userName, dbName, processId, logLevel };
}

/** Lists of names become members, so that they can be asked for. */
function waf(text: string): Members {
  const event = objectIn(text);
  const { headers } = (event["httpRequest"] ?? {}) as { headers?: unknown };
  if (Array.isArray(headers)) {
    const pairs = (headers as { name?: unknown; value?: unknown }[]).map(({ name, value }) =>
      [String(name), value] as const);
    event["httpRequest"] = { ...event["httpRequest"] as Members, headers: Object.fromEntries(pairs) };
  }
  const { labels } = event;
  if (Array.isArray(labels)) event["labels"] = Object.assign({}, ...labels as Members[]) as Members;
  return event;
}

const readers = {
  parseCloudfront: (text) => named(
    cloudFrontFields, text.trim().split(text.includes("\t") ? "\t" : /\s+/), (value) => typed(decoded(value)),
  ),
  parsePostgres: postgres,
  parseRoute53: (text) => named(route53Fields, text.trim().split(/\s+/), (value) => typed(decoded(value))),
  parseVPC: (text) => named(flowFields, text.trim().split(/\s+/), (value, name) =>
    (name === "accountId" ? value : typed(value))),
  parseWAF: waf,
} satisfies Record<string, Read>;

/** @throws InvalidParameterException */
export function vendedOf(processor: logs.Processor): Process | undefined {
  for (const name of Object.keys(readers) as (keyof typeof readers)[]) {
    const given = processor[name];
    if (!given) continue;
    if (given.source !== undefined && given.source !== wholeMessage) {
      throw invalidParameter(`The source of ${name} must be ${wholeMessage}.`);
    }
    const read = readers[name];
    return (event) => mergeAt(event, undefined, read(String(valueAt(event, wholeMessage))));
  }
  return undefined;
}
