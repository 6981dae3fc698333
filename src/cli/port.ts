import { usage } from "./failure.ts";

export function requirePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw usage(`A port is a number from 0 to 65535; ${text} is not.`);
  return Number(text);
}
