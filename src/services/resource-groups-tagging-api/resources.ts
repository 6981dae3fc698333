/** Resources by their tags, whatever service they belong to: a view of the kernel's tag store. */

import * as tagging from "../../generated/resource-groups-tagging-api.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError, modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page, pageOf } from "../../kernel/page.ts";
import type { TaggedResource } from "../../kernel/tags.ts";
import type { OperationToken } from "../../kernel/tokens.ts";
import { shownResources } from "./tagged-rows.ts";

const resourcesPerPageDefault = 50;
const resourcesPerPageMax = 100;
const tagsPerPageStep = 100;
const tagsPerPageMax = 500;
const keysPerPage = 100;

const invalidParameter = (message: string) => modelled(tagging.InvalidParameterException, message);
const invalidToken = () =>
  modelled(tagging.PaginationTokenExpiredException, "PaginationToken is invalid or has expired.");

/** `sqs`, `kms:key`: a service, or one of its resource types. */
function isOfType(arn: string, filter: string): boolean {
  const parsed = parseArn(arn);
  if (!parsed) return false;
  const [service, type] = filter.split(":", 2);
  if (parsed.service !== service) return false;
  return type === undefined || parsed.resource.split(/[:/]/, 1)[0] === type;
}

function matches(row: TaggedResource, input: tagging.GetResourcesInput): boolean {
  const { ResourceTypeFilters: types, TagFilters: filters, ResourceARNList: arns } = input;
  if (arns && !arns.includes(row.arn)) return false;
  if (types && types.length > 0 && !types.some((type) => isOfType(row.arn, type))) return false;
  return (filters ?? []).every(({ Key, Values }) => {
    if (Key === undefined) return true;
    const value = Object.hasOwn(row.tags, Key) ? row.tags[Key] : undefined;
    return value !== undefined && (!Values || Values.length === 0 || Values.includes(value));
  });
}

/** @evidence Resource Groups Tagging API Reference, GetResources: the limits; the texts are ours */
function checkPaging(input: tagging.GetResourcesInput): void {
  const { ResourceARNList: arns, TagFilters: filters, ResourcesPerPage: perPage, TagsPerPage: tags } = input;
  if (arns && (filters || input.ResourceTypeFilters || perPage !== undefined)) {
    throw invalidParameter("ResourceARNList can't be combined with other filters or with ResourcesPerPage.");
  }
  if (perPage !== undefined && tags !== undefined) {
    throw invalidParameter("ResourcesPerPage and TagsPerPage can't be used in the same request.");
  }
  if (perPage !== undefined && (perPage < 1 || perPage > resourcesPerPageMax)) {
    throw invalidParameter(`ResourcesPerPage must be between 1 and ${resourcesPerPageMax}.`);
  }
  if (tags !== undefined && (tags < tagsPerPageStep || tags > tagsPerPageMax || tags % tagsPerPageStep > 0)) {
    throw invalidParameter(`TagsPerPage must be a multiple of ${tagsPerPageStep}, up to ${tagsPerPageMax}.`);
  }
  if (input.ExcludeCompliantResources === true && input.IncludeComplianceDetails !== true) {
    throw invalidParameter("ExcludeCompliantResources needs IncludeComplianceDetails.");
  }
}

/**
 * @evidence Resource Groups Tagging API Reference, GetResources: filters are joined by AND, their values by
 *   OR
 */
export const GetResources = operation(tagging.GetResources, {
  run(input, ctx) {
    checkPaging(input);
    const { items, next } = page({
      rows: shownResources(ctx),
      key: (row) => row.arn,
      keep: (row) => matches(row, input),
      limit: input.ResourcesPerPage ?? resourcesPerPageDefault,
      token: input.PaginationToken || undefined,
      scope: "tagging:GetResources",
      invalid: invalidToken,
    });
    return {
      PaginationToken: next ?? "",
      ResourceTagMappingList: items.map((row) => ({
        ResourceARN: row.arn,
        Tags: Object.entries(row.tags).map(([Key, Value]) => ({ Key, Value })),
      })),
    };
  },
});

function distinct(ctx: Context, pick: (row: TaggedResource) => readonly string[]): string[] {
  const found = new Set<string>();
  for (const row of shownResources(ctx).list()) for (const text of pick(row)) found.add(text);
  return [...found].sort();
}

export const GetTagKeys = operation(tagging.GetTagKeys, {
  run(input, ctx) {
    const keys = distinct(ctx, (row) => Object.keys(row.tags));
    const { items, next } = pageOf(keys, {
      limit: keysPerPage,
      token: input.PaginationToken || undefined,
      scope: "tagging:GetTagKeys",
      invalid: invalidToken,
    });
    return { PaginationToken: next ?? "", TagKeys: items };
  },
});

export const GetTagValues = operation(tagging.GetTagValues, {
  run(input, ctx) {
    const values = distinct(ctx, (row) =>
      Object.hasOwn(row.tags, input.Key) ? [row.tags[input.Key] ?? ""] : [],
    );
    const scope = `tagging:GetTagValues ${input.Key}`;
    const { items, next } = pageOf(values, {
      limit: keysPerPage,
      token: input.PaginationToken || undefined,
      scope,
      invalid: invalidToken,
    });
    return { PaginationToken: next ?? "", TagValues: items };
  },
});

type Change = readonly [OperationToken<unknown, unknown>, object] | undefined;

/**
 * Each resource's own service does the work, under the caller's permissions for it; one failure stops no
 * other.
 */
async function change(
  arns: readonly string[],
  ctx: BodyContext,
  changeOf: (arn: string) => Promise<Change>,
): Promise<tagging.TagResourcesOutput> {
  const failures: Record<string, tagging.FailureInfo> = Object.create(null) as Record<
    string,
    tagging.FailureInfo
  >;
  for (const arn of arns) {
    try {
      const found = await changeOf(arn);
      if (!found) throw invalidParameter(`${arn} is not a resource that can be tagged here.`);
      const region = parseArn(arn)?.region;
      await ctx.call(found[0], found[1], region ? { region } : {});
    } catch (cause) {
      if (!(cause instanceof AwsError)) throw cause;
      const ErrorCode = cause.status >= 500 ? "InternalServiceException" : "InvalidParameterException";
      failures[arn] = { StatusCode: cause.status, ErrorCode, ErrorMessage: cause.message };
    }
  }
  return { FailedResourcesMap: failures };
}

export const TagResources = operation(tagging.TagResources, {
  body: (input, ctx) =>
    change(input.ResourceARNList, ctx, async (arn) =>
      (await ctx.kernel.taggingOf(parseArn(arn)?.service ?? ""))?.tag(arn, input.Tags, ctx.account),
    ),
});

export const UntagResources = operation(tagging.UntagResources, {
  body: (input, ctx) =>
    change(input.ResourceARNList, ctx, async (arn) =>
      (await ctx.kernel.taggingOf(parseArn(arn)?.service ?? ""))?.untag(arn, input.TagKeys, ctx.account),
    ),
});
