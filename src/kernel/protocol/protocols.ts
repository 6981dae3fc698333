/** The protocols by name. */

import type { ProtocolName } from "../model/model.ts";
import { cbor } from "./cbor.ts";
import { cbor11 } from "./cbor-1.1.ts";
import { ec2 } from "./ec2.ts";
import { json } from "./json.ts";
import type { Headers, Protocol } from "./protocol.ts";
import { query } from "./query.ts";
import { queryInJson } from "./query-in-json.ts";
import { restJson } from "./rest-json.ts";
import { restXml } from "./rest-xml.ts";

export { RestRouter } from "./rest-router.ts";
export type { RestMatch } from "./rest-router.ts";

const protocols: Readonly<Record<ProtocolName, Protocol>> = {
  json,
  query,
  ec2,
  "rest-json": restJson,
  "rest-xml": restXml,
  "smithy-rpc-v2-cbor": cbor,
  "cbor-1.1": cbor11,
};

export function protocolByName(name: ProtocolName): Protocol {
  return protocols[name];
}

/** A protocol in the form in which the client asks to be answered. */
export function protocolFor(name: ProtocolName, { accept }: Headers): Protocol {
  const wantsJson = name === "query" && accept?.startsWith("application/json") === true;
  return wantsJson ? queryInJson : protocols[name];
}
