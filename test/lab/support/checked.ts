import { inGuest } from './responder.js';

/**
 * What the checks' test runs on its guests: servers for every type of check, each of which can be broken so that this check alone sees it.
 * nginx and perl-base, which the lab carries.
 */
const nginx = `worker_processes 1;
pid /run/nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  add_header X-Server $hostname always;
  include /etc/nginx/checked/*.conf;
}
`;

const word = (ports: string, more = 'location = / { return 200 "$hostname\\n"; }'): string =>
  `server { ${ports}; ${more} }`;

const sites: Readonly<Record<string, string>> = {
  web: word(
    'listen 80; listen [::]:80; listen 8000',
    'root /srv/checked; location = / { return 200 "$hostname\\n"; } location = /health { try_files /health =503; }',
  ),
  tls: word(
    'listen 443 ssl; ssl_certificate /etc/nginx/checked/cert.pem; ssl_certificate_key /etc/nginx/checked/key.pem',
  ),
  tcp: word('listen 7000'),
  state: word('listen 7001', 'root /srv/checked; location = / { try_files /state =404; }'),
  sorry: word('listen 8001'),
};

/**
 * SMTP that greets, or refuses where /srv/checked/refuses is; DNS that answers a query for any name by an address, or by SERVFAIL where its
 * first label is the name of a file of /srv/checked/unknown. A DNS answer must come from the VIP, so each address has a socket of its own.
 */
const server = `use strict;
use IO::Socket::IP;
$SIG{CHLD} = "IGNORE";
open my $file, "<", "/proc/sys/kernel/hostname"; chomp(my $name = <$file>);
sub bound {
  my %how = @_;
  while (1) {
    my $s = IO::Socket::IP->new(%how);
    return $s if $s;
    sleep 1;
  }
}
for my $address (@ARGV) {
  next if fork;
  my $s = bound(LocalHost => $address, LocalPort => 53, Proto => "udp");
  while (1) {
    defined(my $from = $s->recv(my $query, 512)) or next;
    my ($label) = unpack "x12 C/a", $query;
    my ($question) = $query =~ /^.{12}((?:[^\\0]+)?\\0.{4})/s or next;
    my $known = !-e "/srv/checked/unknown/$label";
    my $head = substr($query, 0, 2) . pack("n5", $known ? 0x8580 : 0x8582, 1, $known ? 1 : 0, 0, 0);
    my $record = pack "n n n N n C4", 0xc00c, 1, 1, 60, 4, 192, 0, 2, 1;
    $s->send($head . $question . ($known ? $record : ""), 0, $from);
  }
}
my $s = bound(LocalHost => "0.0.0.0", LocalPort => 25, Proto => "tcp", Listen => 64, ReuseAddr => 1);
while (1) {
  my $c = $s->accept or next;
  if (fork) { close $c; next }
  alarm 60;
  $c->autoflush(1);
  if (-e "/srv/checked/refuses") { print $c "554 $name has no service here\\r\\n"; exit }
  print $c "220 $name ESMTP\\r\\n";
  while (my $line = <$c>) {
    if ($line =~ /^quit/i) { print $c "221 $name closes\\r\\n"; exit }
    print $c "250 $name\\r\\n";
  }
  exit;
}
`;

const unit = (addresses: readonly string[]): string => `[Unit]
After=network.target
[Service]
ExecStart=/usr/bin/perl /usr/local/sbin/checked ${addresses.join(' ')}
Restart=always
[Install]
WantedBy=multi-user.target
`;

export interface Certificate {
  readonly key: string;
  readonly certificate: string;
}

/**
 * @param addresses of the guest, now or later, at which DNS is answered
 */
export async function serveChecked(
  inventory: string,
  host: string,
  { key, certificate }: Certificate,
  addresses: readonly string[],
): Promise<void> {
  const files = {
    '/etc/nginx/nginx.conf': nginx,
    '/etc/nginx/checked/key.pem': key,
    '/etc/nginx/checked/cert.pem': certificate,
    ...Object.fromEntries(
      Object.entries(sites).map(([site, text]) => [`/etc/nginx/checked/${site}.conf`, text]),
    ),
    '/srv/checked/state': 'ready\n',
    '/srv/checked/health': 'well\n',
    '/usr/local/sbin/checked': server,
    '/etc/systemd/system/checked.service': unit(addresses),
  };
  const writing = Object.entries(files).map(([path, text]) => `cat >${path} <<'EOF'\n${text}\nEOF`);
  await inGuest(
    inventory,
    host,
    `set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -q update >/dev/null && apt-get -q -y install nginx-light >/dev/null
mkdir -p /etc/nginx/checked /srv/checked/unknown
${writing.join('\n')}
nginx -t 2>&1
systemctl restart nginx
systemctl daemon-reload
systemctl enable --now checked 2>/dev/null`,
  );
}

/** Of a service by type of check: how a real server's one is broken and mended. What the check does not look at goes on as before. */
export const FAULTS: Readonly<Record<string, { readonly breaks: string; readonly mends: string }>> = {
  tcp: {
    breaks: 'cd /etc/nginx/checked; mv tcp.conf tcp.off; nginx -s reload',
    mends: 'cd /etc/nginx/checked; mv tcp.off tcp.conf; nginx -s reload',
  },
  http: { breaks: 'rm /srv/checked/health', mends: 'echo well >/srv/checked/health' },
  https: {
    breaks: "sed -i 's/listen 443 ssl/listen 443/' /etc/nginx/checked/tls.conf; nginx -s reload",
    mends: "sed -i 's/listen 443/listen 443 ssl/' /etc/nginx/checked/tls.conf; nginx -s reload",
  },
  smtp: { breaks: 'touch /srv/checked/refuses', mends: 'rm /srv/checked/refuses' },
  dns: { breaks: 'touch /srv/checked/unknown/www', mends: 'rm /srv/checked/unknown/www' },
  misc: { breaks: 'echo busy >/srv/checked/state', mends: 'echo ready >/srv/checked/state' },
};

/** A program of the operator's: asks by HTTP whether the server is ready, as any user. */
export const readyProgram = `#!/usr/bin/perl
use strict;
use IO::Socket::IP;
my ($address, $port) = @ARGV;
my $s = IO::Socket::IP->new(PeerHost => $address, PeerPort => $port, Timeout => 5) or exit 1;
print $s "GET / HTTP/1.0\\r\\n\\r\\n";
exit((join "", <$s>) =~ /^ready$/m ? 0 : 1);
`;
