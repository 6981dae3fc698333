/** What there is to list of Lambda. */

import { echo } from "../lambda-bench.ts";
import type { Listings, Make } from "./listings.ts";

const numbers = [1, 2, 3, 4, 5];
const Role = "arn:aws:iam::000000000000:role/several-functions";
const FunctionName = "several-1";

export const lambdaTrustText = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

export const functionMembers = {
  Role, Runtime: "nodejs20.x", Handler: "index.handler", Code: { ZipFile: echo },
};

async function firstConfigArn(make: Make): Promise<string> {
  const { CodeSigningConfigs } = await make("lambda:ListCodeSigningConfigs", {});
  return (CodeSigningConfigs as { CodeSigningConfigArn: string }[])[0]?.CodeSigningConfigArn ?? "";
}

export const lambdaListings: Listings = {
  async prepare(make) {
    const RoleName = "several-functions";
    await make("iam:CreateRole", { RoleName, AssumeRolePolicyDocument: lambdaTrustText });
    const SigningProfileVersionArns = ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/a/b"];
    for (const _ of numbers) {
      await make("lambda:CreateCodeSigningConfig", { AllowedPublishers: { SigningProfileVersionArns } });
    }
    const CodeSigningConfigArn = await firstConfigArn(make);
    for (const number of numbers) {
      const named = { FunctionName: `several-${number}` };
      await make("lambda:CreateFunction", { ...functionMembers, ...named, CodeSigningConfigArn });
      for (const _ of numbers) {
        await make("lambda:PublishLayerVersion", {
          LayerName: `several-${number}`, Content: { ZipFile: echo },
        });
      }
    }
  },
  async fill(make) {
    for (const number of numbers) {
      await make("lambda:PublishVersion", { FunctionName });
      const alias = `alias-${number}`;
      await make("lambda:CreateAlias", { FunctionName, Name: alias, FunctionVersion: "1" });
      const Qualifier = alias;
      await make("lambda:PutFunctionEventInvokeConfig", { FunctionName, Qualifier, MaximumRetryAttempts: 1 });
      await make("lambda:CreateFunctionUrlConfig", { FunctionName, Qualifier, AuthType: "NONE" });
      await make("lambda:PutProvisionedConcurrencyConfig", {
        FunctionName, Qualifier, ProvisionedConcurrentExecutions: 1,
      });
    }
  },
  inputs: {
    ListFunctions: {},
    ListVersionsByFunction: { FunctionName },
    ListAliases: { FunctionName },
    ListLayers: {},
    ListLayerVersions: { LayerName: "several-1" },
    ListProvisionedConcurrencyConfigs: { FunctionName },
    ListFunctionEventInvokeConfigs: { FunctionName },
    ListFunctionUrlConfigs: { FunctionName },
    ListCodeSigningConfigs: {},
    ListFunctionsByCodeSigningConfig: async (make) => ({ CodeSigningConfigArn: await firstConfigArn(make) }),
  },
};
