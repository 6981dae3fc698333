/** The names of users, roles and accounts in the text of a policy, in the order in which they stand there. */

import { JsonWalker } from "./json-walker.ts";

/**
 * The policy with each name of `"Principal": { "AWS": … }` and `NotPrincipal` replaced by what `map` makes of
 * it; all else stays as it was written. `document` must be one that `parsePolicy` reads.
 */
export function mapPrincipalNames(document: string, map: (name: string) => string): string {
  const walker = new JsonWalker(document);
  let mapped = "";
  let taken = 0;
  const replaceName = (): void => {
    if (walker.next() !== '"') return walker.skip();
    const start = walker.at;
    const name = walker.string();
    const replacement = map(name);
    if (replacement === name) return;
    mapped += document.slice(taken, start) + JSON.stringify(replacement);
    taken = walker.at;
  };
  const inPrincipal = (kind: string): void => (kind === "AWS" ? walker.each(replaceName) : walker.skip());
  const inStatement = (element: string): void =>
    element === "Principal" || element === "NotPrincipal" ? walker.object(inPrincipal) : walker.skip();
  walker.object((member) => {
    if (member === "Statement") walker.each(() => walker.object(inStatement));
    else walker.skip();
  });
  return taken === 0 ? document : mapped + document.slice(taken);
}
