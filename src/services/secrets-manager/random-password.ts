/** GetRandomPassword. */

import * as sm from "../../generated/secrets-manager.ts";
import type { GetRandomPasswordRequest } from "../../generated/secrets-manager.ts";
import type { Ids } from "../../kernel/ids.ts";
import { operation } from "../../kernel/operation.ts";
import { noCharacters, passwordTooShort } from "./errors.ts";

/** @evidence Secrets Manager API Reference, GetRandomPassword, ExcludePunctuation */
const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const lengthDefault = 32;

/** The alphabets that the request includes, without what it excludes. */
function alphabets(input: GetRandomPasswordRequest): string[] {
  const excluded = new Set(input.ExcludeCharacters);
  const all: [string, boolean | undefined][] = [
    ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", input.ExcludeUppercase],
    ["abcdefghijklmnopqrstuvwxyz", input.ExcludeLowercase],
    ["0123456789", input.ExcludeNumbers],
    [punctuation, input.ExcludePunctuation],
  ];
  return all.filter(([, isExcluded]) => !isExcluded)
    .map(([alphabet]) => [...alphabet].filter((character) => !excluded.has(character)).join(""))
    .filter((alphabet) => alphabet !== "");
}

function shuffled(characters: string[], ids: Ids): string {
  for (let index = characters.length - 1; index > 0; index--) {
    const other = ids.below(index + 1);
    const [a = "", b = ""] = [characters[index], characters[other]];
    characters[index] = b;
    characters[other] = a;
  }
  return characters.join("");
}

export const GetRandomPassword = operation(sm.GetRandomPassword, {
  run(input, ctx) {
    const length = input.PasswordLength ?? lengthDefault;
    const types = alphabets(input);
    const includesSpace = input.IncludeSpace === true && !input.ExcludeCharacters?.includes(" ");
    const characters = types.join("") + (includesSpace ? " " : "");
    if (characters === "") throw noCharacters();
    const required = input.RequireEachIncludedType === false ? [] : types;
    if (required.length > length) throw passwordTooShort();
    const drawn = required.map((alphabet) => ctx.ids.from(alphabet, 1));
    drawn.push(...ctx.ids.from(characters, length - drawn.length));
    return { RandomPassword: shuffled(drawn, ctx.ids) };
  },
});
