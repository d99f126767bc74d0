import { type FaultGroup, on, until } from './fault.js';

/** Of the lab: lvs1 has the VIP while both directors live. */
export const lvs2 = '10.85.3.3';
export const vip = '10.85.3.100';
const rs1 = '10.85.3.11';

const holds = `ip -o addr show dev eth0 | grep -q ' ${vip}/32 '`;
const weight = (is: number) => `ipvsadm -Sn | grep -q -- '-r ${rs1}:80 -g -w ${is}'`;
const keepalivedHas = (state: string) => `ipvsadm -L --daemon | grep -q '^${state} '`;

/** Both have taken their parts. */
export const SOUND: Readonly<Record<string, string>> = {
  lvs1: `${until(holds)}; ${until(weight(1))}; ${until(keepalivedHas('master'))}`,
  lvs2: `${until(`! ${holds}`)}; ${until(weight(1))}; ${until(keepalivedHas('backup'))}`,
};

export const DIRECTORS_FAULTS: readonly FaultGroup[] = [
  {
    faults: [
      {
        name: 'a director that another one has as a real server',
        put: on('lvs1', `ipvsadm -a -t ${vip}:80 -r ${lvs2}:80 -g -w 1`),
        found: ['foreign-server@lvs1', 'backup-only@lvs2'],
      },
      {
        name: 'no sync daemon',
        put: on('lvs1', 'ipvsadm --stop-daemon master'),
        found: ['sync-daemon@lvs1'],
      },
    ],
  },
  {
    faults: [
      {
        name: 'no keepalived',
        put: on('lvs2', 'systemctl stop keepalived'),
        found: ['keepalived-down@lvs2'],
        after: SOUND,
      },
    ],
  },
  {
    faults: [
      {
        name: 'answers to checks that the director drops',
        put: on('lvs1', `echo 0 > /proc/sys/net/ipv4/conf/eth0/accept_local; ${until(weight(0))}`),
        found: ['accept-local@lvs1', 'weights-zero@lvs1'],
        after: SOUND,
      },
    ],
  },
  {
    faults: [
      {
        name: 'a packet filter between the directors',
        put: on('lvs2', `iptables-legacy -I INPUT -p 112 -j DROP; ${until(holds)}`),
        found: ['vrrp-filter@lvs2', 'split-brain@lvs2'],
        after: {
          ...SOUND,
          client: `ip neigh del ${vip} dev eth0 2>/dev/null; :`,
          lvs2: `${SOUND.lvs2}; iptables-legacy -F INPUT; modprobe -r iptable_filter`,
        },
      },
    ],
  },
];
