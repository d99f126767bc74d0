import { checkOne } from '../inventory/check-keepalived.js';
import type { CheckInput } from '../inventory/check-of.js';
import { checkSchema } from '../inventory/check-schema.js';
import type { DraftCheck, DraftRealServer, DraftService } from './draft.js';
import type { ImportedCheck, ImportedRealServer, ImportedService } from './imported.js';
import type { Ledger } from './ledger.js';

/** A real server as the file has it, and as the inventory gets it. */
export interface FittedServer {
  readonly imported: ImportedRealServer;
  readonly draft: DraftRealServer;
}

/** One check of one real server, in the words that it may get; the same ones, at the same place, mean the same check. */
interface Candidate {
  readonly imported: ImportedCheck;
  readonly forms: readonly CheckInput[];
}

const FOR_ALL =
  'not all real servers of the service have this check, and the inventory has the checks of a service for all of them';

/** The checks that all real servers of a service have. The others are in the ledger. */
export function fitChecks(
  { id }: ImportedService,
  servers: readonly FittedServer[],
  { vip, forwarding }: Pick<DraftService, 'vip' | 'forwarding'>,
  ledger: Ledger,
): DraftCheck[] {
  const refuse = ({ line, lines }: ImportedCheck, reason: string): [] => {
    ledger.lose(line, reason);
    ledger.otherwise(lines, `belongs to line ${line}, which is not carried over`);
    return [];
  };
  const servicePort = id.kind === 'address' ? id.port : 0;
  const candidates = servers.map(({ imported: server, draft }) =>
    (server.checks ?? []).flatMap((imported): Candidate[] => {
      const { address = server.address, mark, check } = imported;
      const own = draft.port ?? servicePort;
      const port = imported.port ?? (server.port || servicePort);
      if (check.type !== 'misc') {
        const toVip = id.kind === 'mark' ? mark?.way === true : address === vip;
        if (address !== server.address && !(toVip && forwarding !== 'nat' && mark?.way === true))
          return refuse(imported, `asks ${address}, which is not the real server`);
        if (port === 0) return refuse(imported, 'the service is of several ports: it asks at none of them');
        if (mark !== undefined && mark.way !== true)
          ledger.lose(mark.line, 'a mark of checks: the inventory has no place for it');
      }
      const { type, ...rest } = check;
      const asked = type === 'misc' || port === own ? check : { type, port, ...rest };
      const reason = unsound(asked);
      if (reason !== undefined) return refuse(imported, reason);
      return [{ imported, forms: formsOf(asked, server.address, port) }];
    }),
  );
  const [first = [], ...others] = candidates;
  const kept = new Map<string, DraftCheck>();
  const done = new Set<Candidate>();
  for (const candidate of first)
    for (const [index, form] of candidate.forms.entries()) {
      const key = JSON.stringify(form);
      const same = others.map((list) =>
        list.filter(({ forms }) => forms[index] !== undefined && JSON.stringify(forms[index]) === key),
      );
      if (same.some((list) => list.length === 0)) continue;
      kept.set(key, form);
      for (const each of [candidate, ...same.flat()]) {
        done.add(each);
        ledger.carry(...each.imported.lines);
      }
      break;
    }
  for (const each of candidates.flat()) if (!done.has(each)) refuse(each.imported, FOR_ALL);
  return [...kept.values()];
}

/** Why the inventory would refuse a check. */
function unsound(check: CheckInput): string | undefined {
  const parsed = checkSchema.safeParse(check);
  const [issue] = parsed.success ? [] : parsed.error.issues;
  if (issue !== undefined) return `the inventory takes no such ${issue.path.join('.')}: ${issue.message}`;
  const problems: string[] = [];
  checkOne([], check, {}, (path, _, message) => problems.push(`its ${path[0]} ${message}`));
  return problems[0];
}

/** A program's arguments name the real server that it asks: by its address, perhaps by its port. */
function formsOf(check: CheckInput, address: string, port: number): CheckInput[] {
  if (check.command === undefined) return [check];
  const { command } = check;
  const literal = address.replace(/[.]/g, '\\.');
  const around = address.includes(':') ? '[\\w:]' : '[\\w.]';
  const own = new RegExp(`(?<!${around})${literal}(?!${around})`, 'g');
  const byAddress = command.map((word) => word.replace(own, '{address}'));
  const byPort = byAddress.map((word) => (word === String(port) ? '{port}' : word));
  return [byAddress, command, byPort].map((words) => ({ ...check, command: words }));
}

/** What of a service says who takes its connections while too few real servers work. */
export function fitSorry(
  service: ImportedService,
  fitted: Pick<DraftService, 'forwarding' | 'checks'>,
  hosts: {
    readonly directors: ReadonlySet<string>;
    readonly realServers: ReadonlySet<string>;
    /** The name of a host, or why it can't be one. */
    readonly nameOf: (address: string) => { readonly name: string } | string;
  },
  ledger: Ledger,
): Pick<DraftService, 'sorry' | 'quorum' | 'hysteresis'> {
  const { sorry, quorum, hysteresis, id } = service;
  const sorryHost = sorry && nameOfSorry(sorry.value.address);
  if (sorry === undefined || sorryHost === undefined) {
    for (const said of [quorum, hysteresis])
      if (said !== undefined)
        ledger.lose(said.line, 'says when a sorry server takes over, and there is none');
    return {};
  }
  const { port } = sorry.value;
  const servicePort = id.kind === 'address' ? id.port : 0;
  const differs = port !== 0 && port !== servicePort;
  const portKept = differs && fitted.forwarding === 'nat' && servicePort !== 0;
  if (differs && !portKept) ledger.lose(sorry.line, `port ${port}: the sorry server gets the service’s port`);
  if (sorry.value.forwarding !== undefined && sorry.value.forwarding !== fitted.forwarding)
    ledger.lose(sorry.line, `the sorry server gets the service’s method, ${fitted.forwarding}`);
  ledger.carry(sorry.line, ...sorry.value.lines);
  const least = numberOf(quorum) ?? 1;
  const swing = numberOf(hysteresis);
  const fits = swing === undefined || swing < least;
  if (!fits && hysteresis !== undefined)
    ledger.lose(
      hysteresis.line,
      `not less than the quorum, ${least}: the sorry server would never take over`,
    );
  return {
    sorry: { host: sorryHost, ...(portKept && { port }) },
    ...(least !== 1 && { quorum: least }),
    ...(swing !== undefined && fits && { hysteresis: swing }),
  };

  function nameOfSorry(address: string): string | undefined {
    const reason = (() => {
      if ((fitted.checks ?? []).length === 0)
        return 'a sorry server takes over when checks fail, and the service has none that is carried over';
      const found = hosts.nameOf(address);
      if (typeof found === 'string') return found;
      if (hosts.directors.has(found.name)) return 'is a director, and the inventory wants another host';
      if (hosts.realServers.has(found.name)) return 'is a real server of the service itself';
      return found;
    })();
    if (typeof reason !== 'string') return reason.name;
    if (sorry !== undefined) ledger.lose([sorry.line, ...sorry.value.lines], reason);
    return undefined;
  }

  /** Undefined for 0, which is what a missing one is. */
  function numberOf(said: typeof quorum): number | undefined {
    if (said === undefined) return undefined;
    ledger.carry(said.line);
    if (Number.isInteger(said.value) && said.value >= 0 && said.value < 2 ** 31)
      return said.value || undefined;
    ledger.lose(said.line, 'is not a number from 0 to 2147483647');
    return undefined;
  }
}
