import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEngine } from '../../support/docker.js';
import { ensureImage, type NodeKind } from './image.js';
import { engineApi, useEngine } from './runtime.js';

/** Everything made by the role tests carries it, so that a killed run's leavings are found by the next. */
const LABEL = 'lvsctl-role-test';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly roleTests: {
      readonly dockerHost: string;
      readonly image: string;
      readonly label: string;
      /** Folder of this run, with the key `id` and a known_hosts file a node. */
      readonly folder: string;
    };
  }
}

async function removeLeavings(): Promise<void> {
  const dockerode = await engineApi();
  const filters = { label: [LABEL] };
  for (const { Id } of await dockerode.listContainers({ all: true, filters })) {
    await dockerode.getContainer(Id).remove({ force: true, v: true });
  }
  for (const { Id } of await dockerode.listNetworks({ filters })) await dockerode.getNetwork(Id).remove();
}

export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return setUpNodes(project, 'debian');
}

/** The engine, the image and a key for the run; its teardown removes every node and ends what was started. */
export async function setUpNodes(project: TestProject, kind: NodeKind): Promise<() => Promise<void>> {
  const engine = await startEngine();
  useEngine(engine.url);
  await removeLeavings();
  const image = await ensureImage(kind);
  const folder = mkdtempSync(join(tmpdir(), 'lvsctl-roles-'));
  execFileSync('ssh-keygen', [
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-C',
    'lvsctl-test',
    '-f',
    join(folder, 'id'),
  ]);
  project.provide('roleTests', { dockerHost: engine.url, image, label: LABEL, folder });
  return async () => {
    await removeLeavings();
    rmSync(folder, { recursive: true, force: true });
    await engine.stop();
  };
}
