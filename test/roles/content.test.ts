import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { paths, sourceAccount } from '../../roles/content/parties.js';
import { content, contentKey, contentSource } from '../../roles/index.js';
import { type NodeCluster, startCluster } from './support/cluster.js';
import { convergeInOneRun } from './support/provision.js';

const folder = '/srv/content';

describe.each(['dash', 'busybox'] as const)('content, /bin/sh is %s', (shell) => {
  let nodes: NodeCluster;
  beforeAll(async () => {
    nodes = await startCluster(shell, { content: { source: 'director', paths: [{ from: folder }] } });
    await nodes.director.exec(`mkdir -p '${folder}/a b' && echo hello > '${folder}/a b/it'"'"'s'`);
  });
  afterAll(() => nodes?.stop());

  test('copies the data of the source to every real server', async () => {
    await convergeInOneRun(nodes.cluster, [contentKey], [contentSource], [content]);
    for (const node of [nodes.rs1, nodes.rs2])
      expect(await node.exec(`cat '${folder}/a b/it'"'"'s'`)).toBe('hello\n');
  });

  test('lets the key do nothing but that', async () => {
    const options = '-o BatchMode=yes -o StrictHostKeyChecking=yes';
    const login = `ssh -i ${paths.key} ${options} -o UserKnownHostsFile=${paths.knownHosts}`;
    const target = `${sourceAccount.name}@${nodes.director.host.address}`;
    for (const command of ['id', "'cat /etc/passwd'", '']) {
      const answer = await nodes.rs1.exec(`${login} ${target} ${command} </dev/null 2>&1; echo "status $?"`);
      expect(answer).not.toMatch(/uid=|root:|status 0/);
    }
  });
});
