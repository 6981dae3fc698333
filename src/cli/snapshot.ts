import type { ShownChange, ShownSnapshot } from "../local/snapshot-routes.ts";
import { RegionClient } from "./client.ts";
import { regionOptions, type Command, type Invocation, type Result, type Style } from "./command.ts";
import { usage } from "./failure.ts";
import { columns, size } from "./text.ts";

const path = "/_local/v1/snapshots";
const valueLengthMax = 80;

const snapshot: Command = {
  name: "snapshot",
  summary: "Keeps the region's state under a name, and brings it back.",
  forms: ["save <name>", "list", "restore <name>", "delete <name>", "diff <name> [<other>]"],
  wordsMax: 3,
  options: { ...regionOptions, all: { description: "diff: also the records of requests" } },
  notes: ["diff compares with the region as it is now, or with another snapshot."],
  async run(invocation) {
    const [action = "list", ...names] = invocation.positionals;
    const perform = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!perform) throw usage(`snapshot has no ${action}.`, "It has save, list, restore, delete and diff.");
    const [least, most] = perform.names;
    if (names.length < least || names.length > most) throw usage(`Say: us-local-1 snapshot ${perform.form}`);
    return perform.run(RegionClient.of(invocation), names, invocation);
  },
};
export default snapshot;

interface Action {
  readonly form: string;
  readonly names: readonly [number, number];
  readonly run: (client: RegionClient, names: readonly string[], invocation: Invocation) => Promise<Result>;
}

const actions: Readonly<Record<string, Action>> = {
  list: {
    form: "list",
    names: [0, 0],
    async run(client) {
      const data = await client.get<{ snapshots: ShownSnapshot[] }>(path);
      const rows = data.snapshots.map(({ name, savedAt, sizeBytes }) => [name, savedAt, size(sizeBytes)]);
      return { data, text: rows.length > 0 ? columns(rows) : "There are no snapshots." };
    },
  },
  save: {
    form: "save <name>",
    names: [1, 1],
    async run(client, [name]) {
      const data = await client.post<ShownSnapshot>(path, { name });
      return { data, text: `Saved ${data.name} (${size(data.sizeBytes)}).` };
    },
  },
  restore: {
    form: "restore <name>",
    names: [1, 1],
    async run(client, [name = ""]) {
      const data = await client.post(`${path}/${encodeURIComponent(name)}/restore`);
      return { data, text: `The region is as it was in ${name}.` };
    },
  },
  delete: {
    form: "delete <name>",
    names: [1, 1],
    async run(client, [name = ""]) {
      const data = await client.delete(`${path}/${encodeURIComponent(name)}`);
      return { data, text: `Deleted ${name}.` };
    },
  },
  diff: {
    form: "diff <name> [<other>]",
    names: [1, 2],
    async run(client, [name = "", other], { has }) {
      const query = new URLSearchParams({
        ...(other !== undefined && { with: other }),
        ...(has("all") && { all: "true" }),
      });
      const data = await client.get<Difference>(
        `${path}/${encodeURIComponent(name)}/diff?${query.toString()}`,
      );
      return { data, text: (style) => differenceText(data, style) };
    },
  },
};

interface Difference {
  readonly count: number;
  readonly changes: readonly ShownChange[];
}

function differenceText({ count, changes }: Difference, style: Style): string {
  if (count === 0) return "Nothing is different.";
  const signs = { added: style.good("+"), removed: style.bad("-"), changed: "~" };
  const place = ({ account, region, table, key }: ShownChange): string =>
    `${account}/${region}  ${table}  ${key.map(keyText).join(" ")}`;
  const lines = changes.flatMap((change) => [
    `${signs[change.change]} ${place(change)}`,
    ...(change.change === "changed" ? memberLines(change.before, change.after) : []),
  ]);
  const rest = count - changes.length;
  return [...lines, ...(rest > 0 ? [`… and ${rest} more rows`] : [])].join("\n");
}

function keyText(part: unknown): string {
  return typeof part === "string" ? part : JSON.stringify(part);
}

/** The members of a row that are not the same. */
function memberLines(before: unknown, after: unknown): string[] {
  const [older, newer] = [before, after].map(
    (row) => (typeof row === "object" && row !== null ? row : {}) as Record<string, unknown>,
  );
  const names = new Set([...Object.keys(older ?? {}), ...Object.keys(newer ?? {})]);
  return [...names]
    .map((name) => [name, valueText(older?.[name]), valueText(newer?.[name])] as const)
    .filter(([, left, right]) => left !== right)
    .map(([name, left, right]) => `    ${name}: ${shortened(left)} → ${shortened(right)}`);
}

function valueText(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function shortened(text: string): string {
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax)}…` : text;
}
