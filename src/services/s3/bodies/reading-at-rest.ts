/**
 * Reading what is at rest to compute its checksum, which archived objects allow too. The operation is
 * GetObject; that it is meant so is said by a member which no request over the wire can have.
 */

const atRest = Symbol("a body is read where it lies");

export function asReadAtRest<Input extends object>(input: Input): Input {
  return Object.assign(input, { [atRest]: true });
}

export function isReadAtRest(input: object): boolean {
  return (input as { readonly [atRest]?: true })[atRest] === true;
}
