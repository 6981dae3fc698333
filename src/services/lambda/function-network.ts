/** The network that a function is to be in: whether its role may take part in it. */

import type { VpcConfig } from "../../generated/lambda.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { roleMay } from "./dead-letters.ts";
import { halfNetwork, roleNotPermitted } from "./errors.ts";

/** @evidence Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC" */
const calls = ["CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface"];

/** @throws AwsError where it names half of a network, or one that the role can't have interfaces in */
export async function requireNetwork(
  ctx: BodyContext, config: VpcConfig | undefined, running: { readonly name: string; readonly role: string },
): Promise<void> {
  const hasSubnets = (config?.SubnetIds ?? []).length > 0;
  if (hasSubnets !== (config?.SecurityGroupIds ?? []).length > 0) throw halfNetwork();
  if (!hasSubnets) return;
  for (const call of calls) {
    if (!(await roleMay(ctx, running, `ec2:${call}`, "*"))) throw roleNotPermitted(call, "EC2");
  }
}
