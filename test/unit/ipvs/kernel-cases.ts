/** One ipvsadm command and the answer of ipvsadm 1.31 on Linux 6.1 (measured). A status of 0 comes with no output. */
export interface KernelCase {
  readonly args: string;
  readonly status: 0 | 1 | 2 | 255;
  readonly output?: string;
}

const ok = (args: string): KernelCase => ({ args, status: 0 });
const kernel = (args: string, output: string): KernelCase => ({ args, status: 255, output });
const usage = (args: string, output: string): KernelCase => ({ args, status: 2, output });
const absent = (args: string): KernelCase => ({ args, status: 1, output: 'No such service' });
const invalid = 'Invalid operation.  Possibly wrong module version, address not unicast, ...';

const tryHelp = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.";

/** In order: later cases stand on earlier ones. */
export const kernelCases: readonly KernelCase[] = [
  ok('-A -t 192.168.7.110:443 -s wlc -p 600 -M 255.255.255.0'),
  kernel('-A -t 192.168.7.110:443 -s wlc', 'Service already exists'),
  ok('-a -t 192.168.7.110:443 -r 192.168.7.2:8443 -m -w 1'),
  kernel('-a -t 192.168.7.110:443 -r 192.168.7.2:8443 -m -w 1', 'Destination already exists'),
  // Direct routing: the port becomes the service's, without a word.
  ok('-a -t 192.168.7.110:443 -r 192.168.7.3:8443 -g -w 1 -x 100 -y 50'),
  kernel('-a -t 192.168.7.110:443 -r 192.168.7.3:443 -i', 'Destination already exists'),
  // An edit resets what it does not repeat: thresholds, weight, method.
  ok('-a -t 192.168.7.110:443 -r 192.168.7.4:443 -g -w 5 -x 100 -y 50'),
  ok('-e -t 192.168.7.110:443 -r 192.168.7.4:443 -w 7'),
  kernel('-e -t 192.168.7.110:443 -r 192.168.7.2:8443 -w 0', 'No such destination'),
  ok('-e -t 192.168.7.110:443 -r 192.168.7.2:8443 -w 0 -m -x 70000 -y 3'),
  kernel('-e -t 192.168.7.110:443 -r 192.168.7.2:8443 -w 0 -m -y 3', 'Numerical result out of range'),
  kernel('-a -t 192.168.7.110:443 -r 192.168.7.5:443 -m -x 3 -y 5', 'Numerical result out of range'),
  ok('-a -t 192.168.7.110:443 -r 192.168.7.6:443 -i -w 9'),
  ok('-e -t 192.168.7.110:443 -r 192.168.7.6:443 -m'),
  ok('-A -u 192.168.7.110:53 -s rr -o'),
  ok('-a -u 192.168.7.110:53 -r 192.168.7.3:53 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum'),
  ok('-a -u 192.168.7.110:53 -r 192.168.7.5:53 -i -w 1 --tun-type gue --tun-port 6080'),
  ok('-a -u 192.168.7.110:53 -r 192.168.7.6:53 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum'),
  ok('-a -u 192.168.7.110:53 -r 192.168.7.4:53 -i -w 1 --tun-type gre --tun-nocsum'),
  usage(
    '-a -u 192.168.7.110:53 -r 192.168.7.8:53 -g -w 1 --tun-type gre',
    'Tunnel options conflict with forward method',
  ),
  ok('-A --sctp-service 192.168.7.110:2905 -s wrr'),
  ok('-A -t [fd00:7::110]:443 -s wlc -p 120 -M 64'),
  ok('-a -t [fd00:7::110]:443 -r 192.168.7.9:443 -i -w 1'),
  ok('-a -t [fd00:7::110]:443 -r [fd00:7::9]:443 -g -w 3'),
  // An IPv6 address needs its port, or no brackets.
  usage('-a -t [fd00:7::110]:443 -r [fd00:7::8] -g', 'illegal real server address[:port] specified'),
  usage('-A -t [fd00:7::111] -s wlc', 'illegal virtual server address[:port] specified'),
  ok('-a -t [fd00:7::110]:443 -r fd00:7::8 -g -w 4'),
  ok('-a -t [fd00:7::110]:443 -r [fd00:7::7]:0 -g -w 5'),
  usage(
    '-a -t [fd00:7::110]:443 -r 192.168.7.10:443 -g',
    'Different address family is allowed only for tunneling servers',
  ),
  ok('-A -f 256 -6 -s wlc -p 360'),
  ok('-a -f 256 -6 -r [fd00:7::9]:0 -g -w 2'),
  ok('-a -f 256 -6 -r fd00:7::8 -g -w 3'),
  usage('-a -f 256 -6 -r [fd00:7::7] -g', 'illegal real server address[:port] specified'),
  usage('-A -6 -f 257 -s rr', '-6 used before -f'),
  ok('-A -f 256 -s wlc -p'),
  ok('-a -f 256 -r 192.168.7.9 -g -w 2'),
  ok('-a -f 256 -r 192.168.7.9:80 -g -w 2'),
  kernel('-e -f 256 -r 192.168.7.9:81 -g -w 2', 'No such destination'),
  ok('-A -f 4294967295 -s rr'),
  ok('-a -f 4294967295 -r 10.0.0.1:0 -m -w 65536'),
  ok('-A -u 192.168.7.110:5060 -s rr -p 60 --pe sip'),
  ok('-A -t 192.168.7.110:81 -s mh -b mh-fallback,mh-port -p 50'),
  ok('-A -t 192.168.7.110:82 -s sh -b sh-port'),
  ok('-A -t 192.168.7.110:83 -s sh -b flag-3'),
  ok('-A -t 192.168.7.110:84 -s rr -b flag-1,flag-2'),
  usage('-A -t 192.168.7.110:0 -s rr', 'Zero port specified for non-persistent service'),
  ok('-A -t 192.168.7.110:0 -s rr -p 300'),
  usage('-A -t 192.168.7.110:85 -s rr -o', 'One-Packet Scheduling is only for UDP virtual services'),
  kernel('-A -t 192.168.7.110:86 -s twos', 'Scheduler or persistence engine not found'),
  ok('-A -t 192.168.7.110:87 -s rr -M 255.255.255.0'),
  // The director itself, which Linux 2.4 shows as `Local`.
  ok('-a -t 192.168.7.110:87 -r 10.83.33.83:87 -g -w 1'),
  ok('-a -t 192.168.7.110:87 -r 127.0.0.1:8087 -m -w 1'),
  kernel('-E -t 192.168.7.110:88 -s rr', 'No such service'),
  kernel('-D -t 192.168.7.110:88', 'No such service'),
  kernel('-d -t 192.168.7.110:443 -r 192.168.7.77:443', 'No such destination'),
  kernel('-e -t 192.168.7.110:443 -r 192.168.7.77:443 -w 3', 'No such destination'),
  kernel('-a -t 192.168.7.110:99 -r 192.168.7.77:99 -w 3', 'Service not defined'),
  kernel('-d -t 192.168.7.110:99 -r 192.168.7.77:99', 'Service not defined'),
  kernel('-d -t 192.168.7.110:443 -r 192.168.7.3:999', 'No such destination'),
  usage(
    '-d -t 192.168.7.110:443 -r 192.168.7.3:443 -w 2',
    "Illegal 'weight' option with the 'delete-server' command",
  ),
  kernel('-a -t 192.168.7.110:81 -r 0.0.0.0:81 -w 1', invalid),
  kernel('-a -t 192.168.7.110:81 -r 255.255.255.255:81 -w 1', invalid),
  ok('-A -t 192.168.7.110:89 -s sh -b sh-port -p 300 -M 255.255.0.0'),
  ok('-E -t 192.168.7.110:89 -s rr -p 50'),
  ok('-A -u 192.168.7.110:5061 -s rr -p 60 --pe sip'),
  ok('-E -u 192.168.7.110:5061 -s rr -p 60'),
  ok('-A -t 192.168.7.110:90 -s rr'),
  ok('-a -t 192.168.7.110:90 -r 192.168.7.2:90 -g'),
  ok('-D -t 192.168.7.110:90'),
  absent('-Ln -t 192.168.7.110:90'),
  absent('-Ln -f 9'),
  kernel('-A -t 192.168.7.110:90 -s rr --option', '--option: unknown option'),
  kernel('-A -t 192.168.7.110:90 -s', '-s: missing argument'),
  kernel('service', tryHelp),
  // Sync daemons carry no connection whose server is of another family than its VIP.
  kernel('--start-daemon master --mcast-interface eth0 --syncid 7', invalid),
  ok('-d -t [fd00:7::110]:443 -r 192.168.7.9:443'),
  ok('--start-daemon master --mcast-interface eth0 --syncid 7'),
  kernel('--start-daemon master --mcast-interface eth0 --syncid 8', 'Daemon has already run'),
  ok('--start-daemon backup --mcast-interface eth0 --syncid 7'),
  kernel('--start-daemon backup --mcast-interface eth0 --syncid 7', 'Daemon has already run'),
  kernel('-a -t [fd00:7::110]:443 -r 192.168.7.9:443 -i -w 1', invalid),
  ok('--stop-daemon master'),
  kernel('--stop-daemon master', 'No daemon is running'),
  kernel('--start-daemon master --mcast-interface eth9', 'No such device'),
  ok('--stop-daemon backup'),
  ok('-a -t [fd00:7::110]:443 -r 192.168.7.9:443 -i -w 1'),
];

