/**
 * JSON as it stands in a text, or inside of the quotes of an input template: without its own quotes.
 *
 * @evidence EventBridge User Guide, "Common issues with transforming input", of rules and of pipes alike:
 *   where a variable for an object or a list stands in a string, "EventBridge removes any internal quotes to
 *   ensure a valid string"
 */
export function withoutQuotes(json: string): string {
  return json.replace(/\\"|"|(\\.)/g, (_part, escape: string = "") => escape);
}

/** A text inside of the quotes of an input template. */
export function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
