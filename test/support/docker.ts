import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A Docker engine that answers. */
export interface DockerEngine {
  /** As in DOCKER_HOST: `unix:///var/run/docker.sock`. */
  readonly url: string;
  /** Ends the daemon if it is ours; another's goes on. */
  stop(): Promise<void>;
}

const DEFAULT_SOCKET = '/var/run/docker.sock';

/** Where our own daemon lives: images stay there from one run to the next. */
const state = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'lvsctl', 'docker');

function answers(socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    ping.on('error', () => resolve(false));
    ping.end();
  });
}

/**
 * Our daemon changes nothing of the machine: no firewall rules, no forwarding, no default bridge.
 * It keeps off other daemons by its own socket, pid file and folders.
 */
function spawnDaemon(socket: string): ChildProcess {
  const log = openSync(join(state, 'log'), 'w');
  const options = [
    ['--host', `unix://${socket}`],
    ['--data-root', join(state, 'images')],
    ['--exec-root', join(state, 'run')],
    ['--pidfile', join(state, 'pid')],
    ['--bridge', 'none'],
  ].flat();
  const leaveAlone = ['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  return spawn('dockerd', [...options, ...leaveAlone], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { ...process.env, PATH: path },
  });
}

function endOfLog(): string {
  return readFileSync(join(state, 'log'), 'utf8').split('\n').slice(-15).join('\n');
}

/** Ends the daemon of our pid file, and waits until it is gone. */
async function endDaemon(): Promise<void> {
  const pid = Number(readFileSync(join(state, 'pid'), 'utf8'));
  const alive = (): boolean => existsSync(`/proc/${pid}/exe`);
  if (alive()) process.kill(pid, 'SIGTERM');
  while (alive()) await delay(50);
}

/**
 * The engine of DOCKER_HOST, else the one on the default socket, else a daemon of our own (needs root and `dockerd`).
 * A daemon that a killed run left behind is taken over.
 * @throws Error with the end of the daemon's log when it doesn't come up
 */
export async function startEngine(): Promise<DockerEngine> {
  const given = process.env.DOCKER_HOST ?? ((await answers(DEFAULT_SOCKET)) && `unix://${DEFAULT_SOCKET}`);
  if (given) return { url: given, stop: () => Promise.resolve() };

  mkdirSync(state, { recursive: true, mode: 0o700 });
  const socket = join(state, 'socket');
  const engine = { url: `unix://${socket}`, stop: endDaemon };
  if (await answers(socket)) return engine;

  const daemon = spawnDaemon(socket);
  const failed = new Promise<never>((_resolve, reject) => {
    daemon.once('error', (cause) => {
      reject(new Error('dockerd does not start; `npm run test:roles` installs it', { cause }));
    });
    daemon.once('exit', (code) => reject(new Error(`dockerd ended with ${code}:\n${endOfLog()}`)));
  });
  const up = (async () => {
    while (!(await answers(socket))) await delay(100);
  })();
  await Promise.race([up, failed]);
  failed.catch(() => undefined);
  daemon.unref();
  return engine;
}
