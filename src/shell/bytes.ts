/**
 * Bytes of a host as text, and back, losing none: what is UTF-8 reads as such, and each byte that is not stands as one lone
 * surrogate, U+DC00 plus the byte (as Python's `surrogateescape`). Files of hosts may be in any encoding, Latin-1 say, and
 * what a resource does not change there must stay as it is.
 */
export function textOfBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  // U+FFFD stands for what could not be read, or for itself.
  return text.includes('\ufffd') ? escaped(buffer) : text;
}

/** The bytes that {@link textOfBytes} made this text of. */
export function bytesOfText(text: string): Uint8Array {
  if (!hasForeignBytes(text)) return Buffer.from(text);
  return Buffer.concat(
    text
      .split(foreignBytes)
      .map((part) => (foreign.test(part) ? Buffer.from(codes(part), 'latin1') : Buffer.from(part))),
  );
}

/** Whether it holds bytes that are not UTF-8; such a text can't be written into a script, which is UTF-8. */
export function hasForeignBytes(text: string): boolean {
  return foreign.test(text);
}

/** For people: `caf\xe9`. */
export function readable(text: string): string {
  return text.replace(foreignBytes, (run) =>
    [...run].map((one) => `\\x${(one.charCodeAt(0) & 0xff).toString(16)}`).join(''),
  );
}

const foreign = /[\udc80-\udcff]/u;
const foreignBytes = /([\udc80-\udcff]+)/gu;

function codes(run: string): string {
  return [...run].map((one) => String.fromCharCode(one.charCodeAt(0) & 0xff)).join('');
}

function escaped(buffer: Buffer): string {
  let text = '';
  for (let at = 0; at < buffer.length; ) {
    const length = sequence(buffer, at);
    text +=
      length > 0
        ? buffer.toString('utf8', at, at + length)
        : String.fromCharCode(0xdc00 + (buffer[at] as number));
    at += length || 1;
  }
  return text;
}

/** Length of the UTF-8 sequence that begins there; 0 when none does (RFC 3629, section 4: no overlong form, no surrogate). */
function sequence(buffer: Buffer, at: number): number {
  const first = buffer[at] as number;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > buffer.length) return 0;
  const [low, high] =
    first === 0xe0
      ? [0xa0, 0xbf]
      : first === 0xed
        ? [0x80, 0x9f]
        : first === 0xf0
          ? [0x90, 0xbf]
          : first === 0xf4
            ? [0x80, 0x8f]
            : [0x80, 0xbf];
  const second = buffer[at + 1] as number;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i++) {
    const byte = buffer[at + i] as number;
    if (byte < 0x80 || byte > 0xbf) return 0;
  }
  return length;
}
