/** What IAM's tests say again and again: documents and refusals. */

/** A policy that allows `actions` on everything, or on `resource`. */
export function allow(actions: string | readonly string[], resource = "*"): object {
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: resource }] };
}

/** A policy that denies `actions` on everything. */
export function deny(actions: string): object {
  return { Version: "2012-10-17", Statement: [{ Effect: "Deny", Action: actions, Resource: "*" }] };
}

/** A trust policy for a service's principal, or for an account's root. */
export function trust(principal: string): string {
  const isAccount = /^\d+$/.test(principal);
  const Principal = isAccount ? { AWS: `arn:aws:iam::${principal}:root` } : { Service: principal };
  return JSON.stringify({
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }],
  });
}

interface ServiceError {
  readonly name: string;
  readonly Error?: { readonly Code?: string };
  readonly Code?: string;
  readonly message: string;
  readonly $metadata: { readonly httpStatusCode?: number };
}

/** Code, text and HTTP status. */
type Refusal = readonly [string, string, number | undefined];

/** How AWS refuses. The SDK names errors by their shape; the code is on the wire. */
export async function refusal(sent: Promise<unknown>): Promise<Refusal> {
  try {
    await sent;
  } catch (error) {
    const { name, Error: wire, Code, message, $metadata } = error as ServiceError;
    return [wire?.Code ?? Code ?? name, message, $metadata.httpStatusCode];
  }
  throw new Error("was not refused");
}
