export const keepalivedPath = '/etc/keepalived/keepalived.conf';
/** The first words of a file that lvsctl wrote; any other is refused. */
export const keepalivedMark = '# Written by lvsctl';

/** The first line of a file of ours. */
export const keepalivedHead = (host: string, cluster: string): string =>
  `${keepalivedMark}, for ${host}, a director of the cluster ${cluster}.`;

/** Whom a file of ours is for. */
export interface KeptDirector {
  readonly host: string;
  readonly cluster: string;
}

/** Reads {@link keepalivedHead}; a machine may be of several inventories, or have several names in one. */
export function keptDirector(head: string): KeptDirector | undefined {
  if (!head.startsWith(keepalivedMark)) return undefined;
  const [, host, cluster] = /, for (\S+), a director of the cluster (\S+)\.$/.exec(head) ?? [];
  return host === undefined || cluster === undefined ? undefined : { host, cluster };
}
