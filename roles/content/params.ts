import { z } from 'zod';
import { absolutePath } from '../../src/inventory/fields.js';

const contentPath = z
  .strictObject({
    from: absolutePath('/srv/ftp').describe('Folder on the source host, an absolute path.'),
    to: absolutePath('/srv/ftp')
      .optional()
      .describe('Folder on the real servers, an absolute path. The same as `from` by default.'),
  })
  .meta({ id: 'ContentPath', description: 'A folder that the real servers copy.' });

/** Parameters of the role `content`; the inventory's `roles.content`. */
export const contentParams = z
  .strictObject({
    source: z.string().describe('Name of the host whose data the real servers copy.'),
    paths: z.array(contentPath).min(1).describe('Folders to copy.'),
    everyMinutes: z
      .int()
      .min(1)
      .max(1440)
      .default(10)
      .describe('Minutes between two copies, 1 to 1440. 10 by default.'),
    delete: z
      .boolean()
      .default(false)
      .describe('Delete what the source does not have (any more). False by default.'),
    exclude: z
      .array(
        z.string().regex(/^[^\p{Cc}\p{Cs}-][^\p{Cc}\p{Cs}]{0,999}$/u, {
          error: 'must be one line of text and must not begin with "-"',
        }),
      )
      .default([])
      .describe('Patterns that are not copied, as rsync’s --exclude takes them.'),
  })
  .meta({
    id: 'ContentParams',
    description: 'The same data on all real servers, by rsync over SSH, repeated by a timer or cron.',
  });

export type ContentParams = z.output<typeof contentParams>;
