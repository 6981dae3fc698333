/** What a trail may be called. */

import { invalidTrailName } from "./errors.ts";

const lengthMin = 3;
const lengthMax = 128;

/** @evidence recorded AWS answers to CreateTrail, in the tests of other implementations of the API */
export function requireTrailName(name: string): void {
  if (name.length < lengthMin) {
    throw invalidTrailName(
      `Trail name too short. Minimum allowed length: 3 characters. Specified name length: ${name.length} `
      + "characters.",
    );
  }
  if (name.length > lengthMax) {
    throw invalidTrailName(
      `Trail name too long. Maximum allowed length: 128 characters. Specified name length: ${name.length} `
      + "characters.",
    );
  }
  if (!/^[A-Za-z0-9]/.test(name)) throw invalidTrailName("Trail name must starts with a letter or number.");
  if (!/[A-Za-z0-9]$/.test(name)) throw invalidTrailName("Trail name must ends with a letter or number.");
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    throw invalidTrailName(
      "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
      + "hyphens (-), and underscores (_).",
    );
  }
  if (/[._-]{2}/.test(name)) {
    throw invalidTrailName("Trail name can't contain adjacent periods, hyphens or underscores.");
  }
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) throw invalidTrailName("Trail name can't be an IP address.");
}
