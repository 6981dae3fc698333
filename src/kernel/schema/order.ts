/**
 * The orders in which AWS lists things in a validation error. They come from Java's hash tables, which is
 * visible from outside: every recorded text agrees with `String.hashCode()`.
 */

function javaHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0;
  return hash;
}

/**
 * The values of an enumeration as `Member must satisfy enum value set: […]` lists them: by the low five
 * bits of the hash, whatever the number of values; values that share them come last declared first.
 *
 * @evidence Recorded texts: DynamoDB `ComparisonOperator` (13 values), `Select`, `ReturnConsumedCapacity`;
 *   IAM `assignmentStatusType`, `statusType`; CloudWatch `Statistic`; CloudFormation `ChangeSetType`;
 *   Cognito `IdentityProviderTypeType`; SES `SubscriptionStatus`; Lambda `Runtime` of layers (46 values)
 */
export function enumValueSet(values: readonly string[]): string {
  return sortedBy([...values].reverse(), (value) => javaHash(value) & 31).join(", ");
}

/**
 * The members of a structure as their errors are listed: the order of a Java 8 `HashMap` of their names.
 *
 * @evidence Recorded texts: DynamoDB `writeCapacityUnits` before `readCapacityUnits` and `attributeType`
 *   before `attributeName`; ACM `subjectAlternativeNames` before `domainName`; Cognito `password` before
 *   `username` and `confirmationCode` before `password`; SES `value` before `key`; EventBridge
 *   `retentionDays` first in CreateArchive
 */
export function memberOrder(names: readonly string[]): string[] {
  let buckets = 16;
  while (names.length > buckets * 0.75) buckets *= 2;
  return sortedBy(names, (name) => {
    const hash = javaHash(lowerFirst(name));
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  });
}

export function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function sortedBy(values: readonly string[], rank: (value: string) => number): string[] {
  return [...values].sort((left, right) => rank(left) - rank(right));
}
