/** Tables and streams as the operations on tags and policies name them: by ARN. */

import { parseArn } from "../../../kernel/arn.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import type { Owner } from "../../../kernel/operation.ts";
import { arnNotFound, invalidParameters, inUse, validation } from "../errors.ts";
import { findStream } from "../streams/stream-rows.ts";
import { findTable } from "../tables/names.ts";

interface Named {
  readonly ResourceArn: string;
}

export const onResource = {
  owner: ({ ResourceArn }: Named): Owner | undefined => {
    const account = parseArn(ResourceArn)?.account;
    return account !== undefined && /^\d{12}$/.test(account) ? { account } : undefined;
  },
  resource: ({ ResourceArn }: Named): string => ResourceArn,
};

export interface ArnSubject {
  readonly table: string;
  /** The stream's label, where the ARN is a stream's. */
  readonly stream: string | undefined;
}

/** @evidence recorded refusals of TagResource, ListTagsOfResource and the operations on policies */
export function requireArn(ctx: ReadContext, text: string): ArnSubject {
  if (!text.startsWith("arn:")) throw invalidParameters(`ARNs must start with 'arn:': ${text}`);
  const arn = parseArn(text);
  if (arn?.service !== "dynamodb") {
    throw invalidParameters(`Provided Arn is not a DynamoDB resource arn: ${text}`);
  }
  const [kind, table, within, stream, ...rest] = arn.resource.split("/");
  const isTable = within === undefined;
  const isStream = within === "stream" && stream !== undefined && rest.length === 0;
  if (kind !== "table" || !table || !(isTable || isStream)) {
    throw invalidParameters(
      `Invalid resource arn provided, only table or stream is accepted. Provided resource arn: ${text}`,
    );
  }
  if (arn.region !== ctx.region) {
    throw validation(`Invalid TableArn: Invalid ResourceArn provided as input ${text}`);
  }
  return { table, stream: isStream ? stream : undefined };
}

/** The table or stream that is there. */
export function requireResource(ctx: ReadContext, text: string): ArnSubject {
  const subject = requireArn(ctx, text);
  if (subject.stream !== undefined) {
    if (!findStream(ctx, subject.table, subject.stream)) throw arnNotFound(text);
    return subject;
  }
  const table = findTable(ctx, subject.table);
  if (!table) throw arnNotFound(text);
  if (table.status === "DELETING") throw inUse(`Table is being deleted: ${table.name}`);
  return subject;
}
