import { coverageOf, type ServiceCoverage } from "../local/coverage.ts";
import type { Command, Style } from "./command.ts";
import { usage } from "./failure.ts";
import { columns } from "./text.ts";

const coverage: Command = {
  name: "coverage",
  summary: "Lists the services that are built, or one service's operations. Needs no running region.",
  forms: ["[<service>]"],
  wordsMax: 1,
  options: {},
  async run({ positionals: [name] }) {
    const services = await coverageOf(name);
    if (name === undefined) return { data: { services }, text: (style) => summaryText(services, style) };
    const [service] = services;
    if (!service) throw usage(`There is no service ${name} here.`, "us-local-1 coverage lists them.");
    return { data: service, text: (style) => operationsText(service, style) };
  },
};
export default coverage;

function summaryText(services: readonly ServiceCoverage[], style: Style): string {
  const rows = services.map(({ service, built, total }) => [
    service,
    `${built} of ${total}`,
    built === total ? style.good("complete") : `${Math.floor((built / total) * 100)} %`,
  ]);
  const built = services.reduce((sum, service) => sum + service.built, 0);
  return `${columns(rows)}\n\n${built} operations of ${services.length} services.`;
}

function operationsText({ service, built, total, operations }: ServiceCoverage, style: Style): string {
  const lines = operations.map((operation) =>
    operation.built ? `${style.good("✓")} ${operation.name}` : style.faint(`· ${operation.name}`),
  );
  return [...lines, "", `${service}: ${built} of ${total}. The others answer NotImplemented.`].join("\n");
}
