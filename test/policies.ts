/** Policies that tests of many services give to roles and queues. */

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
