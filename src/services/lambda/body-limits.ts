/** How much Lambda takes in one request: packages in base64, or payloads. */

import type { FrontHead } from "../../kernel/front.ts";
import type { BodyLimit } from "../../kernel/service.ts";
import { zippedTooLarge } from "./errors.ts";
import { requestBytesMax } from "./function-code.ts";
import { payloadBytesMax } from "./invoking.ts";

const operations: readonly (readonly [RegExp, string, number])[] = [
  [/\/functions\/?$/, "CreateFunction", requestBytesMax],
  [/\/functions\/[^/]+\/code$/, "UpdateFunctionCode", requestBytesMax],
  [/\/layers\/[^/]+\/versions$/, "PublishLayerVersion", requestBytesMax],
  [
    /\/functions\/[^/]+\/(?:invocations|invoke-async|response-streaming-invocations)$/, "InvokeFunction",
    payloadBytesMax,
  ],
];

export function bodyLimit({ path }: FrontHead): BodyLimit | undefined {
  const found = operations.find(([pattern]) => pattern.test(path));
  if (!found) return undefined;
  const [, operation, bytes] = found;
  return { bytes, tooLarge: (limit) => zippedTooLarge(operation, limit) };
}
