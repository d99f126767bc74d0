const table = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** What POSIX cksum(1) prints for these bytes read from stdin: `CRC SIZE`. Every host has it; sha256sum came later. */
export function cksum(content: Uint8Array): string {
  let crc = 0;
  const eat = (byte: number): void => {
    crc = ((crc << 8) ^ (table[((crc >>> 24) ^ byte) & 0xff] as number)) >>> 0;
  };
  for (const byte of content) eat(byte);
  for (let size = content.length; size > 0; size = Math.floor(size / 256)) eat(size & 0xff);
  return `${~crc >>> 0} ${content.length}`;
}
