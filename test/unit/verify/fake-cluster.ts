import type { Cluster, ClusterHost, Service } from '../../../src/inventory/cluster.js';
import type { Sh } from '../../../src/shell/index.js';
import type { CommandResult, Host, RunOptions } from '../../../src/ssh/host.js';
import { evidenceScript } from '../../../src/verify/evidence.js';
import { interfacesScript } from '../../../src/verify/interfaces.js';
import { service } from '../roles/cluster.js';

export const vip = '10.83.33.100';
const macs: Readonly<Record<string, string>> = {
  lvs: '02:00:0a:53:21:53',
  lvs2: '02:00:0a:53:21:54',
  rs1: '02:00:0a:53:21:4c',
  rs2: '02:00:0a:53:21:02',
  client: '02:00:0a:53:21:32',
};
const addresses: Readonly<Record<string, string>> = {
  lvs: '10.83.33.83',
  lvs2: '10.83.33.84',
  rs1: '10.83.33.76',
  rs2: '10.83.33.2',
  client: '10.83.33.50',
};

export const ftpService: Service = service({ directors: ['lvs'] });

export function clusterOf(change: Partial<Service> = {}, probes: readonly string[] = ['client']): Cluster {
  const hosts = Object.entries(addresses).map(
    ([name, address]) =>
      ({ name, address, prefix: 24, interface: 'eth0', groups: [], vars: {} }) as unknown as ClusterHost,
  );
  return {
    name: 'tutorial',
    file: '/tmp/inventory.ts',
    hosts: new Map(hosts.map((host) => [host.name, host])),
    services: [{ ...ftpService, ...change }],
    probes,
    roles: {},
  };
}

/**
 * The tutorial's cluster as a model: a wrr table with its counters, real servers with banners, and a network where each
 * answers ARP that is told to. It answers our scripts, recognised by their text, and refuses any other.
 */
export class FakeCluster {
  /** Real server that each turn of the scheduler goes to. */
  cycle = ['rs1', 'rs1', 'rs2', 'rs1'];
  banners: Readonly<Record<string, string>> = {
    rs1: '220 Welcome to FTP1 server',
    rs2: '220 Welcome to FTP2 server',
  };
  answersArp = ['lvs'];
  arpIgnore: Readonly<Record<string, number>> = { rs1: 1, rs2: 1 };
  holdsVip = new Set(['lvs', 'rs1', 'rs2']);
  unreachable = new Set<string>();
  client = 'bash';
  /** Real servers that hold the VIP and answer no ping there. */
  deaf = new Set<string>();
  /** Real servers that answer the director nothing. */
  shy = new Set<string>();
  /** Why the director can't ask the real servers at the VIP. */
  cannotAsk: string | undefined;
  /** Connections of the VIP that end at this host, past the director: whoever answers ARP first. */
  stealer: string | undefined;
  /** Connections of others to the same service, counted while ours run. */
  foreign = 0;
  /** Of the service in the table. */
  protocol: 'tcp' | 'udp' = 'tcp';
  /** Connections of ours that the counters miss: they go to rs1, without a turn of the scheduler. */
  uncounted = 0;
  inTable = true;
  /** What the director prints of recorded weights. */
  record = '';
  /** The service is in the table by this mark, its real servers without ports. */
  mark: number | undefined;
  /** Real servers that a check took out. */
  failed = new Set<string>();
  /** Real servers on which nothing listens. */
  silent = new Set<string>();
  /** Hosts whose MAC address is not in the client's ARP table, as behind a router. */
  farAway = new Set<string>();
  readonly scripts: { host: string; kind: string }[] = [];
  #turn = 0;
  #counts: Record<string, number> = { rs1: 100, rs2: 7 };

  readonly open = async (host: ClusterHost): Promise<Host> => {
    if (this.unreachable.has(host.name)) throw new Error(`${host.name}: connect ECONNREFUSED`);
    return {
      name: host.name,
      run: async (script: Sh, options?: RunOptions) => this.#run(host.name, script.text, options),
      upload: () => Promise.reject(new Error('the check uploads nothing')),
      download: () => Promise.reject(new Error('the check fetches nothing')),
      trips: 0,
      connections: 1,
      closed: new Promise(() => {}),
      close: () => Promise.reject(new Error('the check must leave connections open')),
    };
  };

