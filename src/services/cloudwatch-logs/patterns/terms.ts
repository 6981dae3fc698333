/**
 * Patterns of terms: all that are asked for, none that is excluded; or one of those that are optional.
 *
 * @evidence CloudWatch Logs User Guide, "Using filter patterns to match terms in unstructured log events":
 *   beside other terms, those with a question mark are ignored
 */

import type { Match, Matcher } from "./filter-pattern.ts";
import { invalidParameter } from "../errors.ts";
import { parseRegex } from "./regex.ts";
import type { Scanner } from "./scanner.ts";

type Finds = (text: string) => boolean;

interface Terms {
  readonly required: Finds[];
  readonly optional: Finds[];
  readonly excluded: Finds[];
}

function term(scanner: Scanner): Finds {
  if (scanner.sees('"')) {
    const phrase = scanner.quoted();
    return (text) => text.includes(phrase);
  }
  if (scanner.sees("%")) return parseRegex(scanner.regex());
  const word = scanner.find(/[^\s"]+/y) ?? "";
  // @evidence recorded: "Invalid character(s) in term '…'"
  if (word === "" || /[{}()[\]%]/.test(word)) throw invalidParameter(
    `Invalid character(s) in term '${word}'`);
  return (text) => text.includes(word);
}

const nothing: Match = { values: () => ({}), valueOf: () => undefined };

export function parseTerms(scanner: Scanner): Matcher {
  const terms: Terms = { required: [], optional: [], excluded: [] };
  for (scanner.skipSpaces(); !scanner.isAtEnd; scanner.skipSpaces()) {
    if (scanner.skip("?")) terms.optional.push(term(scanner));
    else if (scanner.skip("-")) terms.excluded.push(term(scanner));
    else terms.required.push(term(scanner));
  }
  const { required, optional, excluded } = terms;
  const isChoice = required.length === 0 && excluded.length === 0 && optional.length > 0;
  const holds: Finds = isChoice
    ? (text) => optional.some((finds) => finds(text))
    : (text) => required.every((finds) => finds(text)) && !excluded.some((finds) => finds(text));
  return (text) => (holds(text) ? nothing : undefined);
}
