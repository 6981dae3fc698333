/** Members of an event by their path: dots between names, positions of lists as numbers or in brackets. */

export type Members = Record<string, unknown>;

function stepsOf(path: string): string[] {
  return path.replace(/\[(\d+)\]/g, ".$1").split(".");
}

/** A list has its elements and the place behind the last: no gaps, and no other members. */
function isPlace(holder: Members, step: string): boolean {
  if (!Array.isArray(holder)) return true;
  return /^(?:0|[1-9]\d{0,8})$/.test(step) && Number(step) <= holder.length;
}

function isContainer(value: unknown): value is Members {
  return typeof value === "object" && value !== null;
}

/** A name that is there as it is written, dots and all, comes first. */
export function valueAt(root: Members, path: string): unknown {
  if (Object.hasOwn(root, path)) return root[path];
  let at: unknown = root;
  for (const step of stepsOf(path)) {
    if (!isContainer(at) || !isPlace(at, step) || !Object.hasOwn(at, step)) return undefined;
    at = at[step];
  }
  return at;
}

/** @returns false where something stands in the way */
export function setAt(root: Members, path: string, value: unknown): boolean {
  const steps = Object.hasOwn(root, path) ? [path] : stepsOf(path);
  const last = steps.pop() as string;
  let at = root;
  for (const step of steps) {
    if (!isPlace(at, step)) return false;
    if (!Object.hasOwn(at, step)) define(at, step, {});
    const next = at[step];
    if (!isContainer(next)) return false;
    at = next;
  }
  if (!isPlace(at, last)) return false;
  define(at, last, value);
  return true;
}

/** Whatever its name is, `__proto__` too. */
function define(holder: Members, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { value, enumerable: true, writable: true, configurable: true });
}

export function deleteAt(root: Members, path: string): void {
  const steps = Object.hasOwn(root, path) ? [path] : stepsOf(path);
  const last = steps.pop() as string;
  const holder = steps.length === 0 ? root : valueAt(root, steps.join("."));
  if (!isContainer(holder) || !isPlace(holder, last)) return;
  if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else Reflect.deleteProperty(holder, last);
}

/** At the path, or at the event's root, where there is none. */
export function mergeAt(root: Members, path: string | undefined, found: Members): void {
  if (path !== undefined) {
    setAt(root, path, found);
    return;
  }
  for (const [name, value] of Object.entries(found)) define(root, name, value);
}
