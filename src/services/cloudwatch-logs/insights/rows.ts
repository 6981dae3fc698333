/**
 * An event as a query sees it: what the service says of it, what is found in it, what commands made of it.
 */

import { lambdaMembers, membersOf, type Members } from "./discovered.ts";
import { Instant, type Value } from "./values.ts";

/** An event, and where it came from. */
export interface Source {
  readonly timestamp: number;
  readonly ingestedAt: number;
  readonly message: string;
  /** What a transformer made of it: where fields are then found. */
  readonly transformed?: string | undefined;
  readonly stream: string;
  /** `account:group` */
  readonly log: string;
  readonly group: string;
  /** Names the event for GetLogRecord. */
  readonly pointer: string;
  /** The same with what a data protection policy hides, where it does. */
  unmasked?(): Source;
}

/** By a path with dots, or by a name that holds dots itself. Positions in arrays are numbers. */
export function memberAt(root: unknown, path: string): unknown {
  if (typeof root !== "object" || root === null) return undefined;
  if (Object.hasOwn(root, path)) return (root as Members)[path];
  for (let dot = path.indexOf("."); dot !== -1; dot = path.indexOf(".", dot + 1)) {
    const head = path.slice(0, dot);
    if (!Object.hasOwn(root, head)) continue;
    const found = memberAt((root as Members)[head], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

export class Row {
  readonly source: Source | undefined;
  /** Results of aggregates, while what is made of them is worked out. */
  aggregates: readonly Value[] = [];
  #made: Map<string, Value> | undefined;
  #members: Members | undefined;
  #lambda: Members | undefined;
  /** Of the earlier time that `diff` compares with. */
  readonly isBaseline: boolean;

  constructor(source?: Source, isBaseline = false) {
    this.source = source;
    this.isBaseline = isBaseline;
  }

  /** The same event, to go another way from here. */
  copy(): Row {
    const copy = new Row(this.source, this.isBaseline);
    if (this.#made) copy.#made = new Map(this.#made);
    copy.#members = this.#members;
    return copy;
  }

  /** The same event with what a data protection policy hides. */
  unmasked(): Row {
    const source = this.source?.unmasked?.();
    if (!source) return this;
    const row = new Row(source, this.isBaseline);
    row.#made = this.#made;
    return row;
  }

  /** Of its texts, about. */
  get sizeBytes(): number {
    const { message = "", transformed = "" } = this.source ?? {};
    return message.length + transformed.length;
  }

  /** For a row that is kept among many: what was found in its text can be found again. */
  forgetMembers(): void {
    this.#members = undefined;
    this.#lambda = undefined;
  }

  set(name: string, value: Value): void {
    (this.#made ??= new Map()).set(name, value);
  }

  get(name: string): Value {
    const made = this.#made;
    if (made?.has(name)) return made.get(name);
    if (made) {
      for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) {
        const holder = made.get(name.slice(0, dot));
        if (holder instanceof Row) return holder.get(name.slice(dot + 1));
        if (typeof holder === "object") return memberAt(holder, name.slice(dot + 1)) as Value;
      }
    }
    const { source } = this;
    if (!source) return undefined;
    if (name.startsWith("@")) {
      const known = systemField(source, name);
      if (known !== undefined) return known;
      if (source.group.startsWith("/aws/lambda/")) {
        this.#lambda ??= lambdaMembers(source.message);
        if (Object.hasOwn(this.#lambda, name)) return this.#lambda[name] as Value;
      }
    }
    this.#members ??= membersOf(source.transformed ?? source.message);
    return memberAt(this.#members, name.startsWith("@@") ? name.slice(1) : name) as Value;
  }
}

function systemField(source: Source, name: string): Value {
  switch (name) {
    case "@timestamp":
      return new Instant(source.timestamp);
    case "@message":
      return source.message;
    case "@logStream":
      return source.stream;
    case "@log":
      return source.log;
    case "@ingestionTime":
      return new Instant(source.ingestedAt);
    case "@ptr":
      return source.pointer;
    default:
      return undefined;
  }
}
