/** What is started for a function that is an image: its own entry point and command, or the function's. */

import { CannotRun, type FunctionSpec, type ImageSource } from "../contract.ts";
import { lambdaVariables, type Launch, type LaunchFacts } from "../launch.ts";
import type { ContainerEngine } from "./container-engine.ts";

export type ImageLaunchFacts = Omit<LaunchFacts, "code" | "layers" | "planeFolder">;

/**
 * Variables such as PATH and LAMBDA_TASK_ROOT are the image's own: AWS's base images bring them.
 *
 * @throws CannotRun
 */
export async function launchImage(
  spec: FunctionSpec,
  source: ImageSource,
  facts: ImageLaunchFacts,
  engine: ContainerEngine,
): Promise<Launch> {
  const image = await engine.findImage(source.id ?? source.uri);
  if (!image) {
    const text = `The image ${source.uri} of this function is not on this machine any more`;
    throw new CannotRun("image-unavailable", text);
  }
  const command = [...(source.entryPoint ?? image.entryPoint), ...(source.command ?? image.command)];
  if (command.length === 0) {
    const text = `The image ${source.uri} has neither an entry point nor a command`;
    throw new CannotRun("image-unavailable", text);
  }
  return {
    command,
    environment: { ...lambdaVariables(spec, facts), ...spec.environment },
    mounts: [],
    workingDirectory: source.workingDirectory ?? image.workingDirectory,
    layers: "/opt",
    layersFolder: undefined,
    runtimeVersion: undefined,
    image: image.id,
  };
}
