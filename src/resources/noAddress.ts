import type { ObservedAddress } from '../engine/addresses.js';
import type { Facts } from '../engine/facts.js';
import type { Change, Resource } from '../engine/resource.js';
import { shLines } from '../shell/index.js';
import { addressTool, observedAddresses, removal, showAddresses, text } from './address.js';

/** An address that no interface of the host holds, whatever its prefix. */
export function noAddress({ address, facts }: { readonly address: string; readonly facts: Facts }): Resource {
  const id = `no address ${address}`;
  const tool = addressTool(facts, id);
  return {
    id,
    probe: showAddresses(tool),
    plan(observed): Change | undefined {
      const found = observedAddresses(tool, id, observed).filter((one) => one.address === address);
      if (found.length === 0) return undefined;
      const on = (one: ObservedAddress) => `${text(one)} off ${one.interface}`;
      return {
        summary: `take ${found.map(on).join(', ')}`,
        diff: found.map((one) => `- ${text(one)} dev ${one.interface}\n`).join(''),
        apply: shLines(...removal(tool, found)),
      };
    },
  };
}
