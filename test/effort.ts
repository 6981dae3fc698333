/** What work costs, for tests that something is done at once: on a busy machine all takes longer but this. */

/** Processor seconds that this process has used. */
export function effort(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