  #run(host: string, script: string, options?: RunOptions): CommandResult {
    const answer = (kind: string, text: string, status = 0): CommandResult => {
      this.scripts.push({ host, kind });
      options?.onStdout?.(Buffer.from(text));
      return { stdout: Buffer.from(text), stderr: Buffer.alloc(0), status, truncated: false };
    };
    if (script === interfacesScript.text) return answer('interfaces', this.#interfaces(host));
    if (script === evidenceScript.text) return answer('evidence', this.#evidence(host));
    if (script === 'cat /proc/net/ip_vs') return answer('table', this.#table());
    if (/^cat \/proc\/net\/arp$/m.test(script)) return answer('neighbours', this.#neighbours(script));
    if (script.includes('ipvsadm -Ln --stats')) return answer('counters', this.#stats() + this.record);
    if (script.includes('asked all')) return answer('vips', this.#vips(script));
    const lanes = [...script.matchAll(/^lane (\w+) \d+ (\S+) (\d+) (.+) &$/gm)];
    if (lanes.length === 0) throw new Error(`${host} does not know this script:\n${script}`);
    const lines = [`client ${this.client}`];
    if (this.client !== 'none')
      for (const [, , address = '', , labels = ''] of lanes)
        for (const label of labels.split(' ')) lines.push(`= ${label} ${this.#connect(address)}`);
    if (script.includes('ask_arp'))
      for (const name of this.answersArp)
        lines.push(`arp: Unicast reply from ${vip} [${(macs[name] ?? name).toUpperCase()}]  0.7ms`);
    return answer('traffic', `${lines.join('\n')}\n`);
  }

  /** What a director hears that asks the real servers at the VIP. */
  #vips(script: string): string {
    if (this.cannotAsk !== undefined) return `cannot ${this.cannotAsk}\n`;
    const asked = [
      ...script.matchAll(/ (s\d+),dr,(tcp|ping),[0-9a-f]+,[0-9a-f]+,\d+,0,([0-9.]+),[0-9a-f]*/g),
    ];
    const lines = asked.map(([, label, proto, address]) => {
      const name = Object.keys(addresses).find((key) => addresses[key] === address) ?? '';
      const said = proto === 'ping' ? '-' : this.silent.has(name) ? 'refused' : 'accepted';
      const atVip = this.holdsVip.has(name) && !this.deaf.has(name) ? `${said} ${said} echo` : `- ${said} -`;
      if (this.shy.has(name)) return `asked ${label} - - - - ${macs[name]} -`;
      return `asked ${label} ${atVip} echo ${macs[name]} -`;
    });
    return `${lines.join('\n')}\nasked all\n`;
  }

  #connect(address: string): string {
    if (address !== vip) {
      const name = Object.keys(addresses).find((key) => addresses[key] === address) ?? '';
      if (this.silent.has(name)) return 'fail Connection refused';
      return `login ${this.banners[name]}`;
    }
    if (this.stealer !== undefined) return `login ${this.banners[this.stealer]}`;
    if (!this.inTable) return 'fail Connection refused';
    if (this.foreign > 0) {
      this.foreign--;
      this.#schedule();
    }
    const server = this.#schedule();
    if (this.silent.has(server)) return 'fail Connection refused';
    return this.holdsVip.has(server) ? `login ${this.banners[server]}` : 'fail no answer within 4 s';
  }

  #schedule(): string {
    if (this.uncounted > 0) {
      this.uncounted--;
      return 'rs1';
    }
    const server = this.cycle[this.#turn++ % this.cycle.length] ?? '';
    this.#counts[server] = (this.#counts[server] ?? 0) + 1;
    return server;
  }

  #stats(): string {
    const port = this.mark === undefined ? 21 : 0;
    const service =
      this.mark === undefined ? `${this.protocol.toUpperCase()}  ${vip}:21` : `FWM  ${this.mark}`;
    const row = (name: string): string =>
      `  -> ${addresses[name]}:${port}   ${this.#counts[name]}  9 0 360 0\n`;
    const head = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port\n`;
    return this.inTable ? `${head}${service}   1 2 0 3 0\n${row('rs1')}${row('rs2')}` : head;
  }

  #neighbours(script: string): string {
    const asked = Object.keys(addresses).filter((name) => script.includes(addresses[name] ?? name));
    const rows = asked.map((name) => {
      const [flags, mac] = this.farAway.has(name) ? ['0x0', '00:00:00:00:00:00'] : ['0x2', macs[name]];
      return `${addresses[name]?.padEnd(16)} 0x1         ${flags}         ${mac}     *        eth0\n`;
    });
    return `IP address       HW type     Flags       HW address            Mask     Device\n${rows.join('')}`;
  }

  #interfaces(host: string): string {
    const device = host.startsWith('lvs') ? 'eth0' : 'lo';
    const held = this.holdsVip.has(host) ? `    inet ${vip}/32 scope global ${device}:100\n` : '';
    return `1: lo: <LOOPBACK> mtu 65536\n${device === 'lo' ? held : ''}2: eth0: <UP> mtu 1500
    link/ether ${macs[host]} brd ff:ff:ff:ff:ff:ff
    inet ${addresses[host]}/24 scope global eth0\n${device === 'eth0' ? held : ''}`;
  }

  #table(): string {
    const weight = (name: string, weight: number) => (this.failed.has(name) ? 0 : weight);
    return `IP Virtual Server version 1.2.1 (size=4096)\n${
      this.inTable
        ? `TCP  0A532164:0015 wrr\n  -> 0A53214C:0015      Route   ${weight('rs1', 3)}      1          0\n  -> 0A532102:0015      Route   ${weight('rs2', 1)}      0          4\n`
        : ''
    }`;
  }

  #evidence(host: string): string {
    const table = this.#table();
    return `== interfaces\n${this.#interfaces(host)}== conf\nall/arp_ignore:${this.arpIgnore[host] ?? 0}\neth0/arp_ignore:0
== listeners\nfamily tcp\n   0: 00000000:0015 00000000:0000 0A 0\n== table\n${host === 'lvs' ? table : ''}== end\n`;
  }
}
