/** Amazon Resource Names: the one place that builds and reads them. */

export interface Arn {
  readonly partition: string;
  readonly service: string;
  /** Empty for global services. */
  readonly region: string;
  /** Empty where the name alone is unique: S3 buckets. */
  readonly account: string;
  /** Everything behind the fifth colon: `user/path/name`, `queue-name`, `secret:name-AbCdEf`. */
  readonly resource: string;
}

export function formatArn(arn: Omit<Arn, "partition"> & { readonly partition?: string }): string {
  return `arn:${arn.partition ?? "aws"}:${arn.service}:${arn.region}:${arn.account}:${arn.resource}`;
}

/** Undefined when the text is no ARN. */
export function parseArn(text: string): Arn | undefined {
  const match = arnForm.exec(text);
  if (!match) return undefined;
  const [, partition = "", service = "", region = "", account = "", resource = ""] = match;
  return { partition, service, region, account, resource };
}

const arnForm = /^arn:([^:]+):([^:]+):([^:]*):([^:]*):([^]*)$/;
