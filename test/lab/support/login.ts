import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { Client } from 'ssh2';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { labAccess } from '../../../src/lab/index.js';

export interface Answer {
  readonly status: number;
  readonly output: string;
}

/** Runs a command on a guest as the engine would get there: the lab's settings, its dial, its known_hosts. */
export async function onGuest(cluster: Cluster, name: string, command: string): Promise<Answer> {
  const access = await labAccess(cluster);
  const host = access.cluster.hosts.get(name);
  if (host === undefined) throw new Error(`no host ${name}`);
  const { ssh } = host;
  const known = readFileSync(ssh.knownHostsFiles[0] ?? '', 'utf8');
  const sock = await access.dial(ssh.hostName, ssh.port);
  return login(sock, ssh.user, readFileSync(ssh.identityFiles[0] ?? ''), command, (key) =>
    known.split('\n').some((line) => {
      const [names = '', , blob] = line.split(' ');
      return names.split(',').includes(ssh.hostName) && blob === key.toString('base64');
    }),
  );
}

function login(
  sock: Duplex,
  username: string,
  privateKey: Buffer,
  command: string,
  hostVerifier: (key: Buffer) => boolean,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.on('error', reject);
    client.on('close', () => reject(new Error('the connection ended early')));
    client.on('ready', () => {
      client.exec(command, (error, channel) => {
        if (error) return reject(error);
        let output = '';
        channel.on('data', (chunk: Buffer) => {
          output += chunk;
        });
        channel.stderr.on('data', (chunk: Buffer) => {
          output += chunk;
        });
        channel.on('close', (status: number) => {
          resolve({ status, output });
          client.end();
        });
      });
    });
    client.connect({ sock, username, privateKey, hostVerifier, readyTimeout: 60_000 });
  });
}
