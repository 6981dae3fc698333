/** Index policies: which fields are indexed. Only `filterIndex` in queries goes by them. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { operation } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { accountPolicies } from "./account-policy-table.ts";
import { selects } from "./account-selection.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { invalidNextToken, invalidParameter, resourceNotFound } from "./errors.ts";
import {
  groupArn, groupNameOf, onIdentifiedGroup, requireGroup, aboutGroup, type LogGroup,
} from "./group-table.ts";

interface IndexPolicy {
  readonly groupId: string;
  readonly document: string;
  readonly updatedAt: number;
}

export const indexPolicies = table<IndexPolicy>("logs.indexPolicies", { key: (row) => row.groupId });

/** @evidence CloudWatch Logs API Reference, PutIndexPolicy: up to 20 fields, of 100 characters each */
const fieldsMax = 20;
const fieldLengthMax = 100;

/** @evidence CloudWatch Logs User Guide, "Create field indexes": the default indexes of every group */
const defaultIndexes: readonly string[] = [
  "@logStream", "@aws.region", "@aws.account", "@source.log", "@data_source_name", "@data_source_type",
  "@data_format", "traceId", "severityText", "attributes.session.id",
];

/** @throws InvalidParameterException */
export function parseIndexPolicy(document: string): string[] {
  let fields: unknown;
  try {
    const {
      Fields, FieldsV2,
    } = JSON.parse(document) as { Fields?: unknown; FieldsV2?: Record<string, unknown> };
    fields = FieldsV2 === undefined ? Fields : Object.keys(FieldsV2);
  } catch {
    fields = undefined;
  }
  const isRight = Array.isArray(fields) && fields.length > 0 && fields.length <= fieldsMax &&
    fields.every((field) => typeof field === "string" && field.length <= fieldLengthMax);
  if (!isRight) throw invalidParameter("Invalid index policy document.");
  return fields as string[];
}

export const PutIndexPolicy = operation(logs.PutIndexPolicy, {
  ...onIdentifiedGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, groupNameOf(input.logGroupIdentifier));
    parseIndexPolicy(input.policyDocument);
    ctx.db(
      indexPolicies
    ).put({ groupId: group.id, document: input.policyDocument, updatedAt: ctx.clock.now() });
    return { indexPolicy: policyOf(ctx, group) };
  },
});

export const DeleteIndexPolicy = operation(logs.DeleteIndexPolicy, {
  ...onIdentifiedGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, groupNameOf(input.logGroupIdentifier));
    if (!ctx.db(indexPolicies).delete(group.id)) throw resourceNotFound(
      "The specified policy does not exist."
    );
    return {};
  },
});

/** The group's own, or else the account's. */
function policyOf(ctx: ReadContext, group: LogGroup): logs.IndexPolicy | undefined {
  const logGroupIdentifier = groupArn(ctx, group.name);
  const own = ctx.db(indexPolicies).get(group.id);
  if (own) {
    const { document, updatedAt } = own;
    return { logGroupIdentifier, lastUpdateTime: updatedAt, policyDocument: document, source: "LOG_GROUP" };
  }
  for (const policy of ctx.db(accountPolicies).list({ prefix: ["FIELD_INDEX_POLICY"] })) {
    if (!selects(policy, group.name)) continue;
    return {
      logGroupIdentifier, lastUpdateTime: policy.updatedAt, policyDocument: policy.document,
      policyName: policy.name, source: "ACCOUNT",
    };
  }
  return undefined;
}

/** Fields that events of the group are found by. */
export function indexedFieldsOf(ctx: ReadContext, group: LogGroup): readonly string[] {
  const document = policyOf(ctx, group)?.policyDocument;
  return document === undefined ? defaultIndexes : [...defaultIndexes, ...parseIndexPolicy(document)];
}

const onIdentifiers = {
  resource: (input: {
    readonly logGroupIdentifiers: readonly string[],
  }, ctx: Parameters<typeof aboutGroup>[1]) =>
    input.logGroupIdentifiers.map((each) => aboutGroup(groupNameOf(each), ctx)),
};

export const DescribeIndexPolicies = operation(logs.DescribeIndexPolicies, {
  ...onIdentifiers,
  run(input, ctx) {
    requireNoToken(input);
    return {
      indexPolicies: input.logGroupIdentifiers.flatMap((each) =>
        policyOf(ctx, requireGroup(ctx, groupNameOf(each))) ?? []),
    };
  },
});

export const DescribeFieldIndexes = operation(logs.DescribeFieldIndexes, {
  ...onIdentifiers,
  run(input, ctx) {
    requireNoToken(input);
    const fieldIndexes = input.logGroupIdentifiers.flatMap((each) => {
      const policy = policyOf(ctx, requireGroup(ctx, groupNameOf(each)));
      if (!policy) return [];
      const { logGroupIdentifier, lastUpdateTime: lastScanTime, policyDocument = "" } = policy;
      return parseIndexPolicy(policyDocument).map((fieldIndexName) =>
        ({ logGroupIdentifier, fieldIndexName, lastScanTime, type: "FIELD_INDEX" as const }));
    });
    return { fieldIndexes };
  },
});

/** All is on the first page, so nobody was given a token. */
function requireNoToken({ nextToken }: { readonly nextToken?: string | undefined }): void {
  if (nextToken !== undefined) throw invalidNextToken();
}
