/** Files in Zstandard, as the reference implementation writes them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion } from "../../../../test/region.ts";
import { fixtureOf } from "../table-fixture.ts";
import { begin, counts, drafted, ended, sources } from "./import-fixture.ts";
import { BrokenFile } from "./records.ts";
import { unpacked } from "./zstandard.ts";

const fromBase64 = (text: string): Buffer => Buffer.from(text, "base64");

/** `{"Item":{"pk":{"S":"item 0"},"n":{"N":"0"}}}` to 1999, by `zstd -19 --no-check`. */
const many = fromBase64(
  "KLUv/QBo9BQAtjRrF6CpMBwDGX8fnezUCyKllCmlBCzuvVutdgBhAFsAL8998bhQLjKNRyz3bdelOS8cFqpFpelI5b3rtizXRaNC" +
  "sYg0HKGcN12W5LhgUKgVjWYjk++eu3LcNkyoEoiEGUFE+AVbaAVS2AQADRo0GGI4GAYMDA6GBEOABkMICAosMDAcDAQGBgfDAQUD" +
  "g4MBQYEFAgYGASPazET2z147cttii1UFUcyESPxhRxtkbLHYEBOqioqmRkped7lVFleLihKKioiGRkhON7lUEkcLChJqioZmRkY+" +
  "97hTDjeLiRFKioRGRkQut7hSCicLCRHqRaf5yOW/7wY2tUTSRkELqhqimRmR+ceedsjZJmYxVUIkMyIiv9jSCimbhCyk6kSfucj/" +
  "229Pfnt88SoTecYi/m27NenN4YWrStSZivSv3bZkt0YXrSIRZyjCnzZbktwYXLAqVSbyjEX823Zr0pvDDFeVqDMV6V+7bclujTJa" +
  "RSLOUIQ/bbYkuTHIYNWINjOR/bPXjty2GGNVQRQzIRJ/2NEGGVtEMIJCVRHVTInUX3a1tbG2ilpUFRHRDInQTwGB86gR0Om1/x3R" +
  "Ky1zEfw8ASl8IswI+AHY3vm+d7797N7z3vu8t6r3ne+989vft3d+751vv7b3vPc97y11OCznva8dqjtjyoQgvvfO771zr929d773" +
  "nbvk3ve8955viO+963vv3Otu753ve+cuue89773PG+J73/neO/e123vX9965S917z/vemRj907ba13YA/vXc6/PH2wD+67nX84+3" +
  "Afzrc6/nj3cD+NdzX88fbwPyr+denz/eBvBfz72ef7wN4F+fez1/vBvAv577ev54G5B/Pff6LCz/I6sfqzK+hjRi5MgnTz458h1i" +
  "Kaz/KkQHALZXIgugWzokCcmGQ1UGAj0AGgAQAElJSYhiGApBKC6SIggKoAhQHAdhGERREARBDAMhCMREQgQBARABiOMYDGMoioEg" +
  "hmEYBGF4SIYgGIAhwBC7u7u7u7ukpKSkpKSkpKSkpKSkpKSkpKSkpN3d3d3d3d3d3d3d3d3d3d13d3d3d3f33d3d3d3d3d0dgPqo" +
  "EIh+4Pc3EfwIAWD41x/VEjOzM05Oyha6o1Tm5MTM2JmTEzNjZ05OzIydOTkxM3bm5MTM2JmTEzNjZ05OzIydOTmxVZxMBZGdNaKK" +
  "zM6cHBRVZHbm5KAoEFp0BQBW1xQF4A9oSQIXABAAEADMzMwURVEURVEURVEURVEURVEURVEUAZmZmZmZmZmZmZmZmZmZmTmZmZmZ" +
  "mZmZmZmZmZkzMzMzMzMzMzMzMzMzMzMzMzMzA4D6qCDiB+D3zxH8huFfPwZnXfe3O3fd3+7udH+7u+v27e6u+5u7u+5vd+66n9Wh" +
  "hJlBECsSEUFUREQEUZEIEURFIiIQFYmIIFIkIoKoiIgIoiIRIojI2QEUBQBWlxQF8DkzMgkQABAAEACZZ2ZmZmZmZmZmZmZmZmYm" +
  "MzMzMzMzMzMzMzMzMzMzM8zMzMzMzMzMzMzMzMzMzExFURRFURRFUVRRFEVRFEVRFEUxMzMHgPrYABH8huFff2dd97e7u+OMikRE" +
  "EBWJiCAqEhFBVCQigqhIRARRkYgIoiIREURFIiKIikREEBWJiCAqIiYigqhIRARRkYgIoiIRQVocBQBmVxYF8DlPIRIQABAAFQDM" +
  "zMzMzMzMzMzMzMzMzMxMmZmZmZmZmZmZmZmZmZmZORRFURRFURRFURRFURRFMfPMzMzMDEVRFEVRFEVRFEVRFEVRFEVRFEVRFEVR" +
  "AYD63ABnXfe3u7vub3d33d/u7rq/3d11f7u76/52d9fHWZGICKIiERFERSIiiIpERBAViYggKhIRQVQkIoKoSEQEUZGICCIDHAUA" +
  "VlcWBeAPbEsCGAAVABAAFUVRFEVRFEVRFEVRFEVRFEVRFEVRFEURMzMzMzMzUxRFURRFURRFURRFURQFzMzMzMzMzMzMzMzMzMzM" +
  "TDMzMzPzzMzMzMzMzMzMzAGA+twAZ133t7tDJoiKREQQFYmIICoSEUFUJCKCqEhEBFGRiAiiIhERREUiIoiKREQQFYmIIHJWJCKC" +
  "qEhEBFGRiAiiIhFBWuwEAGbXFAXgD99DAhcAEAAQAMzMzBRFURRFURRFURRFURRFURRFURQBmZmZmZmZmZmZmZmZmZmZOczMzMzM" +
  "zMzMzMwzMzMzMzMzMzMzMzMzMzMzMzMzMzMHgPrcAGdd97e7u+5vd3fd3+7uur/d3XV/u7vr/nZ3xw1RkYgIoiIREURFIiKIikRE" +
  "EBWJiCAqEhFBVCQigqhIRARRkYgIIgMUDwDG5j8KwOUYpEjSGofqzC8ARgBFAO7hHu7hHu7hHu7hHu7hHu7hHu7hHu7hHu7hHu7h" +
  "Hu7hHu7hHu7hHu7hHu7hHu4RTpOS5M2NNjbW1EhD48yMMjKGCSMYMD6PjuPJiSYmlpRIQuLIiCIiBgkiECAui4rihQtasGCFClKg" +
  "4IQJSpBgCCEIAjjoEYID5/fpeZ6daWZmWZlkZI6NKSZmsGACA+a2qWleXWllZVWVVFROTSklZahQggLldWlZHh1pZGRRkUREDg0p" +
  "JGSgQAICFP/xH//xH//xH//xH//xH//xH//Hf/zHf/zHf/zHf/zHf/zH63d32tlZVycdnXNzyskZLlyA+qggBPxwM8p6DRL4EQT4" +
  "CcF/vzAGo99T1GcN2xvrXYAl4JYdbWn9/lu8jyse/4p6vmHa809ZzTdE/6xrq7mP6M59ZT32EdX9hu3HnqY697T1XNNU4z+iv+tV" +
  "W6u1DVm9bJps2tiY2GjYONj417jXSNcY18jWOK3RrFGskatxq/GqUaqRqRGpkahRUONP407jmkaZRpdGlcaSxpDGjsYZjRaNEo0M" +
  "jQuNBo0Djf2M+Iz0jOIZ3xnVGZMzjjN6M24zVjNGMzIzTmY0Zhxm5GXUZbRlnGVsZURlJGUUyoDlCLQGAPZmHgXwOSMiCRgAGAAd" +
  "ADzP8zzP8zzP8zzP8zzP8zzP8zzP8zzPE3me53me53me53me53me53me53me53meDy0tLS0tLS0tLS0tLS0tLS0tLS3P8zzP88zz" +
  "PM8DLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLQGA+ujw2T8DEfyGARH++QHHf3XfX+33V/v91X5/te9f7ftX+/7Vvn+1" +
  "72/t+2t7E5FPdqBRrIAUKSBFC0hRA1JUghQVIkUFSlEBVVRAFhWQRgWkVAEpVkDqRRQcCADm5ikG8BkDKkQSKwAoACQAiUxkIhOZ" +
  "yEQmMpE5kYlMZCITmchEJjKRiUxkIhOZyEQmMpGJTGQiE5nIRIsWLVq0aNGiRYsWLVq0yEQmMpGJTGQiE5nIRCYykYlMZCITmchE" +
  "JjItWrRo0aJFixYtWrRo0aJFixYtWrRo0aJFixYtWrRo0aJFiwItWrRo0aJFixYtWrRo0aJFixYtWrRo0aLRokWLFi1atGjRIoD6" +
  "+BH8giL858eTblSbG+nmRrq5keok1EUYtKLNDWlzo9rcSDc30s2NtHMjbd1ImzfS5o20uSNtbkmbG9PmRrW5kW5upLtkYhqDq6cb" +
  "aeNG2ryRNm+k/RwKnAcA9qYoB/AZA3JFJAEqACMAJABo0aJFixYtMpGJTGQiE5nIRCYykYlMZCITmchEJjKRiUxkIhOZyEQmMhGL" +
  "Fi3aRYsWLVq0aNGiRYsWLVq0aNGiRYsWLVq0aNGiRYsWbS1atGjRokWLFi1atGjRokWLFi1atGjRokWLFi1atGjRokWLAi1atGjR" +
  "okWLFi1atGjRokWLFi1atGjRokWLFi1atGjRokWLgPr8k25Umxvp5ka6uZF2bqStG2nzRtq8kTZ3pM0taXNj2tyoNjfKIpPwLFw9" +
  "3UgbN9LmjbR5I23uSJtb0ubGtLlRbW6kmxvp5kba+YkWvAcA5qYoBuDplzIcCCQAJAAkANGiRYsWLVq0aNGiRYsWLVq0aNFo0aJF" +
  "ixYtWrRo0aJFixYtAkWLFi1atGjRokWLFi1atGjRokWLFi1atGjRokWLFi1atGjRAosWLVq0aNGiRYsWLVq0aNGiRYsWLVq0aNGi" +
  "RYsWLVq0aNGiAZnIRCYykYlMZCITmchEJjKRiUxkIhOZyEQmMpGJTGQiE5lo0aJFi3ZRgPr8k25Umxvp5ka6uZF2bqStm4FMcARx" +
  "9XQjbdxImzfS5o20uSNtbkmbG9PmRrW5kW5upJsbaedG2rqRNm+kzRtpc3ukCW4YaNdImzbS5k2ADMwHAAZnKgbg6aM/HAgkACQA" +
  "KABo0aJFixYtWrRo0aJFixYtWrRo0aJFixYtWrRo0aJFixYtWgRFixYtWrRo0aJFixYtGi1atGjRokWLFi1atGjRokWLFi1atAET" +
  "mchEJjKRiUxkIhOZyEQmMpGJTGQiE5nIRIsWLVq0aNGiRYsWLVo0mchEJjKRiUxkIhOZyEQmMpGJTGQiE5nIRCYykYlMZCITmchE" +
  "JjKRiUxkIgGA+rwQkh8xZtbMzJyZmTUzM2dmZs3MzJmZWTMzc2Zm1szMnJmZNTMzZ2ZmzUSRkCxxYMfMTJmZWTMzc2Zm1szMnJmZ" +
  "NTMzZ2ZmzczE+QQIAOYmKgfwGQN6RyQBKwAoACQAiUxkIhOZyEQmMpGJTGQiE5nIRCYykYlMZCITmchEJjKRicyJTGQiE5nIRIsW" +
  "LVq0aNGiRYsWLVq0yEQmMpGJTGQiE5nIRCYykYlMZCITmchEJjJo0aJFixYtWjRatGjRokWLFi1atGjRokWLFi1atGjRokWLFgUt" +
  "WrRo0aJFixYtWrRo0aJFixYtWrRo0aJFixYtWrRo0aJFG4D6vBAQ8QMzTNZNM3MyN52ZybxpZk7mpjkzmXkSSl8M6MpMpk0zczI3" +
  "zZnJvGlmZuamOTOZO83M1Nw0cyZzq5mZnJtmzmRuOjOTdcnkThXDMpmf2gElCADWpigH8BkDRIpIAioAIwAkAGjRokWLFi0ykYlM" +
  "ZCITmchEJjKRiUxkIhOZyEQmMpGJTGQiE5nIRCYyEYsWLVq0aNGiRYsWLVq0aNGiRYsWLVq0ixYtWrRo0aJFixZtLVq0aNGiRYsW" +
  "LVq0aNGiRYsWLVq0aNGiRYsWLVq0aNGiRYsCixaNFi1atGjRokWLFi1atGjRokWLFi1atGjRokWLFi1atAiA+vgRnBDsJ8J/fgw7" +
  "R3pGQmyO0zIuNEMG5lIjZnDKNHJEpqZiRpLcJCNO4kJnZGBeNGIOpkxTRmTaJGZkwk1yh2RNpTEOI1OTMCMJb5IRJ3GhOTIwLxox" +
  "E1OmMR9IAQ==",
);
/** One record, by `zstd`, which adds a checksum. */
const one = fromBase64(
  "KLUv/QRY4QAAeyJJdGVtIjp7InBrIjp7IlMiOiJvbmUifX19CqOIE/A=",
);
const skippable = Buffer.from("5a2a4d1803000000616263", "hex");

