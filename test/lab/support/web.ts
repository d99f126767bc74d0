import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import type { Target } from './load.js';
import { program } from './program.js';

const lines = 2_000_000;

/** A body in which no two parts are alike, made the same way on the guests (`seq`) and here. */
function numbers(): NonNullable<Target['body']> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (let first = 1; first <= lines; first += 10_000) {
    const part = Array.from({ length: 10_000 }, (_, index) => `${first + index}\n`).join('');
    bytes += part.length;
    hash.update(part);
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** 14.9 MB: at 300,000 bytes a second it lasts 50 s. */
export const longTarget = (): Target => ({ path: '/long', body: numbers() });

const shortBody = 'ok\n';
export const shortTarget: Target = {
  path: '/',
  body: { bytes: shortBody.length, sha256: createHash('sha256').update(shortBody).digest('hex') },
};

/** One worker without logs: in a guest a fork or a write is dear. Connections may stay open for as long as a test lasts. */
const configuration = `worker_processes 1;
pid /run/nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 3600;
  keepalive_requests 1000000;
  add_header X-Server $hostname always;
  server {
    listen 80 backlog=4096;
    listen [::]:80 backlog=4096;
    root /srv/web;
    location = / { try_files /index =404; }
  }
}
`;

const setUp = `set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -q update && apt-get -q -y install nginx-light
mkdir -p /srv/web
printf '${shortBody}' >/srv/web/index
seq 1 ${lines} >/srv/web/long
cat >/etc/nginx/nginx.conf <<'EOF'
${configuration}
EOF
nginx -t
systemctl restart nginx`;

/**
 * Makes a guest a small web server (nginx-light, of the packages that the lab carries) that names itself in its answers, here and after a
 * reboot: {@link shortTarget} and {@link longTarget}.
 */
export async function serveWeb(inventory: string, host: string): Promise<void> {
  const inGuest = ['lab', 'exec', inventory, host, '--', 'sh', '-c', setUp];
  await promisify(execFile)(process.execPath, [program, ...inGuest]);
}
