import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** All that a lab of the name has left on this machine: namespace, folder, processes, mounts and their memory. */
export function traces(name: string): string[] {
  const directory = `/var/lib/lvsctl-lab/${name}`;
  const found = existsSync(directory) ? [directory] : [];
  const names = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n');
  for (const line of names) if (line.split(' ')[0] === `lvs-${name}`) found.push(`netns ${line}`);
  if (existsSync(`/run/netns/lvs-${name}`)) found.push(`/run/netns/lvs-${name}`);
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n'))
    if (line.includes(`${directory}/`) || line.includes(`/lvs-${name} `)) found.push(`mount ${line}`);
  for (const pid of processes(`${directory}/`)) found.push(`process ${pid}`);
  return found;
}

/** Processes whose command line has the text in it. */
export function processes(text: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** The supervisor's process: the one of the lab that is not a kernel. */
export function supervisorPid(name: string): number {
  const [pid] = processes(`/var/lib/lvsctl-lab/${name}/lab.json`);
  if (pid === undefined) throw new Error(`lab ${name} has no supervisor`);
  return pid;
}

/** Starts `child.ts`, from source. */
export function startChild(...args: readonly string[]) {
  const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs');
  const child = fileURLToPath(new URL('./child.ts', import.meta.url));
  return spawn(process.execPath, [jiti, child, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}