/** `ipvsadm -Sn` after the cases, sorted. */
export const tableAfterCases = `\
-A --sctp-service 192.168.7.110:2905 -s wrr
-A -f -1 -s rr
-A -f 256 -6 -s wlc -p 360
-A -f 256 -s wlc -p 360
-A -t 192.168.7.110:0 -s rr -p 300
-A -t 192.168.7.110:443 -s wlc -p 600 -M 255.255.255.0
-A -t 192.168.7.110:81 -s mh -p 50 -b mh-fallback,mh-port
-A -t 192.168.7.110:82 -s sh -b sh-port
-A -t 192.168.7.110:83 -s sh -b 
-A -t 192.168.7.110:84 -s rr -b flag-1,flag-2
-A -t 192.168.7.110:87 -s rr
-A -t 192.168.7.110:89 -s rr -p 50
-A -t [fd00:7::110]:443 -s wlc -p 120 -M 64
-A -u 192.168.7.110:5060 -s rr -p 60 --pe sip
-A -u 192.168.7.110:5061 -s rr -p 60
-A -u 192.168.7.110:53 -s rr -o
-a -f -1 -r 10.0.0.1:0 -m -w 65536
-a -f 256 -6 -r [fd00:7::8]:0 -g -w 3
-a -f 256 -6 -r [fd00:7::9]:0 -g -w 2
-a -f 256 -r 192.168.7.9:0 -g -w 2
-a -f 256 -r 192.168.7.9:80 -g -w 2
-a -t 192.168.7.110:443 -r 192.168.7.2:8443 -m -w 0
-a -t 192.168.7.110:443 -r 192.168.7.3:443 -g -w 1
-a -t 192.168.7.110:443 -r 192.168.7.4:443 -g -w 7
-a -t 192.168.7.110:443 -r 192.168.7.6:443 -m -w 1
-a -t 192.168.7.110:87 -r 10.83.33.83:87 -g -w 1
-a -t 192.168.7.110:87 -r 127.0.0.1:8087 -m -w 1
-a -t [fd00:7::110]:443 -r 192.168.7.9:443 -i -w 1 --tun-type ipip
-a -t [fd00:7::110]:443 -r [fd00:7::7]:443 -g -w 5
-a -t [fd00:7::110]:443 -r [fd00:7::8]:443 -g -w 4
-a -t [fd00:7::110]:443 -r [fd00:7::9]:443 -g -w 3
-a -u 192.168.7.110:53 -r 192.168.7.3:53 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum
-a -u 192.168.7.110:53 -r 192.168.7.4:53 -i -w 1 --tun-type gre --tun-nocsum
-a -u 192.168.7.110:53 -r 192.168.7.5:53 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum
-a -u 192.168.7.110:53 -r 192.168.7.6:53 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum
`;

