/** One thing that an operator, an update or a boot breaks, and what `lvsctl diagnose` has to say of it. */
export interface Fault {
  readonly name: string;
  /** Host → script that puts it in. */
  readonly put: Readonly<Record<string, string>>;
  /** `CHECK@HOST` of every finding. */
  readonly found: readonly string[];
  /** What takes it away where the findings' own fixes, as commands on hosts or of lvsctl, are not to be run: host → script. */
  readonly undo?: Readonly<Record<string, string>>;
  /** Run after that: what the fixes can't know of. */
  readonly after?: Readonly<Record<string, string>>;
}

/** Faults that don't touch one another: they are put in together, all of them must be found, and nothing else. */
export interface FaultGroup {
  readonly faults: readonly Fault[];
  /** The probe hosts of the inventory instead of its own. */
  readonly probes?: readonly string[];
  /** With the hosts that lvsctl does not log in to, which a lab does without, as real servers. */
  readonly whole?: boolean;
}

export const on = (host: string, script: string) => ({ [host]: script });

/** Waits for a condition, which is a command; two minutes are a guard against a hang, and no claim. */
export const until = (condition: string): string =>
  `tries=0; until ${condition}; do tries=$((tries+1)); [ $tries -lt 120 ] || { echo "waited in vain" >&2; exit 1; }; sleep 1; done`;

/**
 * Connections of the client that stay open until they are let go. All of them: one that is refused is made again, its reason kept in
 * /tmp/refused.
 */
export const hold = (address: string, port: number, count: number): string => {
  const one = `exec {fd}<>/dev/tcp/${address}/${port}`;
  return `rm -f /tmp/open
  setsid bash -c 'for n in $(seq ${count}); do ${until(one)}; done; : >/tmp/open; exec sleep 3600' >/dev/null 2>/tmp/refused &
  echo $! > /tmp/held; ${until('{ [ -e /tmp/open ] || ! kill -0 $(cat /tmp/held) 2>/dev/null; }')}; [ -e /tmp/open ] || { cat /tmp/refused >&2; exit 1; }`;
};
export const letGo = 'kill $(cat /tmp/held)';

/** Where the kernel has a socket that listens on a TCP port. */
export const listening = (port: number): string =>
  `grep -q ':${port.toString(16).toUpperCase().padStart(4, '0')} 0*:0000 0A' /proc/net/tcp /proc/net/tcp6`;
