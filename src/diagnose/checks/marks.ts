import { markRules } from '../../../roles/director/marks.js';
import { packetMarks } from '../../resources/index.js';
import { sh } from '../../shell/index.js';
import { onHost } from '../../verify/reason.js';
import { titled } from '../../verify/share.js';
import type { Check, Probe } from '../check.js';

/** What the resource of the role `director` looks at. */
const marksText: Probe<string> = {
  name: 'packet marks',
  script: () => packetMarks({ rules: [], by: 'nft' }).probe,
  read: (text) => text,
};

const noChanges = { changing: new Set<string>() };

/** A service by mark is nothing without the rules that mark its packets; they last until somebody flushes them. */
export const marksMissing: Check = {
  id: 'packet-marks',
  symptom: 'connections to the VIP are refused, though the service by mark is in the table',
  where: 'director',
  severity: 'stops',
  concerns: ({ fwmark }) => fwmark !== undefined,
  probes: [marksText],
  rule: (scene) => {
    const { director, cluster, service } = scene;
    const stdout = scene.look(director, marksText);
    const host = scene.hosts.get(director);
    if (stdout === undefined || host === undefined) return [];
    const rules = markRules(cluster, host);
    // By which of the two they are kept, the role decides; both of them lack something where neither has all.
    const lacks = (['nft', 'iptables'] as const).every(
      (by) => packetMarks({ rules, by }).plan({ stdout, stderr: '', status: 0 }, noChanges) !== undefined,
    );
    if (!lacks) return [];
    return [
      {
        host: director,
        cause: `${titled(director)} does not mark all packets of ${service.vip} that mark ${service.fwmark} is for`,
        evidence:
          'neither the table lvsctl_marks of nft nor the chain LVSCTL-MARKS of iptables has the rules of the inventory',
        fix: onHost(director, sh`/bin/sh /etc/lvsctl/director.sh`),
      },
    ];
  },
};
