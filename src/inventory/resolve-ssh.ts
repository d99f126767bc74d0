import { isAbsolute, join } from 'node:path';
import { jumpOf } from './check-hosts.js';
import type { HostKeyPolicy, JumpSettings, SshSettings } from './cluster.js';
import type { Draft } from './draft.js';
import { type JumpAddress, parseJump } from './jump.js';
import type { Path, Report } from './problem.js';
import type { HostSshInput, SshInput } from './schema.js';
import { expandTokens, readSshConfig, type SshConfigValues } from './ssh-config.js';
import { expandHome, type Surroundings } from './surroundings.js';

const DEFAULT_IDENTITIES = ['id_ed25519', 'id_ecdsa', 'id_rsa', 'id_dsa'];

export interface SshResolver {
  /** Settings of a host of the inventory. */
  host(name: string, address: string, groups: readonly string[]): SshSettings;
}

/** Merges host > groups (the last first) > global > the OpenSSH client configuration > defaults. */
export function sshResolver(draft: Draft, surroundings: Surroundings, report: Report): SshResolver {
  const configCache = new Map<string, SshConfigValues>();

  function configFor(ssh: HostSshInput, names: readonly string[]): SshConfigValues {
    if (ssh.config === false) return {};
    const file = expandHome(ssh.config ?? '~/.ssh/config', surroundings.home);
    const key = JSON.stringify([file, names, ssh.user]);
    const known = configCache.get(key) ?? readSshConfig(file, names, ssh.user, surroundings);
    configCache.set(key, known);
    return known;
  }

  function resolveHost(name: string, address: string, groups: readonly string[], way: readonly string[]) {
    const own = draft.hosts.get(name)?.ssh;
    const merged = merge([draft.ssh, ...groups.map((group) => draft.groups.get(group)?.ssh), own]);
    const { jump: _, ...direct } = { ...merged, jump: undefined };
    const config = configFor(direct, [...new Set([name, merged.hostName ?? address])]);
    const settings = settingsFor(name, address, direct, config, surroundings);
    return withJump(settings, jumpOf(draft, name), config, ['hosts', name, 'ssh', 'jump'], [...way, name]);
  }

  function withJump(
    settings: SshSettings,
    jump: string | false | undefined,
    config: SshConfigValues,
    path: Path,
    way: readonly string[],
  ): SshSettings {
    if (jump === false) return settings;
    if (jump !== undefined) return { ...settings, jump: resolveJump([jump], path, way) };
    const chain = config.proxyjump?.join('').split(',').filter(Boolean) ?? [];
    const self = parseJump(way.at(-1) ?? '')?.host;
    if (
      chain.length > 0 &&
      chain[0]?.toLowerCase() !== 'none' &&
      parseJump(chain.at(-1) ?? '')?.host !== self
    )
      return { ...settings, jump: resolveJump(chain, path, way) };
    const command = config.proxycommand?.join(' ');
    if (chain.length === 0 && command !== undefined && command.toLowerCase() !== 'none')
      report(
        path,
        undefined,
        `the OpenSSH configuration has a ProxyCommand for this host (${command}), which lvsctl can’t use`,
        'name the jump host here (jump: "user@host:port"), or false for none',
      );
    return settings;
  }

  /** The last of the chain is nearest to the target; the ones before it lead there, as with ssh -J a,b. */
  function resolveJump(chain: readonly string[], path: Path, way: readonly string[]): JumpSettings {
    const name = chain.at(-1) ?? '';
    const before = chain.slice(0, -1);
    const settings = draft.hosts.has(name)
      ? resolveInventoryJump(name, path, way)
      : resolveAddressJump(name, before.length > 0, path, way);
    const { sudo: _sudo, sudoPasswordEnv: _env, ...jump } = settings;
    return before.length === 0 ? jump : { ...jump, jump: resolveJump(before, path, way) };
  }

  function resolveInventoryJump(name: string, path: Path, way: readonly string[]): SshSettings {
    const address = draft.hosts.get(name)?.address.replace(/\/.*/, '') ?? name;
    if (!way.includes(name)) return resolveHost(name, address, groupsOfHost(draft, name), way);
    reportCircle(path, [...way, name], report);
    return settingsFor(name, address, {}, {}, surroundings);
  }

  function resolveAddressJump(
    text: string,
    hasOwnWay: boolean,
    path: Path,
    way: readonly string[],
  ): SshSettings {
    const parsed: JumpAddress = parseJump(text) ?? { user: undefined, host: text, port: undefined };
    const { jump: _, ...global } = { ...draft.ssh, jump: undefined };
    const named = {
      ...global,
      ...(parsed.user === undefined ? {} : { user: parsed.user }),
      ...(parsed.port === undefined ? {} : { port: parsed.port }),
    };
    const config = configFor(named, [parsed.host]);
    const settings = settingsFor(parsed.host, parsed.host, named, config, surroundings);
    if (hasOwnWay) return settings;
    if (!way.includes(text)) return withJump(settings, undefined, config, path, [...way, text]);
    reportCircle(path, [...way, text], report);
    return settings;
  }

  return { host: (name, address, groups) => resolveHost(name, address, groups, []) };
}

