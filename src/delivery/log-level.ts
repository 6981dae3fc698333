/** The levels of the logs that services vend: each has what those before it have. */

export type LogLevel = "ERROR" | "INFO" | "TRACE";

const order: readonly string[] = ["ERROR", "INFO", "TRACE"];

/** @param configured the level that is asked for; anything else than a level asks for nothing */
export function isLoggedAt(level: LogLevel, configured: string | undefined): boolean {
  return configured !== undefined && order.indexOf(level) <= order.indexOf(configured);
}
