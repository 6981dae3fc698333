/** What the benchmark asks for: each operation as ready, signed bytes. */

import { signRequest, type Credentials } from "../src/kernel/auth/signing.ts";

export interface BenchOperation {
  readonly name: string;
  readonly service: string;
  /** Share of the floor that is promised. */
  readonly floorShare: number;
  /** In processes of their own, which may use all cores: only the server is held to one. */
  readonly runsPrograms?: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** POST to `/`, unless said otherwise. */
  readonly method?: string;
  readonly path?: string;
  /** Bodies to walk through; a function of what `prepare` left. */
  readonly bodies: readonly string[];
}

const form = { "content-type": "application/x-www-form-urlencoded" };

export function json(version: "1.0" | "1.1", target: string): Record<string, string> {
  return { "content-type": `application/x-amz-json-${version}`, "x-amz-target": target };
}

export const callerIdentity: BenchOperation = {
  name: "sts GetCallerIdentity",
  service: "sts",
  floorShare: 0.5,
  headers: form,
  bodies: ["Action=GetCallerIdentity&Version=2011-06-15"],
};

/** Whole HTTP requests, signed now: a server that checks times accepts them for five minutes. */
export function requestBytes(operation: BenchOperation, port: number, credentials: Credentials): Buffer[] {
  const { method = "POST", path = "/" } = operation;
  return operation.bodies.map((text) => {
    const body = Buffer.from(text);
    const signed = signRequest(
      {
        method,
        path,
        query: "",
        headers: { host: `127.0.0.1:${port}`, ...operation.headers },
        body,
      },
      { credentials, region: "us-east-1", service: operation.service, nowMs: Date.now() },
    );
    const headers = Object.entries(signed.headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("");
    return Buffer.concat([
      Buffer.from(`${method} ${path} HTTP/1.1\r\n${headers}content-length: ${body.length}\r\n\r\n`),
      body,
    ]);
  });
}