function reportCircle(path: Path, way: readonly string[], report: Report): void {
  report(
    path,
    undefined,
    `ProxyJump of the OpenSSH configuration goes in a circle: ${way.join(' → ')}`,
    'write `jump: false` for the host that is reached directly',
  );
}

function groupsOfHost(draft: Draft, host: string): string[] {
  return [...draft.groups].filter(([, group]) => group?.hosts.includes(host)).map(([name]) => name);
}

/** The later wins, key by key; what is undefined says nothing. */
function merge(levels: readonly (SshInput | HostSshInput | undefined)[]): HostSshInput {
  const said = levels
    .flatMap((level) => Object.entries(level ?? {}))
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(said);
}

function settingsFor(
  name: string,
  address: string,
  ssh: HostSshInput,
  config: SshConfigValues,
  surroundings: Surroundings,
): SshSettings {
  const { home, env } = surroundings;
  const first = (keyword: string): string | undefined => config[keyword]?.[0];
  const configuredName = first('hostname');
  const hostName =
    ssh.hostName ?? (configuredName && expandTokens(configuredName, { h: name, n: name }, env)) ?? address;
  const configuredPort = Number(first('port'));
  const port = ssh.port ?? (configuredPort >= 1 && configuredPort <= 65535 ? configuredPort : 22);
  const user = ssh.user ?? first('user') ?? 'root';
  const tokens = { h: hostName, n: name, p: String(port), r: user, u: surroundings.user, d: home };
  const path = (text: string): string => {
    const expanded = expandHome(expandTokens(text, tokens, env), home);
    return isAbsolute(expanded) ? expanded : join(home, expanded);
  };
  return {
    hostName,
    port,
    user,
    identityFiles: identityFiles(ssh, config, path, surroundings),
    agent: agentOf(ssh, first('identityagent'), path, surroundings),
    hostKeys: ssh.hostKeys ?? hostKeyPolicy(first('stricthostkeychecking')),
    knownHostsFiles: knownHostsFiles(ssh, config, path, home),
    algorithms: ssh.algorithms ?? 'modern',
    sudo: (ssh.sudo ?? false) && user !== 'root',
    passwordEnv: ssh.passwordEnv ?? 'LVSCTL_PASSWORD',
    sudoPasswordEnv: ssh.sudoPasswordEnv ?? 'LVSCTL_SUDO_PASSWORD',
    passphraseEnv: ssh.passphraseEnv ?? 'LVSCTL_PASSPHRASE',
    connectTimeoutSeconds: ssh.connectTimeoutSeconds ?? (Number(first('connecttimeout')) || 15),
  };
}

/** As OpenSSH: the usual keys only where none is named; of those only the ones that are there. */
function identityFiles(
  ssh: HostSshInput,
  config: SshConfigValues,
  path: (text: string) => string,
  { home, exists }: Surroundings,
): string[] {
  if (ssh.identityFiles) return ssh.identityFiles.map((file) => expandHome(file, home));
  const configured = (config.identityfile ?? []).filter((file) => file.toLowerCase() !== 'none').map(path);
  if (config.identityfile) return [...new Set(configured)];
  return DEFAULT_IDENTITIES.map((file) => join(home, '.ssh', file)).filter(exists);
}

function agentOf(
  ssh: HostSshInput,
  configured: string | undefined,
  path: (text: string) => string,
  { home, env }: Surroundings,
): string | false {
  const running = env.SSH_AUTH_SOCK || false;
  if (typeof ssh.agent === 'string') return expandHome(ssh.agent, home);
  if (ssh.agent !== undefined) return ssh.agent && running;
  if (configured === undefined || configured === 'SSH_AUTH_SOCK') return running;
  if (configured.toLowerCase() === 'none') return false;
  return configured.startsWith('$') && !configured.startsWith('${')
    ? env[configured.slice(1)] || false
    : path(configured);
}

/** `no` would accept even a changed key: the nearest that lvsctl knows is accept-new. `ask` can't be answered: strict. */
function hostKeyPolicy(configured: string | undefined): HostKeyPolicy {
  return /^(accept-new|no|off)$/i.test(configured ?? '') ? 'accept-new' : 'strict';
}

function knownHostsFiles(
  ssh: HostSshInput,
  config: SshConfigValues,
  path: (text: string) => string,
  home: string,
): string[] {
  if (ssh.knownHostsFiles) return ssh.knownHostsFiles.map((file) => expandHome(file, home));
  const named = (files: readonly string[] | undefined, usual: string[]): string[] =>
    files ? files.filter((file) => file.toLowerCase() !== 'none').map(path) : usual;
  return [
    ...named(config.userknownhostsfile, [join(home, '.ssh/known_hosts')]),
    ...named(config.globalknownhostsfile, ['/etc/ssh/ssh_known_hosts']),
  ];
}
