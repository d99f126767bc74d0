import { keepalivedSchema } from '../inventory/check-schema.js';
import type { DraftKeepalived } from './draft.js';
import { notPlain, type Statement } from './keepalived-text.js';
import type { Ledger } from './ledger.js';

/** Why words of VRRP are lost. */
export const VRRP = {
  instance: 'VRRP: the inventory has no place for it',
  globals: 'VRRP: lvsctl sets its own',
  group: 'VRRP: VIPs with the same directors move together, by lvsctl’s own group',
  track: 'VRRP: the inventory has no place for what is tracked',
  words: {
    state: 'VRRP: the first of `directors` is to hold the VIPs: put them in order',
    priority: 'VRRP: the first of `directors` is to hold the VIPs: put them in order',
    authentication: 'VRRP: version 3, which lvsctl writes, has none',
    track_script: 'VRRP: the inventory has no place for what is tracked',
    track_interface: 'VRRP: the inventory has no place for what is tracked',
  } as Readonly<Record<string, string>>,
} as const;

/** With its lines: an instance that says the same is carried too. */
export type VrrpSettings = DraftKeepalived;

interface Found {
  readonly ledger: Ledger;
  keepalived?: VrrpSettings;
}

const WORDS: Readonly<Record<string, keyof DraftKeepalived>> = {
  virtual_router_id: 'id',
  advert_int: 'advertSeconds',
  preempt_delay: 'preemptDelaySeconds',
};

/** The settings of an instance. All of the directors' VIPs are one instance of the inventory, so the first one's are taken. */
export function readVrrp(statement: Statement, found: Found): ReadonlySet<Statement> {
  const { ledger } = found;
  const block = (statement.block ?? []).filter((each) => notPlain(each) === undefined);
  const known = new Set<Statement>();
  const settings: Record<string, number | boolean> = {};
  const lines = new Map<string, readonly number[]>();
  for (const each of block) {
    const [keyword = '', value = '', ...rest] = each.words;
    const name = keyword === 'nopreempt' ? 'preempt' : WORDS[keyword];
    if (name === undefined) continue;
    known.add(each);
    const said = name === 'preempt' ? false : value === '' ? Number.NaN : Number(value);
    if (rest.length > 0 || !keepalivedSchema.safeParse({ [name]: said }).success) {
      ledger.lose(each.lines, `VRRP: ${each.words.join(' ')} is not what the inventory can have`);
      continue;
    }
    settings[name] = said;
    lines.set(name, each.lines);
  }
  if (!('preempt' in settings)) settings.preempt = true;
  else if ('preemptDelaySeconds' in settings) {
    ledger.lose(lines.get('preemptDelaySeconds') ?? [], 'VRRP: has no effect with nopreempt');
    delete settings.preemptDelaySeconds;
  }
  if (!block.some(({ words }) => words[0] === 'unicast_peer')) settings.unicast = false;
  found.keepalived ??= settings;
  for (const [name, of] of lines)
    if (found.keepalived[name as keyof DraftKeepalived] === settings[name]) ledger.carry(...of);
    else
      ledger.lose(
        of,
        name === 'id'
          ? 'VRRP: the VIPs of the same directors are one instance, with the first one’s number'
          : 'VRRP: differs from an instance before, and the inventory has one setting for all',
      );
  return known;
}
