import { UsageError } from '../errors.js';
import type { Cluster } from '../inventory/cluster.js';

/** What a role's parameters are held against: any zod schema is one. */
export interface ParamsSchema<Params> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: Params }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
        };
      };
}

/**
 * The parameters that the inventory gives a role, checked.
 * @throws UsageError with the path of the bad value
 */
export async function paramsOf<Params>(
  role: {
    readonly name: string;
    readonly params: ParamsSchema<Params> | (() => Promise<ParamsSchema<Params>>);
  },
  cluster: Cluster,
): Promise<Params> {
  const schema = typeof role.params === 'function' ? await role.params() : role.params;
  const result = schema.safeParse(cluster.roles[role.name] ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = ['roles', role.name, ...(issue?.path ?? [])].join('.');
  throw new UsageError(`${cluster.file}: ${path}: ${issue?.message}`, {
    hint: `the role ${role.name} says in its README which parameters it has`,
  });
}
