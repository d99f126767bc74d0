import type { Change, Resource } from '../../src/engine/resource.js';
import { defineRole } from '../../src/engine/role.js';
import { sh, shLines } from '../../src/shell/index.js';
import { isReceiver, loadParams, paths, published } from './parties.js';
import { transferPackages } from './transfer.js';

const publicKey = `${paths.key}.pub`;

/** First of three: each receiver makes a key of its own, whose private half never leaves it. */
export default defineRole({
  name: 'content',
  description: 'a key on each real server, for copying the content',
  params: loadParams,
  wants: { commands: ['rsync', 'ssh', 'ssh-keygen'] },
  appliesTo: isReceiver,
  resources: ({ host, facts }) => [...transferPackages(facts), keyPair(`lvsctl content ${host.name}`)],
  publish: () => ({
    [published.receiverKey]: sh`[ -r ${publicKey} ] && read -r type key rest < ${publicKey} && printf '%s %s\n' "$type" "$key"; :`,
  }),
});

function keyPair(comment: string): Resource {
  return {
    id: `key ${paths.key}`,
    probe: sh`if [ -s ${paths.key} ] && [ -s ${publicKey} ]; then echo present; fi; :`,
    plan(observed): Change | undefined {
      if (observed.stdout.trim() === 'present') return undefined;
      const fresh = `${paths.key}.lvsctl-new`;
      return {
        summary: `make the key ${paths.key}`,
        apply: shLines(
          sh`umask 077; [ -d /etc/lvsctl ] || mkdir -m 0755 /etc/lvsctl`,
          sh`rm -f ${fresh} ${`${fresh}.pub`}`,
          // OpenSSH before 6.5 has no ed25519.
          sh`ssh-keygen -q -t ed25519 -N '' -C ${comment} -f ${fresh} || ssh-keygen -q -t rsa -b 3072 -N '' -C ${comment} -f ${fresh}`,
          sh`chmod 0644 ${`${fresh}.pub`}; mv -f ${`${fresh}.pub`} ${publicKey}; mv -f ${fresh} ${paths.key}`,
        ),
      };
    },
  };
}