async function* pieces(content: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += length) yield content.subarray(at, at + length);
}

async function textOf(content: Buffer, length = 1 << 16): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of unpacked(pieces(content, length))) parts.push(part);
  return Buffer.concat(parts).toString();
}

test("frames one after the other, however they come in", async () => {
  const whole = Buffer.concat([one, skippable, many, one]);
  const record = '{"Item":{"pk":{"S":"one"}}}\n';
  const records = Array.from({ length: 2_000 }, (_, at) =>
    `{"Item":{"pk":{"S":"item ${at}"},"n":{"N":"${at}"}}}\n`);
  for (const length of [1, 7, 1_000, whole.length]) {
    assert.equal(await textOf(whole, length), record + records.join("") + record, `${length} at once`);
  }
  assert.equal(await textOf(Buffer.alloc(0)), "");
});

test("what repeats unpacks a block at a time", async () => {
  // 1,000 blocks of 128 KB, of four bytes each, in a window of 1 MB.
  const block = Buffer.from("02001061", "hex");
  const last = Buffer.from("03001061", "hex");
  const bomb = Buffer.concat([Buffer.from("28b52ffd0050", "hex"), ...Array<Buffer>(999).fill(block), last]);
  let largest = 0;
  let bytes = 0;
  for await (const part of unpacked(pieces(bomb, bomb.length))) {
    largest = Math.max(largest, part.length);
    bytes += part.length;
  }
  assert.deepEqual([bytes, largest], [1_000 * 131_072, 131_072]);
});

