import { serviceKeyPath } from '../../verify/reason.js';
import { endpointName } from '../../verify/reasons-director.js';
import { nameOf } from '../../verify/share.js';
import type { Check, Told } from '../check.js';
import { evidence } from '../probes.js';
import { isParty, traffic } from '../traffic.js';
import { serversOf } from './parties.js';
import { listenersShown } from './shown.js';

export const probeIsParty: Check = {
  id: 'probe-is-party',
  symptom: 'a test from the director or a real server never works: it talks to itself',
  where: 'probe',
  severity: 'later',
  probes: [],
  rule: ({ service, cluster }) =>
    cluster.probes
      .filter((name) => isParty(service, name))
      .map((name) => ({
        host: name,
        cause: `probe host ${name} holds the VIP itself, so nothing can be tested from there`,
        evidence: `directors ${service.directors.join(', ')}; real servers ${service.realServers.map(({ host }) => host).join(', ')}`,
        fix: { key: 'probes', value: 'a host that is neither director nor real server of the service' },
      })),
};

/** A service of port 21 alone carries logins: a passive data connection goes to another port, of which the table knows nothing. */
export const passiveFtp: Check = {
  id: 'ftp-passive',
  symptom: 'FTP logins work, passive data connections are refused or reach the wrong real server',
  where: 'director',
  severity: 'advice',
  concerns: ({ port, protocol, fwmark, forwarding }) =>
    protocol === 'tcp' && port === 21 && fwmark === undefined && forwarding !== 'nat',
  probes: [],
  rule: ({ service }) => [
    {
      cause: `${endpointName(service)} has no passive data connections: their ports are in no service`,
      evidence: `port ${service.port} is all that the inventory gives it`,
      fix: {
        key: serviceKeyPath(service, 'fwmark'),
        value: `a number, with \`ports: ['21', 'LOW-HIGH']\` and \`persistence\` instead of \`port\``,
      },
    },
  ],
};

/** The kernel answers a datagram from the address that it finds best, unless the program says which one was called. */
export const udpSource: Check = {
  id: 'udp-source',
  symptom: 'clients get no answer, or one from an address that they never called',
  where: 'realServer',
  severity: 'advice',
  concerns: ({ protocol, forwarding }) => protocol === 'udp' && forwarding !== 'nat',
  probes: [evidence],
  rule: (scene) =>
    serversOf(scene).flatMap(({ host, server, evidence: told }): Told[] => {
      const { vip } = scene.service;
      const bound = told.listeners.filter(({ protocol, port }) => protocol === 'udp' && port === server.port);
      if (bound.length === 0 || bound.some(({ address }) => address === vip)) return [];
      return [
        {
          host,
          cause: `the program of port ${server.port}/udp of ${nameOf(server)} listens on every address: unless it takes care (IP_PKTINFO), it answers from ${server.address}`,
          evidence: listenersShown(scene, host),
          fix: { advice: `let it listen on ${vip} on ${host}` },
        },
      ];
    }),
};

/** That something is wrong all the same. */
export const unexplained: Check = {
  id: 'unexplained',
  symptom: 'connections to the VIP fail',
  where: 'probe',
  severity: 'some',
  probes: [traffic],
  lastResort: true,
  rule: (scene) =>
    [...scene.connected].flatMap(([from, { answered, text }]): Told[] =>
      answered
        ? []
        : [
            {
              host: from,
              cause: `a connection from ${from} to ${endpointName(scene.service)} failed, and no check says why: is a host overloaded, or a packet filter on the way?`,
              evidence: text || 'no reason told',
              fix: { command: `lvsctl verify ${scene.file} --service ${scene.service.name}` },
            },
          ],
    ),
};
