/** Processors that change the members of an event. */

import type * as logs from "../../../generated/cloudwatch-logs.ts";
import { Expression, type Found } from "../../../patterns/expressions/expression.ts";
import { isTimeZone } from "../../../kernel/time-zones.ts";
import { invalidParameter } from "../errors.ts";
import { readerOf, writerOf, type ReadTime } from "./dates.ts";
import type { Process } from "./parsers.ts";
import { deleteAt, mergeAt, setAt, valueAt, type Members } from "./paths.ts";

function isFree(event: Members, path: string, overwrite: boolean | undefined): boolean {
  return overwrite === true || valueAt(event, path) === undefined;
}

function texts(paths: readonly string[], change: (text: string) => string): Process {
  return (event) => {
    for (const path of paths) {
      const value = valueAt(event, path);
      if (typeof value === "string") setAt(event, path, change(value));
    }
  };
}

interface Move {
  readonly source: string;
  readonly target: string;
  readonly overwriteIfExists?: boolean | undefined;
}

/** Values that are copied stand for themselves: a change of one is none of the other. */
function moves(entries: readonly Move[], keeps: boolean): Process {
  return (event) => {
    for (const { source, target, overwriteIfExists } of entries) {
      const value = valueAt(event, source);
      if (value === undefined || !isFree(event, target, overwriteIfExists)) continue;
      const moved = structuredClone(value);
      if (keeps) setAt(event, target, moved);
      else move(event, source, target, moved);
    }
  };
}

/** What can't be where it is to go stays where it is. */
function move(event: Members, source: string, target: string, value: unknown): void {
  if (target === source || target.startsWith(`${source}.`)) {
    deleteAt(event, source);
    setAt(event, target, value);
  } else if (setAt(event, target, value)) {
    deleteAt(event, source);
  }
}

function converted(value: unknown, type: string): unknown {
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  switch (type) {
    case "integer":
      return /^[+-]?\d+(\.\d+)?$/.test(text) ? Math.trunc(Number(text)) : value;
    case "double":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : value;
    case "boolean":
      return /^(true|false)$/i.test(text) ? text.toLowerCase() === "true" : value;
    default:
      return text;
  }
}

function types(entries: readonly logs.TypeConverterEntry[]): Process {
  return (event) => {
    for (const { key, type } of entries) {
      const value = valueAt(event, key);
      if (value !== undefined && value !== null) setAt(event, key, converted(value, type));
    }
  };
}

/** @evidence CloudWatch Logs User Guide, listToMap */
function listToMap(processor: logs.ListToMap): Process {
  const { source, key, valueKey, target, flatten = false, flattenedElement = "first" } = processor;
  return (event) => {
    const list = valueAt(event, source);
    if (!Array.isArray(list)) return;
    const found: Record<string, unknown[]> = Object.create(null) as Record<string, unknown[]>;
    for (const element of list as readonly unknown[]) {
      if (typeof element !== "object" || element === null) continue;
      const name = valueAt(element as Members, key);
      if (typeof name !== "string" && typeof name !== "number") continue;
      const value = valueKey === undefined ? element : valueAt(element as Members, valueKey);
      (found[String(name)] ??= []).push(value);
    }
    const map = Object.entries(found).map(([name, values]) =>
      [name, flatten ? values.at(flattenedElement === "last" ? -1 : 0) : values] as const);
    mergeAt(event, target, Object.fromEntries(map));
  };
}

/** @evidence CloudWatch Logs User Guide, datetimeConverter: the default of targetFormat, UTC both ways */
function dates(processor: logs.DateTimeConverter): Process {
  const {
    source, target, matchPatterns, sourceTimezone = "UTC", targetTimezone = "UTC",
    targetFormat = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'",
  } = processor;
  for (const zone of [sourceTimezone, targetTimezone]) {
    if (!isTimeZone(zone)) throw invalidParameter(`Invalid time zone: ${zone}`);
  }
  const readers: ReadTime[] = matchPatterns.map((pattern) => {
    const reader = readerOf(pattern);
    if (!reader) throw invalidParameter(`Invalid match pattern: ${pattern}`);
    return reader;
  });
  const write = writerOf(targetFormat);
  if (!write) throw invalidParameter(`Invalid target format: ${targetFormat}`);
  return (event) => {
    const value = valueAt(event, source);
    if (typeof value !== "string" && typeof value !== "number") return;
    for (const read of readers) {
      const at = read(String(value), sourceTimezone);
      if (at === undefined) continue;
      setAt(event, target, write(at, targetTimezone));
      return;
    }
  };
}

function substitutes(entries: readonly logs.SubstituteStringEntry[]): Process {
  const compiled = entries.map(({ source, from, to }) => {
    try {
      return { source, to, form: new Expression(from) };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw invalidParameter(`Invalid regular expression: ${from}`);
    }
  });
  return (event) => {
    for (const { source, form, to } of compiled) texts([source], (text) => replaced(text, form, to))(event);
  };
}

/** @param to with `$1`, `$<name>` and `$&` for what was found */
function replaced(text: string, form: Expression, to: string): string {
  let result = "";
  let at = 0;
  for (const found of form.all(text)) {
    result += text.slice(at, found.at) + filled(to, form, found);
    at = found.at + found.text.length;
  }
  return result + text.slice(at);
}

function filled(to: string, form: Expression, { text, groups }: Found): string {
  return to.replace(/\$(?:([1-9]\d?)|<(\w+)>|([&$]))/g, (whole, number?: string, name?: string,
    sign?: string) => {
    if (sign !== undefined) return sign === "&" ? text : "$";
    const index = name === undefined ? Number(number) - 1 : form.groups.indexOf(name);
    return index >= 0 && index < groups.length ? groups[index] ?? "" : whole;
  });
}

function splits(entries: readonly logs.SplitStringEntry[]): Process {
  return (event) => {
    for (const { source, delimiter } of entries) {
      const value = valueAt(event, source);
      if (typeof value === "string") setAt(event, source, value.split(delimiter));
    }
  };
}

export function mutatorOf(processor: logs.Processor): Process | undefined {
  const { addKeys, copyValue, moveKeys, renameKeys, deleteKeys } = processor;
  if (addKeys) {
    return (event) => addKeys.entries.forEach(({ key, value, overwriteIfExists }) => {
      if (isFree(event, key, overwriteIfExists)) setAt(event, key, value);
    });
  }
  if (copyValue) return moves(copyValue.entries, true);
  if (moveKeys) return moves(moveKeys.entries, false);
  if (renameKeys) {
    return moves(renameKeys.entries.map(({ key, renameTo, overwriteIfExists }) =>
      ({ source: key, target: renameTo, overwriteIfExists })), false);
  }
  if (deleteKeys) return (event) => deleteKeys.withKeys.forEach((path) => deleteAt(event, path));
  if (processor.listToMap) return listToMap(processor.listToMap);
  if (processor.lowerCaseString) {
    return texts(processor.lowerCaseString.withKeys, (text) => text.toLowerCase());
  }
  if (processor.upperCaseString) {
    return texts(processor.upperCaseString.withKeys, (text) => text.toUpperCase());
  }
  if (processor.trimString) return texts(processor.trimString.withKeys, (text) => text.trim());
  if (processor.splitString) return splits(processor.splitString.entries);
  if (processor.substituteString) return substitutes(processor.substituteString.entries);
  if (processor.typeConverter) return types(processor.typeConverter.entries);
  return processor.dateTimeConverter && dates(processor.dateTimeConverter);
}
