/** Runs programs over values. What takes too long fails, as no record may stop the region. */

import { expressionOf, plain, type TakingFilters } from "./functions.ts";
import { formats } from "./formats.ts";
import type { Filter, Json } from "./syntax.ts";
import {
  compare, Failure, indexed, isArray, isObject, isTrue, operated, requireLight, shown, sliced, textOf, typeOf,
  valuesOf,
} from "./values.ts";

const stepsMax = 100_000;

type Variables = ReadonlyMap<string, Json>;
type Values = Iterable<Json>;

/** One run of a program. */
class Run {
  readonly now: number;
  #steps = 0;

  constructor(now: number) {
    this.now = now;
  }

  *of(filter: Filter, input: Json, variables: Variables): Values {
    this.#step();
    for (const value of this.#of(filter, input, variables)) {
      this.#step();
      requireLight(value);
      yield value;
    }
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps > stepsMax) throw new Failure("The query takes too long");
  }

  *#of(filter: Filter, input: Json, variables: Variables): Values {
    switch (filter.kind) {
      case "identity": return yield input;
      case "everything": return yield* everything(input);
      case "literal": return yield filter.value;
      case "variable": return yield variables.get(filter.name) ?? null;
      case "format": return yield formats.get(filter.name)?.(input) ?? "";
      case "text": return yield* this.#text(filter, input, variables);
      case "pipe":
        for (const value of this.of(filter.left, input, variables)) {
          yield* this.of(filter.right, value, variables);
        }
        return;
      case "comma":
        yield* this.of(filter.left, input, variables);
        return yield* this.of(filter.right, input, variables);
      case "array": return yield [...this.of(filter.of, input, variables)];
      case "object": return yield* this.#object(filter.entries, input, variables);
      case "if":
        for (const value of this.of(filter.condition, input, variables)) {
          yield* this.of(isTrue(value) ? filter.then : filter.otherwise, input, variables);
        }
        return;
      case "as":
        for (const value of this.of(filter.source, input, variables)) {
          yield* this.of(filter.body, input, new Map([...variables, [filter.name, value]]));
        }
        return;
      case "reduce": return yield* this.#reduce(filter, input, variables);
      case "try": return yield* this.#try(filter, input, variables);
      case "call": return yield* this.#call(filter, input, variables);
      default: return yield* this.#derived(filter, input, variables);
    }
  }

  *#derived(filter: Derived, input: Json, variables: Variables): Values {
    switch (filter.kind) {
      case "index":
        for (const value of this.of(filter.of, input, variables)) {
          for (const by of this.of(filter.by, input, variables)) yield indexed(value, by);
        }
        return;
      case "slice":
        for (const value of this.of(filter.of, input, variables)) {
          const [from, to] = [filter.from, filter.to].map((end) => this.#end(end, input, variables));
          yield sliced(value, from, to);
        }
        return;
      case "each":
        for (const value of this.of(filter.of, input, variables)) yield* valuesOf(value);
        return;
      case "negation":
        for (const value of this.of(filter.of, input, variables)) {
          if (typeof value !== "number") throw new Failure(`${shown(value)} cannot be negated`);
          yield -value;
        }
        return;
      case "operation":
        for (const right of this.of(filter.right, input, variables)) {
          for (const left of this.of(filter.left, input, variables)) yield operated(filter.sign, left, right);
        }
        return;
      case "otherwise": return yield* this.#otherwise(filter.left, filter.right, input, variables);
      case "and": case "or":
        for (const left of this.of(filter.left, input, variables)) {
          if (isTrue(left) === (filter.kind === "or")) yield isTrue(left);
          else for (const right of this.of(filter.right, input, variables)) yield isTrue(right);
        }
        return;
    }
  }

  #end(end: Filter | undefined, input: Json, variables: Variables): Json | undefined {
    return end && first(this.of(end, input, variables));
  }

  *#text(filter: Extract<Filter, { kind: "text" }>, input: Json, variables: Variables): Values {
    const { parts, format = "@text" } = filter;
    const written = formats.get(format) ?? textOf;
    let texts = [""];
    for (const part of parts) {
      const pieces = typeof part === "string" ? [part] : [...this.of(part, input, variables)].map(written);
      if (texts.length * pieces.length > stepsMax) throw new Failure("The query takes too long");
      texts = pieces.flatMap((piece) => texts.map((text) => text + piece));
    }
    yield* texts;
  }

  *#object(
    entries: readonly (readonly [Filter, Filter])[], input: Json, variables: Variables,
  ): Values {
    const [entry, ...rest] = entries;
    if (!entry) return yield {};
    for (const key of this.of(entry[0], input, variables)) {
      if (typeof key !== "string") throw new Failure(`Object keys must be strings`);
      for (const value of this.of(entry[1], input, variables)) {
        for (const others of this.#object(rest, input, variables)) {
          yield { [key]: value, ...(others as object) };
        }
      }
    }
  }

  *#otherwise(left: Filter, right: Filter, input: Json, variables: Variables): Values {
    let isAny = false;
    try {
      for (const value of this.of(left, input, variables)) {
        if (!isTrue(value)) continue;
        isAny = true;
        yield value;
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
    if (!isAny) yield* this.of(right, input, variables);
  }

  *#reduce(filter: Extract<Filter, { kind: "reduce" }>, input: Json, variables: Variables): Values {
    let state = first(this.of(filter.start, input, variables)) ?? null;
    for (const value of this.of(filter.source, input, variables)) {
      const within = new Map([...variables, [filter.name, value]]);
      state = [...this.of(filter.update, state, within)].at(-1) ?? null;
    }
    yield state;
  }

  *#try({ of, handler }: Extract<Filter, { kind: "try" }>, input: Json, variables: Variables): Values {
    try {
      yield* this.of(of, input, variables);
    } catch (error) {
      if (!(error instanceof Failure) || this.#steps > stepsMax) throw error;
      if (handler) yield* this.of(handler, error.value, variables);
    }
  }

  *#call(call: Extract<Filter, { kind: "call" }>, input: Json, variables: Variables): Values {
    const { name, inputs } = call;
    const work = plain.get(`${name}/${inputs.length}`);
    if (work) {
      for (const values of this.combinations(inputs, input, variables)) yield work(input, ...values);
      return;
    }
    const special = taking[`${name}/${inputs.length}` as TakingFilters];
    const apply = (index: number) => (value: Json): Values =>
      this.of(inputs[index] ?? { kind: "identity" }, value, variables);
    yield* special(input, apply(0), apply(1), this.now);
  }

  *combinations(filters: readonly Filter[], input: Json, variables: Variables): Iterable<Json[]> {
    const last = filters.at(-1);
    if (!last) return yield [];
    const others = filters.slice(0, -1);
    for (const value of this.of(last, input, variables)) {
      for (const before of this.combinations(others, input, variables)) yield [...before, value];
    }
  }
}

