import type { Role } from './role.js';
import type { HostSession } from './session.js';
import type { Store } from './store.js';
import { inputOf, inRole, type StageContext } from './work.js';

/**
 * Has the artifacts that the hosts' roles name here, before the first stage. A plan only looks, and says what is not here yet.
 * Hosts that can't be reached name nothing; their stage tells of it.
 * @throws LvsctlError naming every artifact that is not to be had
 */
export async function prepareStore(
  planning: boolean,
  wanting: readonly { readonly session: HostSession; readonly role: Role<unknown> }[],
  store: Store,
  context: StageContext,
): Promise<void> {
  const named = await Promise.all(
    wanting.map(async ({ session, role }) => {
      const reached = await session.ready().then(
        () => true,
        () => false,
      );
      if (!reached) return [];
      const input = inputOf(session, role, context);
      return inRole(session.name, role, () => role.artifacts?.(input) ?? []);
    }),
  );
  const names = [...new Set(named.flat())];
  if (names.length === 0) return;
  if (!planning) return store.ensure(names);
  const missing = await store.look(names);
  if (missing.length === 0) return;
  context.sink({
    type: 'remark',
    text: `not on this machine yet: ${missing.join(', ')}; provision fetches them before it changes any host, and so does \`lvsctl artifacts fetch ${missing.join(' ')}\``,
  });
}
