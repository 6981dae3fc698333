/**
 * The one percent-encoding that signatures know: letters, digits and `-._~` stay, every other byte of UTF-8
 * becomes `%XX` in upper case.
 *
 * @evidence IAM User Guide, Create a signed AWS API request, UriEncode()
 */

const ENCODED = Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte);
  return /[A-Za-z0-9\-._~]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

/** Text that encodes to itself and holds no escape either. */
const PLAIN = /^[A-Za-z0-9\-._~]*$/;

/** Encodes text (as UTF-8) or bytes. */
export function uriEncode(value: string | Uint8Array): string {
  if (typeof value === "string") {
    if (PLAIN.test(value)) return value;
    return encodeBytes(Buffer.from(value, "utf8"));
  }
  return encodeBytes(value);
}

/**
 * Encodes what stands in a request line, escapes included (`%20` becomes `%2520`). Node hands raw bytes of a
 * request line out as one character a byte, so a character below U+0100 is that byte; any other is text and
 * becomes UTF-8.
 */
export function uriEncodeRaw(value: string): string {
  return PLAIN.test(value) ? value : encodeBytes(rawBytes(value));
}

/**
 * Decodes the escapes and encodes again, so that `%7e`, `~` and `%7E` agree; undefined for a broken escape.
 */
export function uriReencode(value: string): string | undefined {
  if (PLAIN.test(value)) return value;
  const bytes = percentDecode(value);
  return bytes && encodeBytes(bytes);
}

/** The text behind the escapes; undefined for a broken escape. */
export function uriDecode(value: string): string | undefined {
  if (!value.includes("%")) return value;
  return percentDecode(value)?.toString("utf8");
}

function percentDecode(value: string): Buffer | undefined {
  const raw = rawBytes(value);
  let length = 0;
  for (let position = 0; position < raw.length; position += 1, length += 1) {
    const byte = raw[position] ?? 0;
    if (byte !== 0x25) {
      raw[length] = byte;
      continue;
    }
    const high = hexDigit(raw[position + 1]);
    const low = hexDigit(raw[position + 2]);
    if (high < 0 || low < 0) return undefined;
    raw[length] = high * 16 + low;
    position += 2;
  }
  return raw.subarray(0, length);
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

function rawBytes(value: string): Buffer {
  for (let position = 0; position < value.length; position += 1) {
    if (value.charCodeAt(position) > 0xff) return Buffer.from(value, "utf8");
  }
  return Buffer.from(value, "latin1");
}

function encodeBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += ENCODED[byte] ?? "";
  return text;
}
