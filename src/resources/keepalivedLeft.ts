import type { Resource } from '../engine/resource.js';
import { keepalivedMark, keepalivedPath } from '../keepalived/file.js';
import { sh } from '../shell/index.js';
import { observedText } from './observed.js';

const id = 'keepalived that is left over';

/**
 * Says that keepalived still runs by a file that lvsctl wrote, where the inventory has no more work for it. Changes nothing: when it
 * stops, VIPs and table go with it.
 */
export function keepalivedLeft(): Resource {
  return {
    id,
    probe: sh`case $(head -n 1 ${keepalivedPath} 2>/dev/null) in (${keepalivedMark}*)
  for f in /run/keepalived.pid /var/run/keepalived.pid; do
    pid=$(cat $f 2>/dev/null)
    if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then echo running; break; fi
  done ;;
esac`,
    plan: () => undefined,
    remarks: (observed) =>
      observedText(id, observed).trim() === 'running'
        ? [
            `keepalived still holds VIPs and table by the ${keepalivedPath} that lvsctl wrote, and the inventory no longer asks for it: keep it by \`keepalived: {}\`; ` +
              'or, when the VIPs may be away for a moment, `systemctl disable --now keepalived`, take the file away, and run `lvsctl provision`',
          ]
        : [],
  };
}
