/**
 * Lambda's own condition keys.
 *
 * @evidence Service Authorization Reference, AWS Lambda; Lambda Developer Guide, "Fine-tuning the Resources
 *   and Conditions sections of policies"; AWS Compute Blog, "Using AWS Lambda IAM condition keys for VPC
 *   settings"
 */

import type { ContextValue } from "../../iam/types.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { functionArn, namedFunction } from "./function-names.ts";
import { functionUrls } from "./url-table.ts";

type Conditions = Readonly<Record<string, ContextValue | undefined>>;

interface Settings {
  readonly Layers?: readonly string[] | undefined;
  readonly VpcConfig?: {
    readonly SubnetIds?: readonly string[] | undefined;
    readonly SecurityGroupIds?: readonly string[] | undefined;
  } | undefined;
  readonly CodeSigningConfigArn?: string | undefined;
}

/** Subnets are in some network. Which it is nobody knows: there are none here yet. */
const unknownNetwork = "vpc-unknown";

/** Of what a function is made with, or changed to. */
export function settingsConditions({ Layers, VpcConfig, CodeSigningConfigArn }: Settings): Conditions {
  return {
    "lambda:layer": Layers,
    "lambda:subnetids": VpcConfig?.SubnetIds,
    "lambda:securitygroupids": VpcConfig?.SecurityGroupIds,
    "lambda:vpcids": VpcConfig?.SubnetIds?.length ? [unknownNetwork] : undefined,
    "lambda:codesigningconfigarn": CodeSigningConfigArn,
  };
}

interface OnUrl {
  readonly FunctionName: string;
  readonly Qualifier?: string | undefined;
  readonly AuthType?: string | undefined;
}

/** Of a function's address: the kind that is asked for, or else the one that it has. */
export function urlConditions(input: OnUrl, ctx: ReadContext): Conditions {
  const { name, qualifier } = namedFunction(input);
  const existing = ctx.db(functionUrls).get([name, qualifier ?? ""]);
  return {
    "lambda:functionarn": functionArn(ctx, name, qualifier),
    "lambda:functionurlauthtype": input.AuthType ?? existing?.authType,
  };
}
