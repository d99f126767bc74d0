import { destinationKey, type PlacedEntry, parseSave, serviceKey } from '../ipvs/index.js';
import type { Imported, ImportedRealServer, ImportedService } from './imported.js';
import { Ledger } from './ledger.js';

/** Seconds, of a bare `-p` (ipvsadm 1.31; its manual says 300). */
const DEFAULT_PERSISTENCE = 360;

const isContent = (line: string) => line.trim() !== '' && !line.trim().startsWith('#');

/** Reads the output of `ipvsadm -Sn`, and lines for `ipvsadm -R` or of a shell script that have the same words. */
export function readIpvsadm(text: string): Imported {
  const ledger = new Ledger(text, isContent);
  const commands = text
    .split('\n')
    .map((line) => (isContent(line) ? line.trim().replace(/^(\/\S*\/)?ipvsadm\s+/, '') : ''));
  const lines = new Map<string, number>();
  const keyOf = ({ service, destination }: PlacedEntry) =>
    `${serviceKey(service)}${destination === undefined ? '' : ` > ${destinationKey(destination)}`}`;
  const { table, unread } = parseSave(commands.join('\n'), (line, entry) => lines.set(keyOf(entry), line));
  for (const { line, reason } of unread) ledger.lose(line, reasonFor(commands[line - 1] ?? '', reason));
  const services = table.services.map((service): ImportedService => {
    const { id, scheduler, schedulerFlags = [], persistence, onePacket } = service;
    const line = lines.get(keyOf({ service: id })) ?? 0;
    const said = <Value>(value: Value) => ({ value, line });
    return {
      line,
      lines: [line],
      id,
      scheduler: scheduler === undefined ? undefined : said(scheduler),
      schedulerFlags: schedulerFlags.map(said),
      persistence:
        persistence === 'none' || persistence === undefined
          ? undefined
          : {
              seconds: said(persistence.timeoutSeconds ?? DEFAULT_PERSISTENCE),
              netmask: persistence.netmask === undefined ? undefined : said(persistence.netmask),
              engine:
                persistence.engine === undefined || persistence.engine === 'none'
                  ? undefined
                  : said(persistence.engine),
            },
      onePacket: onePacket === true ? said(true) : undefined,
      realServers: service.destinations.map((destination): ImportedRealServer => {
        const at = lines.get(keyOf({ service: id, destination })) ?? 0;
        const { address, port, forwarding, weight = 1, upperThreshold, lowerThreshold, tunnel } = destination;
        const threshold = (value: number | undefined) =>
          value === undefined || value === 0 ? undefined : { value, line: at };
        return {
          line: at,
          lines: [at],
          address,
          port,
          forwarding: forwarding === undefined || forwarding === 'local' ? 'dr' : forwarding,
          weight: { value: weight, line: at },
          upperThreshold: threshold(upperThreshold),
          lowerThreshold: threshold(lowerThreshold),
          tunnel: tunnel === undefined ? undefined : { value: tunnel, line: at },
        };
      }),
    };
  });
  return { ledger, services, directors: [], vips: [] };
}

/** The reader's reason, or a better one for what people put into such files. */
function reasonFor(command: string, reason: string): string {
  if (/^-C\b|^--clear\b/.test(command)) return 'empties the table, which lvsctl never does';
  if (/^--set\b/.test(command)) return 'write it to `ipvs.timeouts` of the inventory';
  if (/^--(start|stop)-daemon\b/.test(command)) return 'write it to `ipvs.sync` of the inventory';
  if (reason === 'not a service or real server' && /^-[Aa] -[tu] /.test(command))
    return 'its address or port is a name: list the table with `ipvsadm -Sn`, which prints numbers';
  return reason;
}
