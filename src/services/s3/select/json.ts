/**
 * Records of JSON, as they arrive: the values at a path of each document of the object. Only what is a record
 * is ever kept.
 */

import { recordCharactersMax } from "./csv.ts";
import { selectError } from "./errors.ts";
import type { Step } from "./tree.ts";

/** A record that is not there: the path ends before it. */
export const missing = Symbol("missing");

interface Frame {
  readonly isArray: boolean;
  /** How many steps of the path lead here; undefined beside it. */
  readonly steps: number | undefined;
  index: number;
  key: string;
  expectsKey: boolean;
  found: boolean;
}

const depthMax = 500;

export class JsonReader {
  readonly #steps: readonly Step[];
  #frames: Frame[] = [];
  #records: unknown[] = [];
  #inString = false;
  #isEscaped = false;
  #inScalar = false;
  /** What of a record or of a key came in earlier pieces; undefined while neither is read. */
  #kept: string | undefined;
  #keepFrom = 0;
  #keepsKey = false;
  #recordDepth = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** @throws JSONParsingError, OverMaxRecordSize */
  push(text: string): unknown[] {
    this.#keepFrom = 0;
    for (let at = 0; at < text.length; at++) this.#read(text, at);
    if (this.#kept !== undefined) {
      this.#kept += text.slice(this.#keepFrom);
      if (this.#kept.length > recordCharactersMax) throw selectError("OverMaxRecordSize");
    }
    return this.#taken();
  }

  end(): unknown[] {
    this.#keepFrom = 0;
    this.#endScalar("", 0);
    if (this.#frames.length > 0 || this.#inString) throw selectError("JSONParsingError");
    return this.#taken();
  }

  #taken(): unknown[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  #read(text: string, at: number): void {
    const character = text[at];
    if (this.#inString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (character === "\\") this.#isEscaped = true;
      else if (character === '"') this.#endString(text, at + 1);
      return;
    }
    switch (character) {
      case " ": case "\n": case "\r": case "\t": return this.#endScalar(text, at);
      case '"': return this.#beginString(text, at);
      case "{": case "[": return this.#open(text, at, character === "[");
      case "}": case "]": return this.#close(text, at, character === "]");
      case ",": return this.#separate(text, at);
      case ":": return this.#endKey();
      default:
        if (this.#inScalar) return;
        this.#begin(at);
        this.#inScalar = true;
    }
  }

  #beginString(text: string, at: number): void {
    this.#endScalar(text, at);
    this.#inString = true;
    const frame = this.#frames.at(-1);
    if (!frame?.expectsKey) return void this.#begin(at);
    if (frame.steps === undefined || this.#kept !== undefined) return;
    this.#keepsKey = true;
    this.#keep(at);
  }

  #endString(text: string, end: number): void {
    this.#inString = false;
    const frame = this.#frames.at(-1);
    if (!frame?.expectsKey) return this.#end(text, end);
    if (!this.#keepsKey) return;
    frame.key = parsed(this.#release(text, end)) as string;
    this.#keepsKey = false;
  }

  #endKey(): void {
    const frame = this.#frames.at(-1);
    if (!frame?.expectsKey) throw selectError("JSONParsingError");
    frame.expectsKey = false;
  }

  #separate(text: string, at: number): void {
    this.#endScalar(text, at);
    const frame = this.#frames.at(-1);
    if (!frame) throw selectError("JSONParsingError");
    frame.index += 1;
    frame.expectsKey = !frame.isArray;
  }

  #open(text: string, at: number, isArray: boolean): void {
    this.#endScalar(text, at);
    const steps = this.#begin(at);
    if (this.#frames.length >= depthMax) throw selectError("JSONParsingError");
    this.#frames.push({ isArray, steps, index: 0, key: "", expectsKey: !isArray, found: false });
  }

  #close(text: string, at: number, isArray: boolean): void {
    this.#endScalar(text, at);
    const frame = this.#frames.pop();
    if (frame?.isArray !== isArray) throw selectError("JSONParsingError");
    if (frame.steps !== undefined && !frame.found && this.#endsInNames(frame.steps)) {
      this.#records.push(missing);
    }
    this.#end(text, at + 1);
  }

  #endScalar(text: string, at: number): void {
    if (!this.#inScalar) return;
    this.#inScalar = false;
    this.#end(text, at);
  }

  /** A value begins. @returns how many steps of the path lead to it */
  #begin(at: number): number | undefined {
    if (this.#kept !== undefined) return undefined;
    const frame = this.#frames.at(-1);
    if (frame?.expectsKey) throw selectError("JSONParsingError");
    const steps = frame ? this.#stepInto(frame) : 0;
    if (frame && steps !== undefined) frame.found = true;
    if (steps !== this.#steps.length) return steps;
    this.#recordDepth = this.#frames.length;
    this.#keep(at);
    return undefined;
  }

  #stepInto({ steps, isArray, index, key }: Frame): number | undefined {
    const step = steps === undefined ? undefined : this.#steps[steps];
    if (!step || steps === undefined) return undefined;
    const isNext = isArray
      ? step.kind === "every" || (step.kind === "index" && step.index === index)
      : step.kind === "name" && isNamed(step, key);
    return isNext ? steps + 1 : undefined;
  }

  /** Values of a list that is not there are none; a member that is not there is one that is missing. */
  #endsInNames(from: number): boolean {
    return from < this.#steps.length && this.#steps.slice(from).every(({ kind }) => kind === "name");
  }

  #end(text: string, end: number): void {
    if (this.#kept === undefined || this.#keepsKey || this.#frames.length !== this.#recordDepth) return;
    const record = this.#release(text, end);
    if (record.length > recordCharactersMax) throw selectError("OverMaxRecordSize");
    this.#records.push(parsed(record));
  }

  #keep(from: number): void {
    this.#kept = "";
    this.#keepFrom = from;
  }

  #release(text: string, end: number): string {
    const whole = (this.#kept ?? "") + text.slice(this.#keepFrom, end);
    this.#kept = undefined;
    return whole;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw selectError("JSONParsingError");
  }
}

export function isNamed({ name, isQuoted }: { name: string; isQuoted: boolean }, key: string): boolean {
  return name === key || (!isQuoted && name.toLowerCase() === key.toLowerCase());
}
