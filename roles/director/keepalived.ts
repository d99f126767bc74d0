import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import type { RoleInput } from '../../src/engine/role.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { keepalivedRuns, vrrpOf } from '../../src/inventory/keepalived.js';
import {
  type Checked,
  destinationKey,
  type Owned,
  serviceIdentity,
  serviceKey,
  stayingServices,
  type VirtualService,
  wantedTable,
} from '../../src/ipvs/index.js';
import {
  checkServices,
  keepalivedConf as confText,
  movesTogether,
  vipChecks,
} from '../../src/keepalived/index.js';
import {
  file,
  interfaceKey,
  ipvsTable,
  keepalivedConf,
  keepalivedDropIn,
  keepalivedSync,
  packages,
  type SysctlSetting,
  service,
  steadyKeepalived,
  stopSyncDaemons,
} from '../../src/resources/index.js';
import { sh, shLines } from '../../src/shell/index.js';

type Input = Pick<RoleInput<unknown>, 'cluster' | 'host' | 'facts' | 'unready'>;

/** What checks do to the services of a director, by the service's key. */
export function checkedServices(cluster: Cluster, host: ClusterHost): ReadonlyMap<string, Checked> {
  return new Map(
    cluster.services
      .filter(({ directors }) => directors.includes(host.name))
      .map((one) => [
        serviceKey(serviceIdentity(one)),
        {
          servers: (one.checks ?? []).length > 0,
          sorry: one.sorry && {
            address: one.sorry.address,
            port: one.fwmark === undefined ? one.sorry.port : 0,
          },
        },
      ]),
  );
}

/** The ways of checks are services too, by marks that are lvsctl's. */
function withWays(
  table: readonly VirtualService[],
  owned: Owned,
  cluster: Cluster,
  host: ClusterHost,
): { readonly services: readonly VirtualService[]; readonly owned: Owned } {
  const ways = checkServices(vipChecks(cluster, host));
  return {
    services: [...table, ...ways],
    owned: { ...owned, marks: new Set([...owned.marks, ...ways.map(({ id }) => serviceKey(id))]) },
  };
}

/**
 * Answers to checks of the VIP on a real server come from the VIP, which this director may hold: without it they are dropped, and all
 * real servers taken out. IPv6 needs nothing.
 */
export function checkSettings(cluster: Cluster, host: ClusterHost): SysctlSetting[] {
  const four = [...vipChecks(cluster, host).values()].some(({ family }) => family === 4);
  return four ? [{ key: interfaceKey('ipv4', host.interface, 'accept_local'), value: 1 }] : [];
}

/**
 * The director's table: what checks did to it is as it should be, of the keepalived that the inventory wants, and of one that lvsctl gave
 * it before and that still runs: its checks would not take a dead server out once more that got its weight back.
 */
export function tableOf(
  cluster: Cluster,
  host: ClusterHost,
  unready: ReadonlyMap<string, string>,
  { keepalived }: Pick<Facts, 'keepalived'>,
): Resource {
  const wanted = wantedTable(cluster, host.name, unready);
  const checked = checkedServices(cluster, host);
  if (!keepalivedRuns(cluster, host))
    return ipvsTable({ ...wanted, ...(keepalived?.running && keepalived.ours && { checked }) });
  const { services, owned } = withWays(wanted.services, wanted.owned, cluster, host);
  return ipvsTable({ services, held: wanted.held, owned, checked });
}

/**
 * Comes behind the table, which keepalived takes as it finds it when it starts, and does not mend at a reload where somebody else
 * changed it: so the file's reload finds nothing left to do in it.
 */
export function keepalivedResources({ cluster, host, facts, unready }: Input): Resource[] {
  const wanted = wantedTable(cluster, host.name, unready);
  const whole = wantedTable(cluster, host.name, new Map()).services;
  const { owned } = withWays(wanted.services, wanted.owned, cluster, host);
  const sorry = new Map(
    [...checkedServices(cluster, host)].flatMap(([key, one]) =>
      one.sorry ? [[key, destinationKey(one.sorry)] as const] : [],
    ),
  );
  return [
    packages({ name: 'keepalived', packages: [{ default: 'keepalived' }], commands: ['keepalived'], facts }),
    keepalivedConf({
      takeOver: cluster.keepalived?.takeOver ?? false,
      owned,
      content: (live) =>
        confText({
          cluster,
          host,
          services: stayingServices(live, wanted, whole, wanted.owned, sorry),
        }),
    }),
    ...orderlyStop(facts),
    runningKeepalived({ cluster, facts }),
    ...keptSync({ cluster, host, facts }),
  ];
}

/** Only of a keepalived that has run before: one that starts now starts them itself. */
function keptSync({ cluster, host, facts }: Pick<Input, 'cluster' | 'host' | 'facts'>): Resource[] {
  const sync = cluster.ipvs?.sync;
  if (sync === undefined || !facts.keepalived?.running) return [];
  const wanted = { interface: host.interface, ...sync };
  if (!movesTogether(cluster, host)) return [keepalivedSync({ wanted, facts })];
  const own = cluster.services.filter(({ directors }) => directors.includes(host.name));
  return [keepalivedSync({ wanted, vips: [...new Set(own.map(({ vip }) => vip))], facts })];
}

/**
 * keepalived's children stop beside each other: that of the checks empties the table while that of VRRP still has the VIPs, and what then
 * arrives for them is refused (measured: 50 of 50 open connections lost, though the next director knew them). Held until the VIPs are gone.
 */
function orderlyStop(facts: RoleInput<unknown>['facts']): Resource[] {
  if (facts.init !== 'systemd') return [];
  const held =
    'for f in /run/keepalived/checkers.pid /run/checkers.pid; do [ -r $$f ] && kill -STOP `cat $$f`; done';
  const gone =
    'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; for f in /run/keepalived/vrrp.pid /run/vrrp.pid; do [ -r $$f ] && kill -0 `cat $$f` 2>/dev/null && continue 2; done; exit 0; done; :';
  return [
    file({
      path: keepalivedDropIn,
      content: `# Written by lvsctl. The VIPs leave before the table does.\n[Service]\nExecStop=/bin/sh -c '${held}; kill -TERM $MAINPID; ${gone}'\n`,
      mode: '0644',
      after: sh`systemctl daemon-reload`,
    }),
  ];
}

/** Starts it, sees that its children live on, and waits until the VIPs have found their director. */
function runningKeepalived({ cluster, facts }: Pick<Input, 'cluster' | 'facts'>): Resource {
  const started = service({ name: 'keepalived', facts });
  const elected = Math.ceil(4 * vrrpOf(cluster).advertSeconds);
  return {
    ...started,
    plan(observed, context) {
      const change = started.plan(observed, context);
      return (
        change && {
          ...change,
          apply: shLines(
            // Sync daemons that lvsctl started are in the way of keepalived's own.
            cluster.ipvs?.sync !== undefined && stopSyncDaemons,
            change.apply,
            steadyKeepalived,
            sh`pid=\`parent\` || complain 'keepalived has no process'`,
            sh`steady "$pid" || complain 'keepalived does not live on'`,
            sh`sleep ${elected}`,
          ),
        }
      );
    },
  };
}

/** How to have real servers checked where nothing checks them. */
export function checkRemarks(cluster: Cluster, host: ClusterHost): string[] {
  const names = cluster.services
    .filter(({ directors, checks = [] }) => directors.includes(host.name) && checks.length > 0)
    .map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    `nothing runs the checks of ${names.join(', ')}: on a single director keepalived does where the inventory has \`keepalived: {}\``,
  ];
}
