/**
 * Many patterns at once. Each way to satisfy a pattern is filed under one of its fields: the one whose values
 * the fewest others ask for. An event then looks up its own values and tries only what it finds, so that the
 * patterns of others cost nothing.
 */

import { fieldsOf, matchesBranch, Wanted, type Fields, type FieldValue } from "./fields.ts";
import type { Matcher } from "./matchers.ts";
import type { Branch, FieldPattern, Pattern } from "./parse.ts";

interface Filed<Id> {
  readonly id: Id;
  readonly branch: Branch;
  /** Order of adding. */
  readonly order: number;
}

/** What a matcher can be looked up by: a kind with a text, of which a value has few. */
type Handle = readonly [kind: "value" | "folded" | "prefix" | "suffix", text: string];

function handleOf(matcher: Matcher): Handle | undefined {
  switch (matcher.type) {
    case "exact":
      return ["value", valueText(matcher.value)];
    case "equals-ignore-case":
      return ["folded", matcher.text];
    case "prefix":
      return matcher.ignoresCase || matcher.text === "" ? undefined : ["prefix", matcher.text];
    case "suffix":
      return matcher.ignoresCase || matcher.text === "" ? undefined : ["suffix", matcher.text];
    case "wildcard":
      if (matcher.head.length > 0) return ["prefix", matcher.head];
      return matcher.tail.length > 0 ? ["suffix", matcher.tail] : undefined;
    default:
      return undefined;
  }
}

function valueText(value: FieldValue["value"]): string {
  return typeof value === "string" ? `"${value}` : String(value);
}

/** Undefined where some value of the field can't be looked up. */
function handlesOf(field: FieldPattern): readonly Handle[] | undefined {
  const handles: Handle[] = [];
  for (const matcher of field.anyOf) {
    const handle = handleOf(matcher);
    if (!handle) return undefined;
    handles.push(handle);
  }
  return handles;
}

/** What is filed under one field. */
class Drawer<Id> {
  readonly #byHandle = new Map<string, Filed<Id>[]>();
  readonly #prefixLengths = new Set<number>();
  readonly #suffixLengths = new Set<number>();
  #folds = false;
  /** To be tried whenever the field is there at all. */
  readonly #always: Filed<Id>[] = [];

  file([kind, text]: Handle, filed: Filed<Id>): void {
    if (kind === "prefix") this.#prefixLengths.add(text.length);
    if (kind === "suffix") this.#suffixLengths.add(text.length);
    if (kind === "folded") this.#folds = true;
    const key = `${kind} ${text}`;
    const known = this.#byHandle.get(key);
    if (known) known.push(filed);
    else this.#byHandle.set(key, [filed]);
  }

  fileAlways(filed: Filed<Id>): void {
    this.#always.push(filed);
  }

  find(values: readonly FieldValue[], found: Set<Filed<Id>>): void {
    for (const filed of this.#always) found.add(filed);
    for (const { value } of values) {
      this.#take(`value ${valueText(value)}`, found);
      if (typeof value !== "string") continue;
      if (this.#folds) this.#take(`folded ${value.toLowerCase()}`, found);
      for (const length of this.#prefixLengths) {
        if (length <= value.length) this.#take(`prefix ${value.slice(0, length)}`, found);
      }
      for (const length of this.#suffixLengths) {
        if (length <= value.length) this.#take(`suffix ${value.slice(value.length - length)}`, found);
      }
    }
  }

  #take(key: string, found: Set<Filed<Id>>): void {
    for (const filed of this.#byHandle.get(key) ?? []) found.add(filed);
  }
}

export class PatternIndex<Id> {
  readonly #drawers = new Map<string, Drawer<Id>>();
  /** Satisfied by what is absent. */
  readonly #always: Filed<Id>[] = [];
  readonly #wanted = new Wanted();
  readonly #drawerNames = new Wanted();

  constructor(patterns: Iterable<readonly [Id, Pattern]>) {
    const all: Filed<Id>[] = [];
    for (const [id, { branches }] of patterns) {
      for (const branch of branches) all.push({ id, branch, order: all.length });
    }
    const crowds = crowdsOf(all);
    for (const filed of all) this.#file(filed, crowds);
  }

  /** In the order in which they were added. */
  match(event: unknown): Id[] {
    const found = new Set<Filed<Id>>(this.#always);
    const fields = fieldsOf(event, this.#drawerNames);
    for (const [name, values] of fields) this.#drawers.get(name)?.find(values, found);
    if (found.size === 0) return [];
    const hasAll = this.#drawerNames.names.size === this.#wanted.names.size;
    const all = hasAll ? fields : fieldsFor(event, found);
    const matching = [...found].filter(({ branch }) => matchesBranch(branch, all));
    return [...new Set(matching.sort((a, b) => a.order - b.order).map(({ id }) => id))];
  }

  #file(filed: Filed<Id>, crowds: ReadonlyMap<string, number>): void {
    for (const { name } of filed.branch) this.#wanted.add(name);
    const best = leastCrowded(filed.branch, crowds);
    if (best) {
      const drawer = this.#drawer(best.name);
      for (const handle of best.handles) drawer.file(handle, filed);
      return;
    }
    const present = filed.branch.find(({ anyOf }) => !anyOf.some((matcher) => matcher.type === "absent"));
    if (present) this.#drawer(present.name).fileAlways(filed);
    else this.#always.push(filed);
  }

  #drawer(name: string): Drawer<Id> {
    let drawer = this.#drawers.get(name);
    if (!drawer) {
      this.#drawers.set(name, (drawer = new Drawer()));
      this.#drawerNames.add(name);
    }
    return drawer;
  }
}

/** Only what the candidates look at is worth walking through the event again. */
function fieldsFor(event: unknown, found: Iterable<{ readonly branch: Branch }>): Fields {
  const wanted = new Wanted();
  for (const { branch } of found) for (const { name } of branch) wanted.add(name);
  return fieldsOf(event, wanted);
}

/** How many ask for the same of a field. */
function crowdsOf(all: readonly { readonly branch: Branch }[]): ReadonlyMap<string, number> {
  const crowds = new Map<string, number>();
  for (const { branch } of all) {
    for (const field of branch) {
      for (const handle of handlesOf(field) ?? []) {
        const key = crowdKey(field.name, handle);
        crowds.set(key, (crowds.get(key) ?? 0) + 1);
      }
    }
  }
  return crowds;
}

function crowdKey(name: string, [kind, text]: Handle): string {
  return `${kind} ${name} ${text}`;
}

function leastCrowded(
  branch: Branch,
  crowds: ReadonlyMap<string, number>,
): { name: string; handles: readonly Handle[] } | undefined {
  let best: { name: string; handles: readonly Handle[]; crowd: number } | undefined;
  for (const field of branch) {
    const handles = handlesOf(field);
    if (!handles) continue;
    const crowd = handles.reduce((sum, handle) => sum + (crowds.get(crowdKey(field.name, handle)) ?? 0), 0);
    if (!best || crowd < best.crowd) best = { name: field.name, handles, crowd };
  }
  return best;
}
