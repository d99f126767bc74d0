import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { program } from './program.js';

/**
 * Bound to each address, since a UDP socket bound to all of them answers from the host's own and not from the VIP. UDP: the answer is the
 * host's name and the question. TCP: it takes all that comes, and at its end tells how many bytes that was.
 */
const responder = `use strict;
use IO::Socket::IP;
$SIG{CHLD} = "IGNORE";
my ($udp, $tcp, @addresses) = @ARGV;
open my $file, "<", "/proc/sys/kernel/hostname"; chomp(my $name = <$file>);
for my $address (@addresses) {
  for my $kind ("udp", "tcp") {
    next if fork;
    my $s;
    while (1) {
      $s = IO::Socket::IP->new(LocalHost => $address, LocalPort => $kind eq "udp" ? $udp : $tcp, Proto => $kind,
        $kind eq "tcp" ? (Listen => 64, ReuseAddr => 1) : ()) and last;
      sleep 1;
    }
    if ($kind eq "udp") {
      while (defined(my $from = $s->recv(my $text, 65535))) { $s->send("$name $text", 0, $from); }
    } else {
      while (1) {
        my $c = $s->accept or next;
        next if fork;
        my $n = 0;
        while (my $got = $c->sysread(my $buffer, 65536)) { $n += $got; }
        $c->syswrite("$n\\n");
        exit;
      }
    }
    exit;
  }
}
sleep 86400 while 1;
`;

const unit = (udp: number, tcp: number, addresses: readonly string[]): string => `[Unit]
Description=Responder of the lab's tests
After=network.target
[Service]
ExecStart=/usr/bin/perl /usr/local/sbin/responder ${udp} ${tcp} ${addresses.join(' ')}
[Install]
WantedBy=multi-user.target
`;

/** Makes a guest answer on a UDP and a TCP port of these addresses as soon as it has them, here and after a reboot. By perl-base alone. */
export async function respond(
  inventory: string,
  host: string,
  ports: { readonly udp: number; readonly tcp: number },
  addresses: readonly string[],
): Promise<void> {
  const setUp = `set -e
cat >/usr/local/sbin/responder <<'EOF'
${responder}EOF
cat >/etc/systemd/system/responder.service <<'EOF'
${unit(ports.udp, ports.tcp, addresses)}EOF
systemctl daemon-reload
systemctl enable responder
systemctl restart responder`;
  await inGuest(inventory, host, setUp);
}

/** Runs a script on a guest, beside others. @throws where it fails */
export async function inGuest(inventory: string, host: string, script: string): Promise<void> {
  const args = ['lab', 'exec', inventory, host, '--', 'sh', '-c', script];
  await promisify(execFile)(process.execPath, [program, ...args]);
}