test("what is none, breaks off or wants too much memory is broken", async () => {
  for (const [content, expected] of [
    [Buffer.from("no Zstandard"), "not in Zstandard format"],
    [many.subarray(0, 40), "the file ends too soon"],
    [one.subarray(0, -1), "the file ends too soon"],
    [Buffer.from("28b5", "hex"), "the file ends too soon"],
    [Buffer.concat([one, Buffer.from("28b52ffd", "hex")]), "the file ends too soon"],
    [skippable.subarray(0, -1), "the file ends too soon"],
    // A window of 256 MB, and a frame of one segment with 200 MB.
    [Buffer.from("28b52ffd009003000861", "hex"), "the Zstandard window is too large"],
    [Buffer.from("28b52ffda00000000c03000861", "hex"), "the Zstandard window is too large"],
    [Buffer.from("28b52ffd0050ffffff", "hex"), "a Zstandard block is too large"],
    [Buffer.from("28b52ffd005007000000000000000000000000", "hex"), undefined],
  ] as const) {
    const broken: unknown = await textOf(content).catch((cause: unknown) => cause);
    assert.ok(broken instanceof BrokenFile, content.toString("hex"));
    if (expected) assert.equal(broken.message, expected);
  }
});

test("an import reads objects in Zstandard, and counts a broken one as an error", async () => {
  await using region = await startRegion();
  const from = await sources(region);
  await from.store("1", Buffer.concat([many, one]));
  await from.store("2", many.subarray(0, -20));
  await from.store("3", one);
  const done = await ended(from, await begin(from, "pk:S", { InputCompressionType: "ZSTD" }));
  assert.deepEqual([done.ErrorCount, done.FailureCode], [1, "ItemValidationError"]);
  const table = fixtureOf(from.db, "imported");
  assert.equal((await table.description()).ItemCount, 2_001);
  assert.deepEqual(await table.item({ pk: "item 1999" }), { pk: "item 1999", n: 1_999 });
  await from.store("2", one);
  const again = await ended(from, await begin(from, "pk:S", {
    InputCompressionType: "ZSTD", TableCreationParameters: drafted("pk:S", "second"),
  }));
  assert.deepEqual(counts(again), ["COMPLETED", 2_003, 2_003, 0]);
});
