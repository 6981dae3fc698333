/** What others than the floor are measured beside the region, where they are on this machine. */

import { dirname, join } from "node:path";
import { started } from "./cores.ts";
import { itemOperations } from "./item-operations.ts";
import { answers, freePort, type Target } from "./servers.ts";

export interface Peer extends Target {
  readonly name: string;
  /** Whether it has the operations of the benchmark of this name. */
  readonly takes: (benchmark: string) => boolean;
}

/** A server that is asked with HTTP; undefined where it cannot be started. */
async function startServer(
  command: string, options: (port: number) => readonly string[], path: string,
): Promise<Target | undefined> {
  const port = await freePort();
  const child = started(command, options(port));
  child.stdout?.resume();
  let failed = false;
  child.on("error", () => (failed = true));
  child.on("exit", () => (failed = true));
  return (await answers(`http://127.0.0.1:${port}${path}`, () => failed)) ? { port, child } : undefined;
}

async function startMoto(): Promise<Peer | undefined> {
  const target = await startServer("moto_server", (port) => ["-p", String(port)], "/moto-api/");
  // Its functions need Docker.
  return target && { ...target, name: "moto_server", takes: (benchmark) => benchmark !== "invoke" };
}

/**
 * @param jar of Amazon DynamoDB Local, in the folder that it is unpacked to
 * @evidence DynamoDB Developer Guide, "Deploying DynamoDB locally on your computer"
 */
async function startDynamoDbLocal(jar: string): Promise<Peer> {
  const libraries = `-Djava.library.path=${join(dirname(jar), "DynamoDBLocal_lib")}`;
  const options = (port: number): string[] =>
    [libraries, "-jar", jar, "-inMemory", "-port", String(port)];
  const target = await startServer("java", options, "/");
  if (!target) throw new Error(`java -jar ${jar} does not answer: is it DynamoDB Local, and Java there?`);
  const takes = (benchmark: string): boolean => Object.hasOwn(itemOperations, benchmark);
  return { ...target, name: "DynamoDB Local", takes };
}

export async function startPeers(withMoto: boolean, dynamoDbLocalJar: string | undefined): Promise<Peer[]> {
  const moto = withMoto ? await startMoto() : undefined;
  const local = dynamoDbLocalJar === undefined ? undefined : await startDynamoDbLocal(dynamoDbLocalJar);
  return [moto, local].filter((peer) => peer !== undefined);
}