type Derived = Extract<Filter, {
  kind: "index" | "slice" | "each" | "negation" | "operation" | "otherwise" | "and" | "or";
}>;

type Apply = (value: Json) => Values;

function first(values: Values): Json | undefined {
  for (const value of values) return value;
  return undefined;
}

function* everything(value: Json): Values {
  yield value;
  if (value === null || typeof value !== "object") return;
  for (const inner of valuesOf(value)) yield* everything(inner);
}

function itemsOf(input: Json): readonly Json[] {
  if (!isArray(input)) throw new Failure(`Cannot index ${typeOf(input)} with number`);
  return input;
}

interface Keyed {
  readonly key: Json;
  readonly value: Json;
}

function sorted(input: Json, by: Apply): Keyed[] {
  return itemsOf(input).map((value) => ({ key: [...by(value)], value }))
    .sort((left, right) => compare(left.key, right.key));
}

function grouped(input: Json, by: Apply): Json[][] {
  const groups: { key: Json; values: Json[] }[] = [];
  for (const { key, value } of sorted(input, by)) {
    const last = groups.at(-1);
    if (last && compare(last.key, key) === 0) last.values.push(value);
    else groups.push({ key, values: [value] });
  }
  return groups.map(({ values }) => values);
}

function* mapped(input: Json, by: Apply): Values {
  const entries = Object.entries(isObject(input) ? input : {}).map(([key, value]) => ({ key, value }));
  if (!isObject(input)) throw new Failure(`${shown(input)} has no keys`);
  const changed = entries.flatMap((entry) => [...by(entry)]);
  yield plain.get("from_entries/0")?.(changed) ?? null;
}

function* counted(from: Json, to: Json): Values {
  if (typeof from !== "number" || typeof to !== "number") throw new Failure("Range bounds must be numeric");
  for (let value = from; value < to; value += 1) yield value;
}

function onlyIf(is: (value: Json) => boolean): (input: Json) => Values {
  return (input) => (is(input) ? [input] : []);
}

/** What an expression finds in a text: places count UTF-16 units. */
function* found(input: Json, pattern: Json | undefined, all: boolean) {
  if (typeof input !== "string") {
    throw new Failure(`${shown(input)} cannot be matched, as it is not a string`);
  }
  const [text, flags] = isArray(pattern ?? null) ? (pattern as readonly Json[]) : [pattern];
  const expression = expressionOf(text, flags);
  const one = expression.find(input);
  for (const each of all ? expression.all(input) : one ? [one] : []) {
    const captures = each.groups.map((group, index) =>
      ({ name: expression.groups[index] ?? null, string: group ?? null }));
    yield { at: each.at, text: each.text, captures };
  }
}

