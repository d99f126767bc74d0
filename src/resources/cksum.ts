const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** What POSIX cksum(1) prints for a stream read from stdin, while it flows: `CRC SIZE`. Every host has it; sha256sum came later. */
export class Cksum {
  #crc = 0;
  #size = 0;

  update(content: Uint8Array): this {
    let crc = this.#crc;
    for (let i = 0; i < content.length; i += 1) crc = eat(crc, content[i] as number);
    this.#crc = crc;
    this.#size += content.length;
    return this;
  }

  /** Of what came so far; more may follow. */
  get value(): string {
    let crc = this.#crc;
    for (let size = this.#size; size > 0; size = Math.floor(size / 256)) crc = eat(crc, size & 0xff);
    return `${~crc >>> 0} ${this.#size}`;
  }
}

function eat(crc: number, byte: number): number {
  return ((crc << 8) ^ (table[((crc >>> 24) ^ byte) & 0xff] as number)) >>> 0;
}

/** The same of bytes that are here as a whole. */
export function cksum(content: Uint8Array): string {
  return new Cksum().update(content).value;
}