/** Thresholds after the cases, of the servers of 192.168.7.110:443: an edit that doesn't repeat them takes them away. */
export const thresholdsAfterCases: Readonly<Record<string, readonly [upper: number, lower: number]>> = {
  '192.168.7.2:8443': [70000, 3],
  '192.168.7.3:443': [100, 50],
  '192.168.7.4:443': [0, 0],
  '192.168.7.6:443': [0, 0],
};

/** Every command where ip_vs is not in the kernel and can't be loaded. */
export const casesWithoutIpvs: readonly KernelCase[] = [
  '-Ln',
  '-Sn',
  '-C',
  '-A -t 192.168.7.110:80 -s rr',
  '--start-daemon master --mcast-interface eth0',
  // What it would refuse otherwise.
  '-A -t 192.168.7.110:0 -s rr',
].map((args) =>
  usage(
    args,
    "Can't initialize ipvs: Protocol not available\nAre you sure that IP Virtual Server is built in the kernel or as module?",
  ),
);

/** What `ipvsadm -R` makes of lines on an empty table. */
export interface RestoreCase {
  readonly title: string;
  readonly lines: readonly string[];
  readonly status: 0 | 2 | 255;
  readonly output: string;
  /** Ports of the services that are there afterwards. */
  readonly ports: readonly number[];
}

