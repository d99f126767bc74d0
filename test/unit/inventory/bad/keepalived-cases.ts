import type { BadCase } from './cases.js';

/** Two directors of the good inventory's service. */
const PAIR = { 'services.ftp.directors': ['director', 'spare'] };

const OTHER_LIST = {
  vip: '10.83.33.101',
  port: 80,
  directors: ['spare', 'director'],
  realServers: [{ host: 'rs1' }],
};

/** Checks, sorry servers, several directors. */
export const KEEPALIVED_CASES: readonly BadCase[] = [
  {
    title: 'fields of another type of check',
    put: {
      'services.ftp.check': { type: 'tcp', path: '/', helo: 'me', command: ['/bin/true'], record: 'A' },
    },
    says: `services.ftp.check.path = "/": is of checks by http and https, and this one is tcp
  → take it out, or use type http
services.ftp.check.helo = "me": is of checks by smtp, and this one is tcp
  → take it out, or use type smtp
services.ftp.check.record = "A": is of checks by dns, and this one is tcp
  → take it out, or use type dns
services.ftp.check.command = ["/bin/true"]: is of checks by misc, and this one is tcp
  → take it out, or use type misc`,
  },
  {
    title: 'unknown type of check, in a list',
    put: { 'services.ftp.check': [{ type: 'tcp' }, { type: 'htp' }] },
    says: `services.ftp.check[1].type = "htp": unknown type
  → did you mean "http"? (use one of: tcp, http, https, smtp, dns, misc)`,
  },
  {
    title: 'unfit values of checks',
    put: {
      'services.ftp.check': [
        { type: 'http', path: 'health', status: ['299-200'] },
        { type: 'dns', name: 'a b' },
        { type: 'tcp', everySeconds: 0 },
      ],
    },
    says: `services.ftp.check[0].path = "health": is not the path of a URL
  → write it as /health?full=1: begin with "/", without blanks, quotes, "#", "!", "$" and backslashes
services.ftp.check[0].status[0] = "299-200": is not a range of HTTP statuses
  → write it as "200-299", within 100 to 599
services.ftp.check[1].name = "a b": is not a name of DNS
  → write for example www.example.org, or "." for the root
services.ftp.check[2].everySeconds = 0: is out of range, 1 to 3600
  → Seconds from one check to the next, 1 to 3600. 5 by default.`,
  },
  {
    title: 'words that keepalived.conf would take for something else',
    put: {
      'services.ftp.check': [
        { type: 'http', hostName: 'www.example.org#1' },
        { type: 'smtp', helo: '!lvs1' },
        { type: 'misc', command: ['/bin/true'], user: 'nobody"' },
        { type: 'dns', name: `${'a'.repeat(60)} b` },
      ],
    },
    says: `services.ftp.check[0].hostName = "www.example.org#1": is no word that keepalived.conf gives back as it was
  → write it without blanks, quotes, braces, "#", "!", "$", "~" and backslashes, and not beginning with "-"
services.ftp.check[1].helo = "!lvs1": is no word that keepalived.conf gives back as it was
  → write it without blanks, quotes, braces, "#", "!", "$", "~" and backslashes, and not beginning with "-"
services.ftp.check[2].user = "nobody\\"": is no word that keepalived.conf gives back as it was
  → write it without blanks, quotes, braces, "#", "!", "$", "~" and backslashes, and not beginning with "-"
services.ftp.check[3].name = "${'a'.repeat(60)} b": is not a name of DNS
  → write for example www.example.org, or "." for the root`,
  },
  {
    title: 'programs that check',
    put: {
      'services.ftp.check': [
        { type: 'misc' },
        { type: 'misc', command: ['check-web', "it's", 'a$HOME'], port: 8080 },
      ],
    },
    says: `services.ftp.check[0].command: is missing
  → write the program that checks, for example ["/usr/local/sbin/check-web", "{address}", "{port}"]
services.ftp.check[1].port = 8080: is not read by a program
  → give it to \`command\` as an argument
services.ftp.check[1].command[0] = "check-web": is not an absolute path
  → write the absolute path of a program, such as /usr/local/sbin/check-web
services.ftp.check[1].command[1] = "it's": has quotes, "$", backslashes or control characters, which keepalived.conf does not give back as they were
  → put the command into a script, and write that here
services.ftp.check[1].command[2] = "a$HOME": has quotes, "$", backslashes or control characters, which keepalived.conf does not give back as they were
  → put the command into a script, and write that here`,
  },
  {
    title: 'check of every port',
    put: { 'services.ftp.port': 0, 'services.ftp.persistence': 300, 'services.ftp.check': { type: 'tcp' } },
    says: `services.ftp.check.port: is missing, and the service is every port
  → write the port that the check shall ask at`,
  },
  {
    title: 'quorum without a sorry server',
    put: { 'services.ftp.quorum': 2 },
    says: `services.ftp.quorum = 2: says when the sorry server takes over, and there is none
  → add \`sorry: { host: … }\`, or take it out`,
  },
  {
    title: 'sorry server without keepalived and without a check',
    put: { 'services.ftp.sorry': { host: 'spare' } },
    says: `services.ftp.sorry = {"host":"spare"}: needs keepalived, which runs where a service has several directors, and this one has one
  → add \`keepalived: {}\` to the inventory, or take it out
services.ftp.sorry = {"host":"spare"}: takes over when real servers fail, and nothing checks them
  → add a \`check\`, for example \`check: { type: "tcp" }\``,
  },
  {
    title: 'sorry server that is a real server, on another port; hysteresis as high as the quorum',
    put: {
      keepalived: {},
      'services.ftp.check': { type: 'tcp' },
      'services.ftp.sorry': { host: 'rs1', port: 2121 },
      'services.ftp.quorum': 2,
      'services.ftp.hysteresis': 2,
    },
    says: `services.ftp.hysteresis = 2: is not less than quorum, 2: the sorry server would never take over
  → lower it, or raise quorum
services.ftp.sorry.host = "rs1": is a real server of the service
  → name another host
services.ftp.sorry.port = 2121: differs from the service’s port 21
  → with forwarding dr packets arrive unchanged: leave the port out`,
  },
  {
    title: 'sorry server that nobody knows',
    put: { keepalived: {}, 'services.ftp.check': { type: 'tcp' }, 'services.ftp.sorry': { host: 'spar' } },
    says: `services.ftp.sorry.host = "spar": unknown host
  → did you mean "spare"?`,
  },
  {
    title: 'director of several that is a real server too',
    put: { 'services.ftp.directors': ['director', 'rs1'] },
    says: `services.ftp.realServers[0].host = "rs1": is one of several directors of this service: while another one directs, this one’s own table would send its connections on once more
  → take it out of realServers, or give the service a single director`,
  },
  {
    title: 'VIP with other directors elsewhere',
    put: {
      ...PAIR,
      'services.web': {
        vip: '10.83.33.100',
        port: 80,
        directors: ['spare', 'director'],
        realServers: [{ host: 'rs1' }],
      },
    },
    says: `services.web.directors = ["spare","director"]: differs from service ftp, which has the same VIP and the directors director, spare
  → give the services of one VIP the same directors, in the same order; or give this one a VIP of its own`,
  },
  {
    title: 'one number for two lists of directors',
    put: { ...PAIR, keepalived: { id: 255 }, 'services.web': OTHER_LIST },
    says: `keepalived.id = 255: is one number, and the services have 2 different lists of directors
  → write one for each, by a service of it: id: { ftp: 255, web: 1 }; or leave it out`,
  },
  {
    title: 'numbers of no service, of one list twice, and of two lists',
    put: {
      ...PAIR,
      keepalived: { id: { ftp: 7, mail: 7, web: 7, fpt: 9 } },
      'services.web': OTHER_LIST,
      'services.mail': { ...OTHER_LIST, vip: '10.83.33.102' },
    },
    says: `keepalived.id.mail = 7: is the number of service ftp too, which has other directors
  → give each list of directors a number of its own
keepalived.id.web = 7: is the number of service ftp too, which has other directors
  → give each list of directors a number of its own
keepalived.id.fpt = 9: is of no service
  → did you mean "ftp"?`,
  },
  {
    title: 'two numbers for one list',
    put: {
      ...PAIR,
      keepalived: { id: { ftp: 7, web: 8, mail: 9 } },
      'services.web': OTHER_LIST,
      'services.mail': { ...OTHER_LIST, vip: '10.83.33.102' },
    },
    says: `keepalived.id.mail = 9: differs from 8 of service web, which has the same directors: they have one number
  → write the one of them, or the same for both`,
  },
  {
    title: 'number of a service beyond those of VRRP',
    put: { ...PAIR, keepalived: { id: { ftp: 256 } } },
    says: `keepalived.id.ftp = 256: is out of range, 1 to 255
  → Number of VRRP, 1 to 255, of the directors of this service.`,
  },
  {
    title: 'unicast by an interface that does not have the directors’ addresses',
    put: { ...PAIR, interface: 'eth1', 'hosts.spare.interface': 'eth2', keepalived: { interface: 'eth0' } },
    says: `keepalived.interface = "eth0": is not the interface of the directors’ addresses, which they send VRRP from and to: eth1 of director and eth2 of spare
  → add \`unicast: false\`, and they speak by multicast there; or take it out, and they speak by the interface of their addresses`,
  },
  {
    title: 'signs of life out of range',
    put: { ...PAIR, keepalived: { advertSeconds: 60, id: 0 } },
    says: `keepalived.id = 0: is out of range, 1 to 255
  → Number of VRRP, 1 to 255, that no other routers on the network use. Where services have different lists of directors, one for each list, by the name of a service: \`{ web: 51, mail: 52 }\`. By default made of the first director’s address.
keepalived.advertSeconds = 60: is out of range, 0.01 to 40.95
  → Seconds between two signs of life of the director that holds the VIPs, 0.01 to 40.95. When three are missed, another takes over. 1 by default.`,
  },
  {
    title: 'sync daemons beside a tunnel of another family',
    put: {
      ...PAIR,
      ipvs: { sync: {} },
      'hosts.director.address6': 'fd00:83::83/64',
      'hosts.spare.address6': 'fd00:83::84/64',
      'hosts.six': { address: 'fd00:83::99/64' },
      'services.ftp.forwarding': 'tun',
      'services.ftp.realServers': [{ host: 'rs1' }, { host: 'six' }],
    },
    says: `ipvs.sync = {}: can’t run beside service ftp, whose VIP is IPv4 while its tunnel to six is IPv6: the kernel refuses the two together
  → take \`sync\` out, or give six an IPv4 address`,
  },
  {
    title: 'a gateway that the sorry server can’t reach',
    put: {
      ...PAIR,
      'hosts.far': { address: '10.83.34.9/24' },
      'services.ftp.check': { type: 'tcp' },
      'services.ftp.forwarding': 'nat',
      'services.ftp.gateway': '10.83.33.99',
      'services.ftp.sorry': { host: 'far' },
    },
    says: `services.ftp.gateway = "10.83.33.99": lies outside the network of far (10.83.34.0/24), which could not reach it without another gateway
  → write an address of the director in 10.83.34.0/24`,
  },
];
