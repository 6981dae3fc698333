/** Terraform against a region: a configuration applied, changed, imported and destroyed. */

import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { CommandFailed, fixtures, without, type Outcome, type Workstation } from "./clients.ts";

const providerFolder = join("registry.terraform.io", "hashicorp", "aws");

/** Where people and distributions keep providers; Terraform looks into its own folder besides. */
function providerMirror(): string | undefined {
  const candidates = [
    process.env["TF_PLUGIN_MIRROR"] ?? "",
    "/opt/tf-plugins",
    "/usr/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    join(homedir(), ".terraform.d", "plugins"),
  ];
  return candidates.find((folder) => folder !== "" && existsSync(join(folder, providerFolder)));
}

/** For the `skip` option of a test, as `without` says it. In CI the registry takes the place of a mirror. */
export function withoutTerraform(): string | false {
  const reason = without("terraform");
  if (reason || process.env["CI"] || process.env["TF_PLUGIN_REGISTRY"]) return reason;
  return providerMirror() === undefined
    ? "no mirror of Terraform's AWS provider is here: name one in TF_PLUGIN_MIRROR, or set TF_PLUGIN_REGISTRY"
    : false;
}

type Variables = Readonly<Record<string, string>>;

export class Terraform {
  readonly #station: Workstation;
  readonly #folder: string;

  private constructor(station: Workstation, folder: string) {
    this.#station = station;
    this.#folder = folder;
  }

  /** The configuration of a fixture, if one is named, with these files beside it, ready to be applied. */
  static async open(
    station: Workstation,
    fixture: string | undefined,
    files: Variables = {},
  ): Promise<Terraform> {
    const folder = join(station.home, "terraform", fixture ?? "files");
    mkdirSync(folder, { recursive: true });
    if (fixture !== undefined) {
      cpSync(join(fixtures, "terraform", fixture), folder, { recursive: true });
      cpSync(join(fixtures, "terraform", "provider.tf"), join(folder, "provider.tf"));
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const mirror = providerMirror();
    const installation =
      mirror === undefined
        ? "direct {}"
        : `filesystem_mirror {\n path = ${JSON.stringify(mirror)}\n include = ["hashicorp/*"]\n}`;
    const settings = station.write(
      "terraform.tfrc",
      `disable_checkpoint = true\nprovider_installation {\n${installation}\n}\n`,
    );
    const shell = station.with({
      TF_CLI_CONFIG_FILE: settings,
      TF_IN_AUTOMATION: "1",
      // S3 Control has the account in front of the host's name, which not every machine can look up. What
      // is at `localhost` itself goes through no proxy.
      HTTP_PROXY: station.endpoint,
    });
    const terraform = new Terraform(shell, folder);
    await terraform.#run("init");
    return terraform;
  }

  /** Makes what the configuration says. */
  async apply(variables: Variables = {}): Promise<void> {
    await this.#run("apply", "-auto-approve", ...valuesOf(variables));
  }

  /** What a plan would change: nothing, when the region shows what was applied to it. */
  async drift(variables: Variables = {}): Promise<string> {
    const outcome = await this.#try("plan", "-detailed-exitcode", ...valuesOf(variables));
    if (outcome.status === 1) throw new CommandFailed(["terraform", "plan"], outcome);
    return outcome.status === 0 ? "" : outcome.stdout;
  }

  /** Forgets a resource, and finds it again by its id. */
  async reimport(address: string, id: string, variables: Variables = {}): Promise<void> {
    await this.#run("state", "rm", address);
    await this.#run("import", ...valuesOf(variables), address, id);
  }

  /**
   * Forgets resources, and finds them again by their ids, all at once.
   *
   * @param ids of resources, by their addresses
   * @throws where what comes back is not what is configured
   */
  async reimportAll(ids: Variables, variables: Variables = {}): Promise<void> {
    await this.#run("state", "rm", ...Object.keys(ids));
    const imports = join(this.#folder, "imports.tf");
    const blocks = Object.entries(ids)
      .map(([address, id]) => `import {\n to = ${address}\n id = ${JSON.stringify(id)}\n}\n`);
    writeFileSync(imports, blocks.join(""));
    const outcome = await this.#run("apply", "-auto-approve", ...valuesOf(variables));
    const expected = `Resources: ${blocks.length} imported, 0 added, 0 changed, 0 destroyed.`;
    if (!outcome.stdout.includes(expected)) throw new Error(outcome.stdout);
    rmSync(imports);
  }

  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    const { stdout } = await this.#run("output", "-json");
    const outputs = JSON.parse(stdout) as Record<string, { value: unknown }>;
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  async destroy(variables: Variables = {}): Promise<void> {
    await this.#run("destroy", "-auto-approve", ...valuesOf(variables));
  }

  async #run(command: string, ...options: readonly string[]): Promise<Outcome> {
    const outcome = await this.#try(command, ...options);
    if (outcome.status !== 0) throw new CommandFailed(["terraform", command, ...options], outcome);
    return outcome;
  }

  #try(command: string, ...options: readonly string[]): Promise<Outcome> {
    const plain =
      command === "state" ? [] : command === "output" ? ["-no-color"] : ["-no-color", "-input=false"];
    return this.#station.run("terraform", [command, ...plain, ...options], { folder: this.#folder });
  }
}

function valuesOf(variables: Variables): string[] {
  return Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`);
}