const add = (port: number) => `-A -t 192.168.7.110:${port} -s rr`;

/** A status of 0 says no more than that the last line was carried out. */
export const restoreCases: readonly RestoreCase[] = [
  {
    title: 'the kernel refuses one that is not the last: it goes on, and hides it',
    lines: [add(91), add(91), '-E -t 192.168.7.110:99 -s rr', add(92)],
    status: 0,
    output: 'Service already exists\nNo such service',
    ports: [91, 92],
  },
  {
    title: 'the kernel refuses the last',
    lines: [add(91), add(91)],
    status: 255,
    output: 'Service already exists',
    ports: [91],
  },
  {
    title: 'an option that it does not know: it goes on, and hides it',
    lines: [`${add(91)} --option`, '-A -t 192.168.7.110:93 -s', add(92)],
    status: 0,
    output: '--option: unknown option\n-s: missing argument',
    ports: [92],
  },
  {
    title: 'an option that it does not know, at the end',
    lines: [add(91), `${add(92)} --option`],
    status: 255,
    output: '--option: unknown option',
    ports: [91],
  },
  {
    title: 'a comment ends it',
    lines: [add(91), '# web', add(92)],
    status: 255,
    output: tryHelp,
    ports: [91],
  },
  {
    title: 'a stray word ends it',
    lines: [add(91), 'web', add(92)],
    status: 255,
    output: tryHelp,
    ports: [91],
  },
  {
    title: 'what 1.26 has saved ends it',
    lines: [add(91), '-A -u 192.168.7.110:5060 -s rr -p 60 pe sip', add(92)],
    status: 2,
    output: 'unexpected argument pe',
    ports: [91],
  },
  {
    title: 'what 1.26 has saved of one-packet ends it',
    lines: [add(91), '-A -u 192.168.7.110:5060 -s rr ops', add(92)],
    status: 2,
    output: 'unexpected argument ops',
    ports: [91],
  },
  {
    title: 'a value that can not be ends it',
    lines: [add(91), '-a -t 192.168.7.110:91 -r 192.168.7.3:91 -g -w -1', add(92)],
    status: 2,
    output: 'illegal weight specified',
    ports: [91],
  },
  {
    title: 'lines without a word are none',
    lines: [add(91), '', '  ', add(92)],
    status: 0,
    output: '',
    ports: [91, 92],
  },
];

/** A listing as its services, each with its servers: every kind has an order of its own. */
export function listedServices(listing: string): string[] {
  const services: string[][] = [];
  for (const line of listing.split('\n').filter((one) => one !== '')) {
    if (!line.startsWith('  -> ') || line.startsWith('  -> RemoteAddress')) services.push([line]);
    else services.at(-1)?.push(line);
  }
  return services.map(([service = '', ...servers]) => [service, ...servers.sort()].join('\n')).sort();
}
