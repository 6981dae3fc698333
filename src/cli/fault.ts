import type { Fault } from "../kernel/faults.ts";
import { RegionClient } from "./client.ts";
import { regionOptions, type Command, type Invocation } from "./command.ts";
import { usage } from "./failure.ts";
import { columns } from "./text.ts";

const path = "/_local/v1/faults";

const fault: Command = {
  name: "fault",
  summary: "Makes the next requests of a service fail, to prove that a program retries.",
  forms: ["[list]", "add <service>[:<Operation>] [--code <code>] [--count <count>]", "clear"],
  wordsMax: 2,
  options: {
    ...regionOptions,
    code: { value: "code", description: "the error's code (ThrottlingException)" },
    count: { value: "count", short: "n", description: "how many requests it strikes (1)" },
    status: { value: "status", description: "the HTTP status, where the code does not say it" },
    message: { value: "text", description: "the error's text" },
  },
  async run(invocation) {
    const body = bodyOf(invocation);
    const client = RegionClient.of(invocation);
    const data =
      body === "list"
        ? await client.get<Faults>(path)
        : body === "clear"
          ? await client.delete<Faults>(path)
          : await client.post<Faults>(path, body);
    const rows = data.faults.map(({ service, operation, code, status, remaining }) => [
      `${service}:${operation ?? "*"}`,
      `${code} (${status})`,
      remaining === 1 ? "once" : `${remaining} times`,
    ]);
    return { data, text: rows.length > 0 ? columns(rows) : "No fault is waiting to strike." };
  },
};
export default fault;

interface Faults {
  readonly faults: readonly Fault[];
}

function bodyOf({ positionals, text }: Invocation): object | "list" | "clear" {
  const [action = "list", target] = positionals;
  if ((action === "list" || action === "clear") && target === undefined) return action;
  if (action !== "add" || target === undefined) throw usage("Say: us-local-1 fault add sqs:SendMessage");
  const [service, operation] = target.split(":");
  const number = (name: string): number | undefined =>
    text(name) === undefined ? undefined : Number(text(name));
  const given = {
    service,
    operation,
    code: text("code"),
    message: text("message"),
    count: number("count"),
    status: number("status"),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
