/** A jump host that is not in the inventory. */
export interface JumpAddress {
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
}

/** Reads `host`, `user@host`, `user@host:port` or `user@[fd00::1]:22`, as ssh -J does; undefined for anything else. */
export function parseJump(text: string): JumpAddress | undefined {
  const match =
    /^(?:ssh:\/\/)?(?:(?<user>[^@\s/-][^@\s/]*)@)?(?:\[(?<v6>[0-9a-f:]+)\]|(?<name>[A-Za-z0-9_][A-Za-z0-9_.-]*))(?::(?<port>\d{1,5}))?$/i.exec(
      text,
    );
  const host = match?.groups?.v6 ?? match?.groups?.name;
  if (!match?.groups || host === undefined) return undefined;
  const port = match.groups.port === undefined ? undefined : Number(match.groups.port);
  if (port !== undefined && (port < 1 || port > 65535)) return undefined;
  return { user: match.groups.user, host, port };
}