function named(captures: readonly { readonly name: string | null; readonly string: Json }[]): Json {
  return Object.fromEntries(captures.flatMap(({ name, string }) => (name === null ? [] : [[name, string]])));
}

function* replaced(input: Json, pattern: Json | undefined, by: Apply, all: boolean): Values {
  let text = "";
  let at = 0;
  for (const each of found(input, pattern, all)) {
    text += String(input).slice(at, each.at) + textOf(first(by(named(each.captures))) ?? null);
    at = each.at + each.text.length;
    requireLight(text);
  }
  yield text + String(input).slice(at);
}

type Special = (input: Json, one: Apply, two: Apply, now: number) => Values;

const taking: Readonly<Record<TakingFilters, Special>> = {
  "empty/0": () => [],
  "now/0": (_input, _one, _two, now) => [now / 1000],
  "recurse/0": everything,
  "limit/2": function* (input, one, two) {
    for (const most of one(input)) {
      let left = Number(most);
      if (left <= 0) continue;
      for (const value of two(input)) {
        yield value;
        if ((left -= 1) <= 0) break;
      }
    }
  },
  "select/1": function* (input, one) {
    for (const value of one(input)) if (isTrue(value)) yield input;
  },
  "map/1": (input, one) => [valuesOf(input).flatMap((value) => [...one(value)])],
  "map_values/1": (input, one) => {
    if (isArray(input)) return [input.flatMap((value) => [...one(value)].slice(0, 1))];
    return [Object.fromEntries(Object.entries(isObject(input) ? input : {}).flatMap(([key, value]) =>
      [...one(value)].slice(0, 1).map((changed) => [key, changed])))];
  },
  "first/1": (input, one) => {
    const value = first(one(input));
    return value === undefined ? [] : [value];
  },
  "last/1": (input, one) => [...one(input)].slice(-1),
  "any/1": (input, one) => [valuesOf(input).some((value) => [...one(value)].some(isTrue))],
  "all/1": (input, one) => [valuesOf(input).every((value) => [...one(value)].every(isTrue))],
  "sort_by/1": (input, one) => [sorted(input, one).map(({ value }) => value)],
  "group_by/1": (input, one) => [grouped(input, one)],
  "unique_by/1": (input, one) => [grouped(input, one).map(([value = null]) => value)],
  "min_by/1": (input, one) => [sorted(input, one)[0]?.value ?? null],
  "max_by/1": (input, one) => [sorted(input, one).at(-1)?.value ?? null],
  "with_entries/1": mapped,
  "range/1": function* (input, one) {
    for (const end of one(input)) yield* counted(0, end);
  },
  "range/2": function* (input, one, two) {
    for (const start of one(input)) for (const end of two(input)) yield* counted(start, end);
  },
  "capture/1": function* (input, one) {
    for (const pattern of one(input)) {
      for (const each of found(input, pattern, false)) yield named(each.captures);
    }
  },
  "scan/1": function* (input, one) {
    for (const pattern of one(input)) {
      for (const { text, captures } of found(input, pattern, true)) {
        yield captures.length > 0 ? captures.map(({ string }) => string) : text;
      }
    }
  },
  "sub/2": function* (input, one, two) {
    for (const pattern of one(input)) yield* replaced(input, pattern, two, false);
  },
  "gsub/2": function* (input, one, two) {
    for (const pattern of one(input)) yield* replaced(input, pattern, two, true);
  },
  "splits/1": function* (input, one) {
    for (const pattern of one(input)) {
      let at = 0;
      for (const each of found(input, pattern, true)) {
        yield String(input).slice(at, each.at);
        at = each.at + each.text.length;
      }
      yield String(input).slice(at);
    }
  },
  "values/0": onlyIf((value) => value !== null),
  "nulls/0": onlyIf((value) => value === null),
  "strings/0": onlyIf((value) => typeof value === "string"),
  "numbers/0": onlyIf((value) => typeof value === "number"),
  "booleans/0": onlyIf((value) => typeof value === "boolean"),
  "arrays/0": onlyIf(isArray),
  "objects/0": onlyIf(isObject),
  "scalars/0": onlyIf((value) => value === null || typeof value !== "object"),
  "iterables/0": onlyIf((value) => value !== null && typeof value === "object"),
};

/** @param now epoch milliseconds @throws Failure */
export function run(program: Filter, input: Json, now: number): Values {
  return new Run(now).of(program, input, new Map());
}
