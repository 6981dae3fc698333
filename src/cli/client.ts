/** The local API of a running region, for the commands. */

import { request, type IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { addressOf } from "../local/address.ts";
import type { Invocation } from "./command.ts";
import { Failure, type ExitName } from "./failure.ts";
import { requirePort } from "./port.ts";
import { findRunning } from "./running.ts";

const exitByCode: Readonly<Record<string, ExitName>> = {
  NotFound: "notFound",
  InvalidRequest: "usage",
  StoreTooNew: "storeTooNew",
};

export class RegionClient {
  readonly port: number;
  readonly #host: string;

  /** @param host the address that the region listens on */
  constructor(port: number, host: string) {
    this.port = port;
    this.#host = addressOf(host);
  }

  /** The region that the options name, or the one on the default data folder, or on the default port. */
  static of({ config, text }: Invocation): RegionClient {
    const port = text("port");
    const host = text("host") ?? config.host;
    if (port !== undefined) return new RegionClient(requirePort(port), host);
    const dataDir = text("data-dir");
    const running = findRunning(dataDir ?? config.dataDir);
    if (running) return new RegionClient(running.port, new URL(running.endpoint).hostname);
    if (dataDir !== undefined)
      throw new Failure("notRunning", `No region is running on ${dataDir}.`, startAdvice);
    return new RegionClient(config.port, host);
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.#json("GET", path) as Promise<Answer>;
  }

  post<Answer>(path: string, body: object = {}): Promise<Answer> {
    return this.#json("POST", path, JSON.stringify(body)) as Promise<Answer>;
  }

  delete<Answer>(path: string): Promise<Answer> {
    return this.#json("DELETE", path) as Promise<Answer>;
  }

  /** Lines as they come, until the region or the reader ends it. */
  async lines(path: string, onLine: (line: string) => void): Promise<void> {
    const response = await this.#send("GET", path, undefined);
    if (response.statusCode !== 200) throw failureOf(response, await textOf(response), this.port);
    // A region that stops ends the stream in the middle.
    response.on("error", () => undefined);
    try {
      for await (const line of createInterface(response)) onLine(line);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ECONNRESET") throw cause;
    }
  }

  async #json(method: string, path: string, body?: string): Promise<unknown> {
    const response = await this.#send(method, path, body);
    const text = await textOf(response);
    if (response.statusCode !== 200) throw failureOf(response, text, this.port);
    try {
      return JSON.parse(text);
    } catch {
      throw stranger(this.port);
    }
  }

  #send(method: string, path: string, body: string | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: this.#host,
          port: this.port,
          method,
          path,
          agent: false,
          headers: {
            host: `localhost:${this.port}`,
            ...(body !== undefined && {
              "content-type": "application/json",
              "content-length": Buffer.byteLength(body),
            }),
          },
        },
        resolve,
      );
      sent.on("error", (error: NodeJS.ErrnoException) => reject(unreachable(error, this.port)));
      sent.end(body);
    });
  }
}

const startAdvice = "Start one with: us-local-1 start";

function unreachable(error: NodeJS.ErrnoException, port: number): Failure {
  if (error.code === "ECONNREFUSED")
    return new Failure("notRunning", `No region is running on port ${port}.`, startAdvice);
  if (error.code === "ECONNRESET") return new Failure("failure", `The region on port ${port} hung up.`);
  // Whatever answers there, it is not HTTP.
  if (error.code?.startsWith("HPE_")) return stranger(port);
  return new Failure("failure", `Port ${port} cannot be reached: ${error.message}.`);
}

function stranger(port: number): Failure {
  return new Failure(
    "notRunning",
    `What answers on port ${port} is not us-local-1.`,
    "Name the region's port with --port.",
  );
}

function failureOf(response: IncomingMessage, text: string, port: number): Failure {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    return new Failure(exitByCode[error.code] ?? "failure", error.message);
  } catch {
    return response.statusCode === 404
      ? stranger(port)
      : new Failure("failure", `Port ${port} answered ${response.statusCode}, which us-local-1 would not.`);
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk as string;
  return text;
}
