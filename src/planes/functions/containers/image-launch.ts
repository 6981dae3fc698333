/** What is started for a function that is an image: its own entry point and command, or the function's. */

import { CannotRun, type FunctionSpec, type ImageSource } from "../contract.ts";
import { lambdaVariables, type Launch, type LaunchFacts } from "../launch.ts";
import type { ContainerEngine, Image } from "./container-engine.ts";
import type { ImageExtensions } from "./image-extensions.ts";

export type ImageLaunchFacts = Omit<LaunchFacts, "code" | "layers" | "planeFolder">;

export interface FoundImage {
  readonly engine: ContainerEngine;
  readonly source: ImageSource;
  readonly image: Image;
  readonly extensions: ImageExtensions;
}

/** @throws CannotRun */
export async function requireImage(engine: ContainerEngine, source: ImageSource): Promise<FoundImage> {
  const image = await engine.findImage(source.id ?? source.uri);
  if (!image) {
    const text = `The image ${source.uri} of this function is not on this machine any more`;
    throw new CannotRun("image-unavailable", text);
  }
  const extensions = await engine.extensionsOf(image);
  if (extensions.names.length > 0 && !extensions.hasShell) {
    const text = `The image ${source.uri} has extensions, and no /bin/sh, which has to start them here`;
    throw new CannotRun("image-unavailable", text);
  }
  return { engine, source, image, extensions };
}

/** @throws CannotRun */
export function launchImage(
  spec: FunctionSpec, { source, image }: FoundImage, facts: ImageLaunchFacts,
): Launch {
  const command = [...(source.entryPoint ?? image.entryPoint), ...(source.command ?? image.command)];
  if (command.length === 0) {
    const text = `The image ${source.uri} has neither an entry point nor a command`;
    throw new CannotRun("image-unavailable", text);
  }
  return {
    command,
    environment: {
      ...placesOf(image),
      ...lambdaVariables(spec, facts),
      _HANDLER: command.length > 1 ? (command.at(-1) ?? "") : "",
      ...spec.environment,
    },
    mounts: [],
    workingDirectory: source.workingDirectory ?? image.workingDirectory,
    layers: "/opt",
    layersFolder: undefined,
    runtimeVersion: undefined,
    image: image.id,
  };
}

/**
 * What AWS's base images say themselves, and its runtime clients look for in any image. The handler is what
 * comes last.
 *
 * @evidence aws-lambda-runtime-interface-emulator, which makes the same environment for an image's command;
 * aws-lambda-ric 4 fails without `_HANDLER` and `LAMBDA_TASK_ROOT`
 */
function placesOf({ variables }: Image): Record<string, string> {
  const places = { LAMBDA_TASK_ROOT: "/var/task", LAMBDA_RUNTIME_DIR: "/var/runtime" };
  return Object.fromEntries(Object.entries(places).filter(([name]) => !variables.includes(name)));
}
