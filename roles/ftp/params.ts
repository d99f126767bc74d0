import { z } from 'zod';
import { absolutePath } from '../../src/inventory/fields.js';

function orderedPorts(range: string): boolean {
  const [low = 0, high = 0] = range.split('-').map(Number);
  return low >= 1024 && high <= 65535 && low <= high;
}

/** Parameters of the role `ftp`; the inventory's `roles.ftp`. */
export const ftpParams = z
  .strictObject({
    banner: z
      .string()
      .regex(/^[\x20-\x7e]{1,200}$/, {
        error: 'must be one line of 1 to 200 printable ASCII characters',
      })
      .describe(
        'Greeting of the FTP server. `{n}` is the real server’s place in the service, counted from 1: ' +
          '`Welcome to FTP{n} server`. `verify` tells the real servers apart by it.',
      ),
    anonymousRoot: absolutePath('/srv/ftp')
      .optional()
      .describe('Folder that anonymous users see, an absolute path. `/srv/ftp` by default.'),
    passivePorts: z
      .string()
      .regex(/^[0-9]{1,5}-[0-9]{1,5}$/, { error: 'must be `low-high`, for example 50000-50100' })
      .refine(orderedPorts, { error: 'must lie in 1024-65535, the low port first' })
      .optional()
      .describe('TCP ports for passive data connections, `low-high`: `50000-50100`.'),
  })
  .meta({ id: 'FtpParams', description: 'An anonymous, read-only FTP server (vsftpd) on the real servers.' });

export type FtpParams = z.output<typeof ftpParams>;
