import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `work` while holding a lock of this machine. The lock is a listening socket in the abstract namespace:
 * the kernel takes it back however its holder ends, so there is no stale lock.
 * `onWait` is called once when somebody else holds it.
 */
export async function locked<T>(name: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  const server = createServer((socket) => socket.destroy());
  for (let waited = false; ; waited = true) {
    const free = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve(false);
        else reject(error);
      });
      server.listen(`\0lvsctl-lab/${name}`, () => resolve(true));
    });
    if (free) break;
    if (!waited) onWait();
    await sleep(200);
  }
  server.removeAllListeners('error');
  try {
    return await work();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
