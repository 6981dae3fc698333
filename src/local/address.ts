/** How programs of this machine reach what listens on an address of it. */

/** What to connect to: a number, where the address stands for many. Takes IPv6 as URLs have it, too. */
export function addressOf(host: string): string {
  return ["localhost", "0.0.0.0", "::"].includes(host) ? "127.0.0.1" : host.replace(/^\[|\]$/g, "");
}

/** As URLs have it. By a number SDKs name buckets in paths. */
export function numberOf(host: string): string {
  const address = addressOf(host);
  return address.includes(":") ? `[${address}]` : address;
}

/** As URLs have it: `localhost`, where that leads there. It need not lead to `::1`. */
export function nameOf(host: string): string {
  const number = numberOf(host);
  return number === "127.0.0.1" ? "localhost" : number;
}
