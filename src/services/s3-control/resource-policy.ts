/** What decides over S3's resources, and over Access Grants besides. */

import type { ReadContext } from "../../kernel/context.ts";
import type { Asked, ResourcePolicy } from "../../kernel/service.ts";
import { resourcePolicy as ofS3 } from "../s3/access/resource-policy.ts";
import { instances } from "./access-grant-table.ts";

export function resourcePolicy(
  arn: string,
  ctx: ReadContext,
  asked: Asked,
): string | ResourcePolicy | undefined {
  if (arn.includes(":access-grants/")) return ctx.db(instances).get("default")?.policy?.text;
  return ofS3(arn, ctx, asked);
}
