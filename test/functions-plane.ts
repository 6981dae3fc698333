/** A functions plane without a region around it, for tests of engines. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { searchPath } from "../src/config.ts";
import type { ContainerProgram } from "../src/planes/functions/containers/container-engine.ts";
import type {
  FunctionSpec,
  FunctionsPlane,
  Invocation,
  LogLine,
  Outcome,
} from "../src/planes/functions/contract.ts";
import { openFunctionsPlane } from "../src/planes/functions/plane.ts";
import { openSandboxEngine, type EngineName } from "../src/planes/functions/sandbox/open.ts";

export type Files = Readonly<Record<string, string>>;

export interface TestFunction {
  readonly spec: FunctionSpec;
  /** All that was logged, in order, by stream. */
  readonly log: Map<string, string[]>;
  /** Of all streams, in the order in which they began. */
  lines(): string[];
  run(event?: unknown, further?: Partial<Invocation>): Promise<Ran>;
}

export interface Ran extends Outcome {
  readonly json: unknown;
  readonly error: { readonly errorType?: string; readonly errorMessage?: string } & Record<string, unknown>;
  readonly requestId: string;
}

export interface TestPlane {
  readonly plane: FunctionsPlane;
  /** Lines that the region would say. */
  readonly said: string[];
  function(files: Files, further?: Partial<FunctionSpec>): TestFunction;
  folder(files: Files): string;
  advance(milliseconds: number): void;
}

const day = Date.UTC(2026, 0, 1);

/** Whether this machine makes boxes for functions, of this kind or of any. */
export async function boxed(engine?: EngineName): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "functions-trial-"));
  try {
    return (await openSandboxEngine(folder, searchPath(), engine)).name !== "none";
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Closed, and its folders deleted, after the test. */
export async function startPlane(
  context: TestContext,
  engine?: EngineName,
  containers?: readonly ContainerProgram[],
): Promise<TestPlane> {
  const root = mkdtempSync(join(tmpdir(), "functions-"));
  let now = day;
  let count = 0;
  const alarms = new Set<{ readonly at: number; readonly ring: () => void }>();
  const said: string[] = [];
  const plane = await openFunctionsPlane(
    {
      searchPath: searchPath(),
      now: () => now,
      alarm(at, ring) {
        const alarm = { at, ring };
        alarms.add(alarm);
        return () => alarms.delete(alarm);
      },
      hex: (length) => `${process.pid.toString(16)}f${(count += 1).toString(16)}`.padStart(length, "0"),
      endpoint: () => Promise.resolve("http://127.0.0.1:4566"),
      folder: (name) => {
        mkdirSync(join(root, name), { recursive: true });
        return Promise.resolve(join(root, name));
      },
      log: (line) => void said.push(line),
    },
    { ...(engine !== undefined && { engine }), ...(containers && { containers }) },
  );
  context.after(async () => {
    await plane.close();
    rmSync(root, { recursive: true, force: true });
  });

  const folder = (files: Files): string => {
    const made = mkdtempSync(join(root, "code-"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(made, name)), { recursive: true });
      writeFileSync(join(made, name), text, { mode: 0o755 });
    }
    return made;
  };
  return {
    plane,
    said,
    folder,
    advance(milliseconds) {
      now += milliseconds;
      for (const alarm of [...alarms]) if (alarm.at <= now && alarms.delete(alarm)) alarm.ring();
    },
    function: (files, further = {}) => testFunction(plane, folder(files), further),
  };
}

function testFunction(plane: FunctionsPlane, path: string, further: Partial<FunctionSpec>): TestFunction {
  const log = new Map<string, string[]>();
  const spec: FunctionSpec = {
    revision: path,
    functionArn: "arn:aws:lambda:us-east-1:000000000000:function:tested",
    functionName: "tested",
    version: "$LATEST",
    runtime: "nodejs20.x",
    runtimeVersionArn: "arn:aws:lambda:us-east-1::runtime:tested",
    handler: "index.handler",
    code: { kind: "folder", path },
    layers: [],
    environment: {},
    memoryMegabytes: 128,
    timeoutSeconds: 60,
    ephemeralStorageMegabytes: 512,
    architecture: "x86_64",
    logging: {
      format: "Text",
      logGroupName: "/aws/lambda/tested",
      sink: (stream: string, lines: readonly LogLine[]) => {
        const known = log.get(stream) ?? [];
        log.set(stream, [...known, ...lines.map(({ message }) => message)]);
      },
    },
    credentials: () =>
      Promise.resolve({
        accessKeyId: "ASIATESTED",
        secretAccessKey: "secret",
        sessionToken: "token",
        expiresAt: Number.POSITIVE_INFINITY,
      }),
    ...further,
  };
  let count = 0;
  return {
    spec,
    log,
    lines: () => [...log.values()].flat(),
    async run(event = {}, of = {}) {
      const requestId = `8f507cfc-0000-4000-8000-${String((count += 1)).padStart(12, "0")}`;
      const outcome = await plane.invoke(spec, {
        requestId,
        payload: Buffer.from(JSON.stringify(event)),
        ...of,
      });
      const json = parsed(Buffer.from(outcome.payload).toString("utf8"));
      return { ...outcome, json, error: (json ?? {}) as Ran["error"], requestId };
    },
  };
}

/** Undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
