/**
 * IAM's resources as the Resource Groups Tagging API tags them: not users, groups and roles.
 *
 * @evidence Resource Groups Tagging API Reference, Supported services, IAM
 */

import * as iam from "../../generated/iam.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Tagging } from "../../kernel/service.ts";
import type { OperationToken } from "../../kernel/tokens.ts";

type Call = ReturnType<Tagging["tag"]>;

/** Tokens carry types for the compiler alone; the Tagging API passes the input on as it is. */
function call(token: OperationToken<unknown, unknown>, input: object): Call {
  return [token as OperationToken<never, unknown>, input];
}

function kindOf(arn: string): string | undefined {
  return parseArn(arn)?.resource.split("/", 1)[0];
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

/** A noun that can be tagged by ARN adds a line to both. */
export const tagging: Tagging = {
  tag(arn, tags) {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    switch (kindOf(arn)) {
      case "policy": return call(iam.TagPolicy, { PolicyArn: arn, Tags });
      case "instance-profile":
        return call(iam.TagInstanceProfile, { InstanceProfileName: nameOf(arn), Tags });
      case "mfa": return call(iam.TagMFADevice, { SerialNumber: arn, Tags });
      case "oidc-provider":
        return call(iam.TagOpenIDConnectProvider, { OpenIDConnectProviderArn: arn, Tags });
      case "saml-provider": return call(iam.TagSAMLProvider, { SAMLProviderArn: arn, Tags });
      case "server-certificate":
        return call(iam.TagServerCertificate, { ServerCertificateName: nameOf(arn), Tags });
      default: return undefined;
    }
  },

  untag(arn, TagKeys) {
    switch (kindOf(arn)) {
      case "policy": return call(iam.UntagPolicy, { PolicyArn: arn, TagKeys });
      case "instance-profile":
        return call(iam.UntagInstanceProfile, { InstanceProfileName: nameOf(arn), TagKeys });
      case "mfa": return call(iam.UntagMFADevice, { SerialNumber: arn, TagKeys });
      case "oidc-provider":
        return call(iam.UntagOpenIDConnectProvider, { OpenIDConnectProviderArn: arn, TagKeys });
      case "saml-provider": return call(iam.UntagSAMLProvider, { SAMLProviderArn: arn, TagKeys });
      case "server-certificate":
        return call(iam.UntagServerCertificate, { ServerCertificateName: nameOf(arn), TagKeys });
      default: return undefined;
    }
  },
};
