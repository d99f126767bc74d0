import { keepalivedMark, keepalivedPath } from '../keepalived/file.js';
import { type Sh, sh, shLines, trusted } from '../shell/index.js';

/** A real server in a keepalived.conf that lvsctl wrote. */
export interface KeepalivedWeight {
  /** Name of the service in the inventory. */
  readonly service: string;
  readonly address: string;
  /** 0 of a service by mark. */
  readonly port: number;
  readonly weight: number;
}

const rewrite = trusted(`\
{ echo "$weights"; echo @@; cat "$f"; } | awk '
  !conf && $1 == "@@" { conf = 1; next }
  !conf { weight[$1 " " $2 " " $3] = $4; next }
  /^# / { name = $2 }
  /^    real_server / { server = name " " $2 " " $3 }
  /^    }/ { server = "" }
  /^        weight / && (server in weight) { sub(/[0-9]+$/, weight[server]) }
  { print }' >"$f.lvsctl-new"
if cmp -s "$f" "$f.lvsctl-new"; then
  rm -f "$f.lvsctl-new"
else
  chmod 0640 "$f.lvsctl-new"
  mv -f "$f.lvsctl-new" "$f"
  pid=\`cat /run/keepalived.pid 2>/dev/null || cat /var/run/keepalived.pid 2>/dev/null\` || pid=
  if [ -n "$pid" ] && kill -HUP "$pid" 2>/dev/null; then sleep 2; fi
fi`);

/**
 * Sh that gives real servers other weights in keepalived.conf, and has keepalived read it: else a check that succeeds again would put
 * the former weight into the table. Nothing else of the file changes; one that lvsctl did not write stays as it is.
 */
export function keepalivedWeights(weights: readonly KeepalivedWeight[]): Sh {
  const lines = weights.map(
    ({ service, address, port, weight }) => `${service} ${address} ${port} ${weight}`,
  );
  return shLines(
    sh`f=${keepalivedPath}; weights=${lines.join('\n')}`,
    sh`case \`head -n 1 "$f" 2>/dev/null\` in ${keepalivedMark}*)`,
    rewrite,
    sh`;; esac`,
  );
}
