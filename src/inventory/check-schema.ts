import { z } from 'zod';
import { confWord, dnsName, httpPath, httpStatusText, interfaceName } from './fields.js';

const port = z.int().min(1).max(65535);

export const CHECK_TYPES = ['tcp', 'http', 'https', 'smtp', 'dns', 'misc'] as const;
/** As keepalived's DNS_CHECK knows them. */
const DNS_RECORDS = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'SOA', 'TXT'] as const;

/** What each type understands besides the common fields is checked in check-keepalived.ts. */
export const checkSchema = z
  .strictObject({
    type: z
      .enum(CHECK_TYPES)
      .describe(
        '`tcp` (it takes a connection), `http` and `https` (it answers a request), `smtp` (it greets), `dns` (it answers a query), ' +
          '`misc` (a program of your own says so).',
      ),
    port: port.optional().describe('Port to ask at, 1 to 65535; that of the real server by default.'),
    everySeconds: z
      .int()
      .min(1)
      .max(3600)
      .optional()
      .describe('Seconds from one check to the next, 1 to 3600. 5 by default.'),
    timeoutSeconds: z
      .int()
      .min(1)
      .max(600)
      .optional()
      .describe('Seconds to wait for an answer, 1 to 600. 3 by default.'),
    retries: z
      .int()
      .min(0)
      .max(100)
      .optional()
      .describe(
        'How often a failed check is repeated before the server counts as failed, 0 to 100. 1 by default.',
      ),
    retrySeconds: z
      .int()
      .min(1)
      .max(600)
      .optional()
      .describe('Seconds before a failed check is repeated, 1 to 600. 1 by default.'),
    path: httpPath.optional().describe('Of `http` and `https`: what is asked for. `/` by default.'),
    hostName: confWord
      .optional()
      .describe('Of `http` and `https`: the name in the request (Host, and SNI). None by default.'),
    status: z
      .array(z.union([z.int().min(100).max(599), httpStatusText]))
      .min(1)
      .optional()
      .describe('Of `http` and `https`: answers that are good, as [200, "300-302"]. ["200-299"] by default.'),
    helo: confWord.optional().describe('Of `smtp`: the name for HELO. That of the director by default.'),
    name: dnsName.optional().describe('Of `dns`: the name asked for. `.`, the root, by default.'),
    record: z
      .enum(DNS_RECORDS)
      .optional()
      .describe('Of `dns`: the type of record asked for. SOA by default.'),
    command: z
      .array(z.string())
      .min(1)
      .optional()
      .describe(
        'Of `misc`: a program on the directors, by its absolute path, and its arguments; `{address}`, `{port}` and `{vip}` in them stand ' +
          'for those of the real server and the service. Status 0 is good. No shell reads it.',
      ),
    user: confWord.optional().describe('Of `misc`: user that runs the program. `nobody` by default.'),
  })
  .meta({ id: 'CheckOptions', description: 'How a director asks a real server whether it works.' });

export const sorrySchema = z
  .strictObject({
    host: z.string().describe('Name of the host; neither a director nor a real server of the service.'),
    port: port.optional().describe('Port there; the service’s by default. Only `nat` can change it.'),
  })
  .meta({ id: 'SorryOptions', description: 'The server that says sorry.' });

export const keepalivedSchema = z
  .strictObject({
    id: z
      .union([
        z.int().min(1).max(255),
        z.record(
          z.string(),
          z.int().min(1).max(255).describe('Number of VRRP, 1 to 255, of the directors of this service.'),
        ),
      ])
      .optional()
      .describe(
        'Number of VRRP, 1 to 255, that no other routers on the network use. Where services have different lists of directors, one for each list, by the name of a service: ' +
          '`{ web: 51, mail: 52 }`. By default made of the first director’s address.',
      ),
    interface: interfaceName
      .optional()
      .describe('Interface that the directors speak VRRP over; each host’s own by default.'),
    advertSeconds: z
      .number()
      .min(0.01)
      .max(40.95)
      .multipleOf(0.01)
      .optional()
      .describe(
        'Seconds between two signs of life of the director that holds the VIPs, 0.01 to 40.95. When three are missed, another takes over. 1 by default.',
      ),
    unicast: z
      .boolean()
      .optional()
      .describe(
        'Send them to the other directors’ addresses (true, the default), or to VRRP’s multicast group (false).',
      ),
    preempt: z
      .boolean()
      .optional()
      .describe(
        'Give the VIPs back to an earlier director of the list when it returns. False by default: they stay where they are, for it has none of the connections yet.',
      ),
    preemptDelaySeconds: z
      .int()
      .min(0)
      .max(1000)
      .optional()
      .describe(
        'With `preempt`: seconds that it waits longer before it takes them back, 0 to 1000. 0 by default.',
      ),
    takeOver: z
      .boolean()
      .optional()
      .describe(
        'Replace a keepalived.conf that lvsctl did not write; it is kept as keepalived.conf.lvsctl-orig. False by default: it is refused.',
      ),
    syncGroup: z
      .boolean()
      .optional()
      .describe('VIPs of both families with the same directors move together. True by default.'),
  })
  .meta({
    id: 'KeepalivedOptions',
    description:
      'keepalived holds the VIPs, the tables and the checks. It runs wherever a service has several directors; with this key, even an empty one, on a single director too.',
  });
