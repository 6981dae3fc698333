/** Which names a bucket may have. @evidence S3 User Guide, "General purpose bucket naming rules" */

const form = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const address = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const reservedPrefixes = ["xn--", "sthree-", "amzn-s3-demo-"];
const reservedSuffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
/** Only in the account regional namespace: `name-111122223333-us-east-1-an`. */
const accountRegional = /-(\d{12})-([a-z]{2}(?:-[a-z]+)+-\d)-an$/;

export function isBucketName(name: string): boolean {
  return (
    form.test(name) &&
    !address.test(name) &&
    !name.includes("..") &&
    !reservedPrefixes.some((prefix) => name.startsWith(prefix)) &&
    !reservedSuffixes.some((suffix) => name.endsWith(suffix)) &&
    (!name.endsWith("-an") || accountRegional.test(name))
  );
}

/** Whose names and where a name of the account regional namespace is; undefined for all other names. */
export function accountRegionalOwner(name: string): { account: string; region: string } | undefined {
  const match = accountRegional.exec(name);
  return match ? { account: match[1] ?? "", region: match[2] ?? "" } : undefined;
}
