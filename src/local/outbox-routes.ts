/** What services sent to people, and the certificates that verify what the region signs. */

import { certificatesPath, findCertificate } from "../kernel/message-signing.ts";
import { outbox } from "../kernel/outbox.ts";
import { notFound, type LocalRequest, type LocalRoute } from "./http.ts";
import type { LocalHost } from "./host.ts";

function everything({ query }: LocalRequest, { region: { engine } }: LocalHost): object {
  const wanted = (name: string, value: string): boolean =>
    !query.has(name) || query.getAll(name).includes(value);
  const messages = engine.cells().flatMap((cell) =>
    engine.read(cell, (transaction) =>
      [...transaction.rows(outbox).list()].map((row) => ({ ...row, ...cell })),
    ),
  );
  return {
    messages: messages
      .filter(({ kind, to }) => wanted("kind", kind) && wanted("to", to))
      .filter(({ account }) => wanted("account", account))
      .sort((one, other) => one.order - other.order)
      .map(({ order, at, ...rest }) => ({ id: order, at: new Date(at).toISOString(), ...rest })),
  };
}

export const outboxRoutes: readonly LocalRoute[] = [
  {
    method: "GET",
    path: "/_local/v1/outbox",
    summary: "E-mail, text messages and push notifications that services sent; ?kind=, ?to=, ?account=.",
    run: everything,
  },
  {
    method: "GET",
    path: "/_local/outbox",
    summary: "The same as /_local/v1/outbox.",
    run: everything,
  },
  {
    method: "GET",
    path: `${certificatesPath}{file}`,
    summary: "A certificate that verifies what the region signs.",
    run({ parameters: { file = "" } }, { region: { engine } }) {
      const id = /^SimpleNotificationService-([0-9a-f]{32})\.pem$/.exec(file)?.[1] ?? "";
      const certificate = findCertificate(engine, id);
      if (certificate === undefined) throw notFound(`There is no certificate ${file}.`);
      return { status: 200, headers: { "content-type": "application/x-pem-file" }, body: certificate };
    },
  },
];
