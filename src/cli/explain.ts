import type { Explanation, ExplainedStatement } from "../local/explanation.ts";
import { RegionClient } from "./client.ts";
import { regionOptions, type Command, type Style } from "./command.ts";
import { usage } from "./failure.ts";
import { columns, indented } from "./text.ts";

const explain: Command = {
  name: "explain",
  summary: "Says why a request was denied: which policy, which statement, and what was missing.",
  forms: ["", "<request id>", "<encoded authorization message>"],
  wordsMax: Infinity,
  options: regionOptions,
  notes: ["Without a value it explains the latest denial. The whole text of an error may be pasted."],
  async run(invocation) {
    if (invocation.positionals.length > 1)
      throw usage("explain takes one value: put an error's text in quotes.");
    const [given = "latest"] = invocation.positionals;
    const client = RegionClient.of(invocation);
    const requestId = given === "latest" ? given : requestIdIn(given);
    if (requestId === undefined) {
      const data = await client.post<{ decoded: unknown }>("/_local/v1/explain", { message: given });
      return { data, text: JSON.stringify(data.decoded, undefined, 2) };
    }
    const data = await client.get<Explanation>(`/_local/v1/denials/${encodeURIComponent(requestId)}`);
    return { data, text: (style) => explanationText(data, style) };
  },
};
export default explain;

/** Alone, or in the text of an error as the SDKs write it. */
function requestIdIn(text: string): string | undefined {
  return /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i.exec(text)?.[0].toLowerCase();
}

function explanationText(explanation: Explanation, style: Style): string {
  const { statements, missingConditionKeys: missing, remedy } = explanation;
  const verdict =
    explanation.type === "explicit" ? "Denied: a statement denies it." : "Denied: no statement allows it.";
  const lines = [
    style.bad(verdict),
    explanation.message,
    "",
    columns(
      [
        ["who", explanation.principal],
        ["action", explanation.action],
        ["resource", explanation.resource],
        ["when", `${explanation.at}, request ${explanation.requestId}`],
      ],
      "  ",
    ),
  ];
  for (const statement of statements) lines.push("", statementText(statement, style));
  if (missing.length > 0) lines.push("", `Missing in the request: ${missing.join(", ")}`);
  lines.push("", remedy.text);
  if (remedy.statement !== null) lines.push(indented(JSON.stringify(remedy.statement, undefined, 2), "  "));
  return lines.join("\n");
}

function statementText(
  { effect, kind, policy, sid, position, statement }: ExplainedStatement,
  style: Style,
): string {
  const name = sid === null ? `statement ${position}` : `statement ${position} (${sid})`;
  const spoken = effect === "Deny" ? style.bad(effect) : style.good(effect);
  const text = indented(JSON.stringify(statement, undefined, 2), "  ");
  return `${spoken} by ${name} of the ${kind} policy ${policy}\n${text}`;
}
