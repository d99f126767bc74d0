import { LvsctlError } from '../errors.js';
import type { Host } from '../ssh/host.js';

/**
 * A login that is waited for only until Ctrl-C; one that succeeds later is ended.
 * @throws LvsctlError when interrupted
 */
export function unlessInterrupted(
  name: string,
  login: () => Promise<Host>,
  signal: AbortSignal,
): Promise<Host> {
  const interrupted = () =>
    new LvsctlError('interrupted before the login', { host: name, resource: 'connect' });
  if (signal.aborted) return Promise.reject(interrupted());
  return new Promise((resolve, reject) => {
    const opening = login();
    const onAbort = () => {
      reject(interrupted());
      void opening.then((host) => host.close()).catch(() => undefined);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    opening.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
