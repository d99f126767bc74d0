import type { Change, Resource } from '../engine/resource.js';
import { sh, shLines } from '../shell/index.js';
import { observedText } from './observed.js';

export interface AccountOptions {
  readonly name: string;
  readonly home: string;
  readonly shell: string;
}

/** A system account without a password, open to keys only. Its home folder is not made, nor looked at. */
export function account(options: AccountOptions): Resource {
  const { name, home, shell } = options;
  const id = `account ${name}`;
  return {
    id,
    probe: sh`while IFS=: read -r n rest; do [ "$n" = ${name} ] && { echo present; exit 0; }; done < /etc/passwd; echo absent`,
    plan(observed): Change | undefined {
      if (observedText(id, observed).trim() === 'present') return undefined;
      return {
        summary: `create the account ${name}`,
        // sshd without PAM refuses accounts whose password is locked by "!"; "*" only means that none fits.
        apply: shLines(
          sh`if command -v useradd >/dev/null 2>&1; then`,
          sh`  useradd -r -M -d ${home} -s ${shell} -p '*' ${name}`,
          sh`else`,
          sh`  adduser -S -D -H -h ${home} -s ${shell} ${name}`,
          sh`  echo ${`${name}:*`} | chpasswd -e`,
          sh`fi`,
        ),
      };
    },
  };
}
