/** Facts about services that no model states: whose IAM prefix is what, and which services are global. */

/**
 * The IAM prefix, where it is not the signing name. @evidence Service Authorization Reference, service pages
 */
export const iamPrefixes: Readonly<Record<string, string>> = {
  "resource-groups-tagging-api": "tag",
  cloudwatch: "cloudwatch",
};

/** CloudTrail's `eventSource`, where it is not `<endpointPrefix>.amazonaws.com`. */
export const eventSources: Readonly<Record<string, string>> = {};

/**
 * Services whose state an account has once, not once a region. @evidence AWS General Reference, Service
 * endpoints
 */
export const globalServices: ReadonlySet<string> = new Set([
  "iam",
  "route-53",
  "cloudfront",
  "organizations",
  "waf",
  "shield",
  "global-accelerator",
  "budgets",
  "account",
]);

/** IAM actions whose names differ from the operations they guard. */
export const iamActions: Readonly<Record<string, string>> = {
  "sqs:SendMessageBatch": "sqs:SendMessage",
  "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
  "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
};

/**
 * The folder of a service is the name of its SDK v3 client package: `Secrets Manager` → `secrets-manager`.
 */
export function folderName(serviceId: string): string {
  return serviceId.toLowerCase().replaceAll(" ", "-");
}
