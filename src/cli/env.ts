import { resolve } from "node:path";
import { nameOf } from "../local/address.ts";
import type { RegionStatus } from "../local/region-routes.ts";
import { authorityFile } from "../tls/authority-file.ts";
import { writeProfile } from "./aws-profile.ts";
import { RegionClient } from "./client.ts";
import { regionOptions, type Command, type Invocation } from "./command.ts";
import { Failure, usage } from "./failure.ts";
import { requirePort } from "./port.ts";
import { quoted } from "./text.ts";

const awsRegion = "us-east-1";

const env: Command = {
  name: "env",
  summary: "Points this shell, or a profile of the aws CLI, at the region.",
  forms: ['               eval "$(us-local-1 env)"', "--profile <name>"],
  options: {
    ...regionOptions,
    profile: { value: "name", description: "write an aws profile instead" },
  },
  async run(invocation) {
    const { endpoint, dataDir } = await regionOf(invocation);
    const authority = endpoint.startsWith("https:") ? authorityFile(dataDir) : undefined;
    const profile = invocation.text("profile");
    if (profile !== undefined) return profileResult(profile, endpoint, authority, invocation);
    const variables = {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: awsRegion,
      AWS_DEFAULT_REGION: awsRegion,
      // No host of this machine is called `stream-localhost`, as operations with a prefix would have it.
      AWS_DISABLE_HOST_PREFIX_INJECTION: "true",
      ...(authority !== undefined && { AWS_CA_BUNDLE: authority, NODE_EXTRA_CA_CERTS: authority }),
    };
    // Those of the real AWS would outweigh, or not fit, the keys above.
    const unset = ["AWS_PROFILE", "AWS_SESSION_TOKEN"];
    const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
    return { data: variables, text: [...lines, `unset ${unset.join(" ")}`].join("\n") };
  },
};
export default env;

/** Where the region answers, or would: shells are often set up before it is started. */
async function regionOf(invocation: Invocation): Promise<{ endpoint: string; dataDir: string }> {
  const { config, text } = invocation;
  const dataDir = resolve(text("data-dir") ?? config.dataDir);
  try {
    const { endpoint } = await RegionClient.of(invocation).get<RegionStatus>("/_local/v1/status");
    return { endpoint, dataDir };
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    process.stderr.write(`us-local-1: ${cause.message}\n`);
    const port = text("port");
    const number = port === undefined ? config.port : requirePort(port);
    return {
      endpoint: `${config.tls ? "https" : "http"}://${nameOf(text("host") ?? config.host)}:${number}`,
      dataDir,
    };
  }
}

function profileResult(
  name: string,
  endpoint: string,
  authority: string | undefined,
  { config }: Invocation,
) {
  if (!/^[\w.@-]{1,64}$/.test(name))
    throw usage("A profile's name is made of letters, digits, dots, hyphens and underscores.");
  writeProfile({
    name,
    endpoint,
    awsRegion,
    configFile: config.awsConfigFile,
    credentialsFile: config.awsCredentialsFile,
    ...(authority !== undefined && { authority }),
  });
  return {
    data: {
      profile: name,
      endpoint,
      configFile: config.awsConfigFile,
      credentialsFile: config.awsCredentialsFile,
    },
    text: `The profile ${name} leads to ${endpoint}: aws --profile ${name} …`,
  };
}
