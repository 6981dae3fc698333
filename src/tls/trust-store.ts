/** How the machine is told to trust the region's authority. */

export interface TrustStorePlan {
  readonly description: string;
  /** Programs with their arguments, in order. They need root. */
  readonly commands: readonly (readonly string[])[];
  /** What takes it back. */
  readonly undo: readonly (readonly string[])[];
}

const name = "us-local-1.crt";

const linuxStores = [
  {
    folder: "/usr/local/share/ca-certificates",
    update: ["update-ca-certificates"],
    refresh: ["update-ca-certificates", "--fresh"],
  },
  { folder: "/etc/pki/ca-trust/source/anchors", update: ["update-ca-trust"], refresh: ["update-ca-trust"] },
  {
    folder: "/etc/ca-certificates/trust-source/anchors",
    update: ["update-ca-trust"],
    refresh: ["update-ca-trust"],
  },
] as const;

/**
 * @param certificate the authority's file
 * @param exists whether a folder is there
 * @returns undefined where it is not known how
 */
export function trustStorePlan(
  platform: NodeJS.Platform,
  certificate: string,
  exists: (folder: string) => boolean,
): TrustStorePlan | undefined {
  if (platform === "darwin") {
    const keychain = "/Library/Keychains/System.keychain";
    return {
      description: `adds the authority to ${keychain} as a trusted root`,
      commands: [["security", "add-trusted-cert", "-d", "-r", "trustRoot", "-k", keychain, certificate]],
      undo: [["security", "remove-trusted-cert", "-d", certificate]],
    };
  }
  const store = platform === "linux" ? linuxStores.find(({ folder }) => exists(folder)) : undefined;
  if (!store) return undefined;
  const target = `${store.folder}/${name}`;
  return {
    description: `copies the authority to ${target} and runs ${store.update[0]}`,
    commands: [["cp", certificate, target], store.update],
    undo: [["rm", target], store.refresh],
  };
}
