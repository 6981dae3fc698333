/** PutParameter: creates a parameter, or a new version of one. */

import * as ssm from "../../generated/ssm.ts";
import type { PutParameterRequest } from "../../generated/ssm.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { requirePattern } from "./allowed-pattern.ts";
import {
  emptyValue, keyForSecureStringOnly, nestedParameter, parameterAlreadyExists, tagsWithOverwrite,
  typeRequired,
  unsupportedDataType, versionLimitExceeded,
} from "./errors.ts";
import { announceChange } from "./events.ts";
import { parameterArn, requireCreatableName } from "./names.ts";
import { findLatest, putVersion, versions, type ParameterVersion } from "./parameter-rows.ts";
import { schedulePolicies } from "./policies.ts";
import { parsePolicies, type ParameterPolicy } from "./policy-rules.ts";
import { defaultKeyId, seal, type Sealed } from "./sealing.ts";
import { defaultTier } from "./service-settings.ts";
import { addTags } from "./tags.ts";
import { chooseTier } from "./tiers.ts";

/** @evidence SSM API Reference, ParameterMaxVersionLimitExceeded */
const versionsMax = 100;

type Draft = Omit<ParameterVersion, "version" | "value" | "labels" | "modifiedAt" | "modifiedBy" | "sealing">;

function requireValue(value: string): void {
  if (value === "") throw emptyValue();
  const opening = value.indexOf("{{");
  if (opening >= 0 && value.includes("}}", opening)) throw nestedParameter();
}

/** AMI ids are checked against EC2, and integrations against their providers: neither is here to ask. */
function requireDataType(dataType: string | undefined): void {
  if (dataType === undefined || dataType === "text" || dataType === "") return;
  if (dataType === "aws:ec2:image" || dataType === "aws:ssm:integration") {
    throw notImplemented(`ssm:PutParameter with the data type ${dataType}`);
  }
  throw unsupportedDataType(dataType);
}

function policiesOf(
  input: PutParameterRequest, previous: ParameterVersion | undefined,
): readonly ParameterPolicy[] {
  if (input.Policies !== undefined) return parsePolicies(input.Policies);
  return (previous?.policies ?? []).map((policy) =>
    (policy.type === "NoChangeNotification" ? { ...policy, status: "Pending" as const } : policy));
}

/**
 * What the parameter will be, from the request and from what is there. What the request leaves out stays as
 * it was.
 *
 * @evidence Systems Manager User Guide, allowed pattern: a later value is checked against the earlier pattern
 * @evidence Terraform's AWS provider, aws_ssm_parameter: updates name the key only where it changes
 */
function draft(ctx: ReadContext, input: PutParameterRequest): Draft {
  const name = requireCreatableName(input.Name);
  const previous = findLatest(ctx, name);
  if (previous && !input.Overwrite) throw parameterAlreadyExists();
  const type = input.Type ?? previous?.type;
  if (type === undefined) throw typeRequired();
  if (input.KeyId !== undefined && type !== "SecureString") throw keyForSecureStringOnly();
  const allowedPattern = input.AllowedPattern ?? previous?.allowedPattern;
  requirePattern(allowedPattern, input.Value);
  const description = input.Description ?? previous?.description;
  const policies = policiesOf(input, previous);
  return {
    name, type, policies,
    dataType: input.DataType || (previous?.dataType ?? "text"),
    tier: chooseTier(ctx, {
      requested: input.Tier ?? defaultTier(ctx),
      previous: previous?.tier,
      valueBytes: Buffer.byteLength(input.Value),
      hasPolicies: policies.length > 0,
    }),
    ...(type === "SecureString" && { keyId: input.KeyId ?? previous?.keyId ?? defaultKeyId }),
    ...(description !== undefined && { description }),
    ...(allowedPattern !== undefined && { allowedPattern }),
  };
}

function makeRoom(ctx: Context, name: string): void {
  if (ctx.db(versions).count({ prefix: [name] }) < versionsMax) return;
  const oldest = ctx.db(versions).first({ prefix: [name] });
  if (!oldest) return;
  if (oldest.labels.length > 0) throw versionLimitExceeded(name, oldest.version);
  ctx.db(versions).delete([name, oldest.version]);
}

function store(ctx: Context, input: PutParameterRequest, sealed: Sealed | undefined): ParameterVersion {
  const drafted = draft(ctx, input);
  const previous = findLatest(ctx, drafted.name);
  makeRoom(ctx, drafted.name);
  const version: ParameterVersion = {
    ...drafted,
    version: (previous?.version ?? 0) + 1,
    value: sealed?.value ?? input.Value,
    ...(sealed && { sealing: sealed.sealing }),
    labels: [],
    modifiedAt: ctx.clock.now(),
    modifiedBy: ctx.caller.arn,
  };
  putVersion(ctx, version);
  schedulePolicies(ctx, version);
  if (input.Tags?.length) {
    const arn = parameterArn(ctx, version.name);
    ctx.authorize({ action: "ssm:AddTagsToResource", resource: arn });
    addTags(ctx, arn, input.Tags);
  }
  announceChange(ctx, previous ? "Update" : "Create", version);
  return version;
}

/** Everything is checked before KMS is asked, and again in the transaction that writes. */
async function sealedValue(ctx: BodyContext, input: PutParameterRequest): Promise<Sealed | undefined> {
  const drafted = ctx.transaction((within) => draft(within, input));
  if (drafted.type !== "SecureString") return undefined;
  return seal(ctx, drafted.name, drafted.keyId ?? defaultKeyId, input.Value, drafted.tier);
}

export const PutParameter = operation(ssm.PutParameter, {
  resource: (input, ctx) => ctx.arn(`parameter/${input.Name.trim().replace(/^\//, "")}`),
  conditions: (input) => ({
    "ssm:overwrite": String(input.Overwrite ?? false),
    "ssm:policies": String(input.Policies !== undefined),
    "ssm:datatype": input.DataType ?? "text",
  }),

  async body(input, ctx) {
    if (input.Tags && input.Tags.length > 0 && input.Overwrite) throw tagsWithOverwrite();
    requireValue(input.Value);
    requireDataType(input.DataType);
    const sealed = await sealedValue(ctx, input);
    const { version, tier } = ctx.transaction((within) => store(within, input, sealed));
    return { Version: version, Tier: tier };
  },
});
