/**
 * The moments of a region's life at which it runs a project's scripts, and what came of each.
 *
 * @evidence LocalStack documentation, "Initialization hooks"
 */

export type Stage = "BOOT" | "START" | "READY" | "SHUTDOWN";
export const stages: readonly Stage[] = ["BOOT", "START", "READY", "SHUTDOWN"];

export interface HookScript {
  readonly stage: Stage;
  readonly name: string;
  readonly path: string;
  readonly state: "UNKNOWN" | "RUNNING" | "SUCCESSFUL" | "ERROR";
  /** Why it failed. */
  readonly reason?: string;
}
