/** The JSON paths of EventBridge: `$.detail.items[0].name`, `$.detail['a key']`, `$.list[*].id`. */

const stepForm = /\.([^.[\]]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]|(\[\*\]|\.\*)/y;

type Step = string | number | "*every*";

const every: Step = "*every*";

/** Undefined when it is none. */
export function parseJsonPath(path: string): readonly Step[] | undefined {
  if (!path.startsWith("$")) return undefined;
  const steps: Step[] = [];
  stepForm.lastIndex = 1;
  while (stepForm.lastIndex < path.length) {
    const match = stepForm.exec(path);
    if (!match) return undefined;
    const [, name, index, single, double] = match;
    if (index !== undefined) steps.push(Number(index));
    else steps.push((name === "*" ? every : name) ?? single ?? double ?? every);
  }
  return steps;
}

/** What is there; undefined when nothing is. A step to every element answers a list. */
export function valueAt(document: unknown, path: string): unknown {
  const steps = parseJsonPath(path);
  return steps && follow(document, steps);
}

function follow(value: unknown, steps: readonly Step[]): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (typeof value !== "object" || value === null) return undefined;
  if (step === every) {
    const found = Object.values(value).map((each) => follow(each, rest));
    return found.filter((each) => each !== undefined);
  }
  const isThere = Array.isArray(value) ? typeof step === "number" : Object.hasOwn(value, step);
  return isThere ? follow((value as Record<string, unknown>)[step], rest) : undefined;
}
