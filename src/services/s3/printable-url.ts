/** Texts that are to stand in headers and log lines. */

/** What must not stand there is percent-encoded: it would end the line, or be another text to others. */
export function printableUrl(url: string): string {
  return url.replace(/[^\x21-\x7e]+/g, (run) =>
    [...Buffer.from(run)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}
