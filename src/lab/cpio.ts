import { Buffer } from 'node:buffer';

/** One entry of an initramfs, owned by root. A folder has no content; parents must come first. */
export interface CpioEntry {
  /** Without a leading slash. */
  readonly path: string;
  /** Type and permission bits as in stat(2), e.g. 0o100644. */
  readonly mode: number;
  readonly content?: Buffer | string;
  /** Major and minor number of a device node. */
  readonly device?: readonly [number, number];
}

/**
 * An archive as the kernel's initramfs wants it ("newc", Documentation/driver-api/early-userspace/buffer-format.rst).
 * Several of them, one behind the other, unpack as one: a common part and a part for each guest. None is compressed: the kernel
 * loses the place behind a compressed one that doesn't end at a multiple of four bytes.
 */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  const all: readonly CpioEntry[] = [...entries, { path: 'TRAILER!!!', mode: 0 }];
  all.forEach((entry, index) => {
    const content = Buffer.from(entry.content ?? '');
    const name = Buffer.from(`${entry.path}\0`);
    const [major, minor] = entry.device ?? [0, 0];
    // Fields: inode, mode, uid, gid, links, mtime, size, device ×2, rdevice ×2, name length, check
    const fields = [index + 1, entry.mode, 0, 0, 1, 0, content.length, 0, 0, major, minor, name.length, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
    parts.push(padded(Buffer.concat([Buffer.from(header), name])), padded(content));
  });
  return Buffer.concat(parts);
}

export function folder(path: string, permissions = 0o755): CpioEntry {
  return { path, mode: 0o040000 | permissions };
}

export function file(path: string, content: Buffer | string, permissions = 0o644): CpioEntry {
  return { path, mode: 0o100000 | permissions, content };
}

function padded(buffer: Buffer): Buffer {
  return Buffer.concat([buffer, Buffer.alloc((4 - (buffer.length % 4)) % 4)]);
}
