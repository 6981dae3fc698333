/** Why a request was denied. */

import { LocalError, notFound, requireText, type LocalRoute } from "./http.ts";
import { explained } from "./explanation.ts";

export const denialRoutes: readonly LocalRoute[] = [
  {
    method: "GET",
    path: "/_local/v1/denials/{requestId}",
    summary:
      "The denial of a request, or of the latest one with the id `latest`: who asked for what, and which " +
      "statements of which policies decided.",
    run({ parameters: { requestId = "" } }, { region }) {
      const denial = region.engine.authorizer.denial(requestId === "latest" ? undefined : requestId);
      if (!denial) {
        throw notFound(
          requestId === "latest"
            ? "No request has been denied since the region started."
            : `No denial of a request ${requestId} is remembered. The last 1000 since the start are.`,
        );
      }
      return explained(denial);
    },
  },
  {
    method: "POST",
    path: "/_local/v1/explain",
    summary: "Opens an encoded authorization message: {message}.",
    run({ body }, { region }) {
      const opened = region.engine.openDenial(encodedPart(requireText(body, "message")));
      if (!opened) throw new LocalError(400, "InvalidMessage", "This region did not make that message.");
      return { decoded: opened };
    },
  },
];

/** The code out of the whole sentence of an error, as people paste it. */
function encodedPart(message: string): string {
  return /authorization failure message:\s*(\S+)/i.exec(message)?.[1] ?? message.trim();
}
