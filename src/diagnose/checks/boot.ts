import { sh } from '../../shell/index.js';
import { onHost, provisionFix } from '../../verify/reason.js';
import type { Check, Scene, Told, Where } from '../check.js';
import { bootScripts } from '../probes.js';
import { partyOf } from './parties.js';

/** A script of ours that is there and does not run at boot. One that is not there is somebody else's business. */
function disabled(scene: Scene, host: string, name: string): Told[] {
  if (scene.look(host, bootScripts)?.get(name) !== false) return [];
  const systemd = partyOf(scene, host)?.evidence.tools.has('systemctl') === true;
  return [
    {
      host,
      cause: `/etc/lvsctl/${name}.sh does not run when ${host} boots: what is live now is lost then`,
      evidence: systemd ? `lvsctl-${name}.service is not enabled` : 'no line of rc.local calls it',
      fix: systemd
        ? onHost(host, sh`systemctl enable ${`lvsctl-${name}.service`}`)
        : provisionFix(scene.file, host),
    },
  ];
}

function boots(
  id: string,
  where: Where,
  script: string,
  hostsOf: (scene: Scene) => readonly string[],
): Check {
  return {
    id,
    symptom: 'all is well until the host boots',
    where,
    severity: 'later',
    probes: [bootScripts],
    rule: (scene) => [...new Set(hostsOf(scene))].flatMap((host) => disabled(scene, host, script)),
  };
}

export const bootDirector = boots(
  'boot-director',
  'director',
  'director',
  ({ service }) => service.directors,
);
export const bootServer = boots('boot-server', 'realServer', 'realserver', ({ service }) =>
  service.realServers.map(({ host }) => host),
);
