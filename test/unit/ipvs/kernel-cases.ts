/** One ipvsadm command and the answer of ipvsadm 1.31 on Linux 6.1 (measured). A status of 0 comes with no output. */
export interface KernelCase {
  readonly args: string;
  readonly status: 0 | 2 | 255;
  readonly output?: string;
}

const ok = (args: string): KernelCase => ({ args, status: 0 });
const kernel = (args: string, output: string): KernelCase => ({ args, status: 255, output });
const usage = (args: string, output: string): KernelCase => ({ args, status: 2, output });

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
  usage(
    '-a -t [fd00:7::110]:443 -r 192.168.7.10:443 -g',
    'Different address family is allowed only for tunneling servers',
  ),
  ok('-A -f 256 -6 -s wlc -p 360'),
  ok('-a -f 256 -6 -r [fd00:7::9]:0 -g -w 2'),
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
  kernel(
    '-a -t 192.168.7.110:81 -r 0.0.0.0:81 -w 1',
    'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  ),
  kernel(
    '-a -t 192.168.7.110:81 -r 255.255.255.255:81 -w 1',
    'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  ),
  ok('-A -t 192.168.7.110:89 -s sh -b sh-port -p 300 -M 255.255.0.0'),
  ok('-E -t 192.168.7.110:89 -s rr -p 50'),
  ok('-A -u 192.168.7.110:5061 -s rr -p 60 --pe sip'),
  ok('-E -u 192.168.7.110:5061 -s rr -p 60'),
  ok('-A -t 192.168.7.110:90 -s rr'),
  ok('-a -t 192.168.7.110:90 -r 192.168.7.2:90 -g'),
  ok('-D -t 192.168.7.110:90'),
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
-a -f 256 -6 -r [fd00:7::9]:0 -g -w 2
-a -f 256 -r 192.168.7.9:0 -g -w 2
-a -f 256 -r 192.168.7.9:80 -g -w 2
-a -t 192.168.7.110:443 -r 192.168.7.2:8443 -m -w 0
-a -t 192.168.7.110:443 -r 192.168.7.3:443 -g -w 1
-a -t 192.168.7.110:443 -r 192.168.7.4:443 -g -w 7
-a -t 192.168.7.110:443 -r 192.168.7.6:443 -m -w 1
-a -t [fd00:7::110]:443 -r 192.168.7.9:443 -i -w 1 --tun-type ipip
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
