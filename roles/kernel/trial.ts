import type { Facts } from '../../src/engine/facts.js';
import type { Change, Resource } from '../../src/engine/resource.js';
import { LvsctlError } from '../../src/errors.js';
import type { ClusterHost } from '../../src/inventory/cluster.js';
import type { RebuildProfile } from '../../src/kernel/index.js';
import { observedText } from '../../src/resources/observed.js';
import { readable, sh, shLines } from '../../src/shell/index.js';
import { bootStateProbe } from './boot-state.js';
import { menuOf, newKernel } from './entry.js';
import { type KernelPaths, trialMark } from './paths.js';
import { parseTrial, type TrialState, trialProbe, writeMark } from './trial-mark.js';

export const DEFAULT_REBOOT_SECONDS = 600;

export const trialId = (release: string) => `kernel ${release} runs`;

/** The new kernel runs, and has shown what it was made for. Until then it is booted once, and the old one stays the default. */
export function trial(
  paths: KernelPaths,
  profile: RebuildProfile,
  host: ClusterHost,
  facts: Facts,
): Resource {
  const { release } = paths;
  const id = trialId(release);
  const within = host.kernel?.rebootWithinSeconds ?? DEFAULT_REBOOT_SECONDS;
  return {
    id,
    probe: shLines(sh`(`, trialProbe(host, facts), sh`)`, bootStateProbe(facts)),
    plan(observed): Change | undefined {
      const [told = ''] = observedText(id, observed).split(/^mounted /m);
      const state = parseTrial(told);
      if (facts.kernel.release === release) return proven(id, release, state, host, facts);
      const { mark } = state;
      if (mark?.release === release && mark.bootId !== facts.bootId) throw cameBack(id, state, host, facts);
      const { menu, bootIsMount } = menuOf(id, observed, facts);
      const after = menu.withEntry(newKernel(paths, bootIsMount));
      return {
        summary: `boot ${release} once, and see that it is sound (${host.name} goes down, for ${within} s at most)`,
        apply: shLines(
          writeMark(release, profile, within, host, facts),
          // A loader that was not told boots the old kernel: that would look like a trial that failed.
          sh`trap ${`rm -f ${trialMark}`} 0`,
          menu.once(after, release),
          sh`sync; trap - 0`,
        ),
        reboot: { withinSeconds: within },
      };
    },
  };
}

/** The same on a host that runs a kernel of lvsctl's: a run that ended before the proof is taken up again. */
export function runningTrial(host: ClusterHost, facts: Facts): Resource {
  const { release } = facts.kernel;
  const id = trialId(release);
  return {
    id,
    probe: trialProbe(host, facts),
    plan: (observed) => proven(id, release, parseTrial(observedText(id, observed)), host, facts),
  };
}

/** @throws LvsctlError naming what the new kernel does not show */
function proven(id: string, release: string, state: TrialState, host: ClusterHost, facts: Facts): undefined {
  const { mark } = state;
  if (mark?.release !== release) return undefined;
  const missing = [
    mark.expects.has('ip_vs') && !facts.ipvs.available && 'there is no module ip_vs for it',
    mark.expects.has('hidden') && !shows(facts, 'hidden') && 'it shows no hidden in /proc/sys/net/ipv4/conf',
    mark.expects.has('arp-flags') &&
      !(shows(facts, 'arp_ignore') && shows(facts, 'arp_announce')) &&
      'it shows no arp_ignore and arp_announce in /proc/sys/net/ipv4/conf',
    mark.expects.has('address') && !state.address && `${host.address} is not on ${host.interface}`,
    ...mark.routes
      .filter((route) => !state.routes.includes(route))
      .map((route) => `the default route by ${route.split(' ')[0]} is gone`),
  ].filter((reason) => typeof reason === 'string');
  if (missing.length === 0) return undefined;
  throw new LvsctlError(`${host.name} runs ${release}, and it is not sound: ${missing.join('; ')}`, {
    resource: id,
    hint: `the default was left alone: a reboot brings ${mark.from} back, and ${host.name} does one by itself when the trial's time is over`,
  });
}

const shows = ({ paths }: Facts, flag: string) => paths.has(`/proc/sys/net/ipv4/conf/all/${flag}`);

function cameBack(
  id: string,
  { mark, returned, lastWords }: TrialState,
  host: ClusterHost,
  facts: Facts,
): LvsctlError {
  const tried = `${host.name} was told at ${utc(mark?.armed)} to boot ${mark?.release} once, and is back on ${facts.kernel.release}`;
  const known =
    returned !== undefined
      ? `the new kernel came up, but was not confirmed in time, so the host went back by itself at ${utc(returned)}`
      : lastWords.length > 0
        ? `the new kernel wrote to the log, last:\n${lastWords.map((line) => `  ${readable(line)}`).join('\n')}`
        : 'the new kernel left no word in /var/log: it died or hung before anything was written';
  return new LvsctlError(`${tried}; ${known}`, {
    resource: id,
    hint: `the default was left alone; look at the console. To try once more, remove ${trialMark} on ${host.name} and run lvsctl again`,
  });
}

const utc = (seconds = 0) => `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
