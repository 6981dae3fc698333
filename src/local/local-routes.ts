import type { Incoming } from "../kernel/gateway/chain.ts";
import type { LocalRoutes } from "../kernel/gateway/listen.ts";
import type { WireResponse } from "../kernel/protocol/protocol.ts";
import type { Region } from "../region.ts";
import type { LocalHost } from "./host.ts";

export type LocalGiven = Partial<Omit<LocalHost, "region">>;

/**
 * What answers `/_local/` and `/_localstack/` in a region; other paths are passed on. It is loaded when it is
 * first asked for: a region that starts is in a hurry to answer AWS's own APIs.
 */
export function localRoutes(region: Region, given: LocalGiven = {}): LocalRoutes {
  let answer: Promise<(incoming: Incoming) => Promise<WireResponse>> | undefined;
  return (incoming) => {
    if (!isLocal(incoming.path)) return undefined;
    answer ??= import("./routes.ts").then(({ localAnswers }) => localAnswers(region, given));
    return answer.then((respond) => respond(incoming));
  };
}

function isLocal(path: string): boolean {
  if (!path.startsWith("/_local")) return false;
  return path === "/_local" || path.startsWith("/_local/") || path.startsWith("/_localstack/");
}
