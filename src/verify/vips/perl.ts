/**
 * Asks real servers at the VIP, by perl 5.8 or newer, without a module; the protocol stands at {@link vipScript}.
 *
 * Constants are Linux': AF_PACKET 17, AF_INET 2, AF_INET6 10, SOCK_DGRAM 2, SOCK_RAW 3, SO_ATTACH_FILTER 26, SIOCGIFINDEX 0x8933;
 * IP protocols ICMP 1, IPIP 4, TCP 6, UDP 17, IPv6 41, GRE 47, ICMPv6 58.
 */
export const vipPerl = `
use strict;
$| = 1;
my (@asked, %by_port, %sockets);
sub give_up { print "cannot $_[0]\\n"; exit 0 }

sub checksum {
  my $data = $_[0];
  $data .= "\\0" if length($data) % 2;
  my $sum = unpack("%32n*", $data);
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  return ~$sum & 0xffff;
}
sub over {
  my ($q, $dst, $proto, $length) = @_;
  return $q->{src} . $dst . ($q->{v6} ? pack("N x3 C", $length, $proto) : pack("x C n", $proto, $length));
}
sub tcp {
  my ($q, $dst, $sport, $seq, $flags) = @_;
  my $mss = $flags & 2 ? pack("CCn", 2, 4, $q->{v6} ? 1220 : 536) : "";
  my $text = pack("nnNNnnnn", $sport, $q->{port}, $seq, 0, ((20 + length $mss) / 4 << 12) | $flags, 8192, 0, 0) . $mss;
  substr($text, 16, 2) = pack("n", checksum(over($q, $dst, 6, length $text) . $text));
  return $text;
}
sub echo {
  my ($q, $dst, $id) = @_;
  my $text = pack("CCnnn", $q->{v6} ? 128 : 8, 0, 0, $id, 1) . "lvsctl asks for the VIP";
  my $sum = checksum(($q->{v6} ? over($q, $dst, 58, length $text) : "") . $text);
  substr($text, 2, 2) = pack("n", $sum);
  return $text;
}
sub ip {
  my ($q, $dst, $proto, $data) = @_;
  return pack("NnCC", 0x60000000, length $data, $proto, 64) . $q->{src} . $dst . $data if $q->{v6};
  my $head = pack("CCnnnCCn", 0x45, 0, 20 + length $data, $$ & 0xffff, 0x4000, 64, $proto, 0) . $q->{src} . $dst;
  substr($head, 10, 2) = pack("n", checksum($head));
  return $head . $data;
}

sub address { my ($ip, $port) = @_;
  return length $ip == 16 ? pack("S n N a16 N", 10, $port, 0, $ip, 0) : pack("S n a4 x8", 2, $port, $ip);
}
sub filter {
  my ($socket, $code) = @_;
  my $program = pack("S", length($code) / 8);
  $program .= "\\0" x (length(pack("P", "")) - length $program) . pack("P", $code);
  setsockopt($socket, 1, 26, $program);
}
sub source {
  my ($ip) = @_;
  socket(my $probe, length $ip == 16 ? 10 : 2, 2, 17) or return undef;
  connect($probe, address($ip, 9)) or return undef;
  return length $ip == 16 ? substr(getsockname $probe, 8, 16) : substr(getsockname $probe, 4, 4);
}
# A socket of the kernel's own IP, through which nothing is read: what comes is seen by the packet socket.
sub raw {
  my ($q, $proto) = @_;
  my $name = ($q->{v6} ? "6 " : "4 ") . $proto . " " . $q->{src};
  return $sockets{$name} if $sockets{$name};
  socket(my $socket, $q->{v6} ? 10 : 2, $proto == 17 ? 2 : 3, $proto) or give_up("open a raw socket: $!");
  filter($socket, pack("SCCL", 6, 0, 0, 0)) if $proto != 17;
  bind($socket, address($q->{src}, 0)) or give_up("bind a raw socket: $!");
  return $sockets{$name} = $socket;
}
sub packets { my ($q) = @_; return $sockets{$q->{v6} ? "p6" : "p4"} }

sub neighbour {
  my ($q) = @_;
  my ($device, $mac);
  if ($q->{v6}) {
    open(my $list, "-|", "ip", "-6", "neigh", "show", $q->{text}) or return;
    while (<$list>) { ($device, $mac) = ($1, $2) if /\\bdev (\\S+) lladdr (\\S+)/ }
    close $list;
  } else {
    open(my $list, "<", "/proc/net/arp") or return;
    while (<$list>) {
      my ($ip, undef, $flags, $found, undef, $on) = split;
      ($device, $mac) = ($on, $found) if $ip eq $q->{text} and hex($flags) & 2;
    }
    close $list;
  }
  return unless defined $mac and $mac =~ /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;
  my $request = pack("a16 x24", $device);
  ioctl(packets($q), 0x8933, $request) or return;
  $q->{link} = $mac;
  $q->{to} = pack("S n i S C C a8", 17, $q->{v6} ? 0x86dd : 0x0800, unpack("x16 i", $request), 0, 0, 6, pack("H12", join "", split /:/, $mac));
}
sub send_to_vip {
  my ($q, $proto, $data) = @_;
  my $packet = ip($q, $q->{vip}, $proto, $data);
  if ($q->{by} eq "dr") { send(packets($q), $packet, 0, $q->{to}); return }
  if ($q->{by} eq "ipip") { send(raw($q, $q->{v6} ? 41 : 4), $packet, 0, address($q->{rip}, 0)); return }
  if ($q->{by} eq "gue") { send(raw($q, 17), pack("CCn", 0, $q->{v6} ? 41 : 4, 0) . $packet, 0, address($q->{rip}, $q->{tunnel_port})); return }
  my $kind = $q->{v6} ? 0x86dd : 0x0800;
  my $head = pack("nn", 0, $kind);
  if ($q->{by} eq "gre-checksum") {
    $head = pack("nnnn", 0x8000, $kind, 0, 0);
    $head = pack("nnnn", 0x8000, $kind, checksum($head . $packet), 0);
  }
  send(raw($q, 47), $head . $packet, 0, address($q->{rip}, 0));
}
sub settled { my ($q) = @_; return $q->{proto} eq "tcp" ? $q->{vip_said} : $q->{vip_echo} }
sub ask {
  my ($q) = @_;
  my $tcp = $q->{proto} eq "tcp";
  my $own = address($q->{rip}, 0);
  send(raw($q, 6), tcp($q, $q->{rip}, $q->{sport} + 1, $q->{seq}, 2), 0, $own) if $tcp and not $q->{own_said};
  send(raw($q, $q->{v6} ? 58 : 1), echo($q, $q->{rip}, $q->{sport} + 1), 0, $own) if not $q->{own_echo};
  neighbour($q) if $q->{by} eq "dr";
  return if $q->{by} eq "dr" and not $q->{to};
  send_to_vip($q, 6, tcp($q, $q->{vip}, $q->{sport}, $q->{seq}, 2)) if $tcp and not $q->{vip_said};
  send_to_vip($q, $q->{v6} ? 58 : 1, echo($q, $q->{vip}, $q->{sport})) if not $q->{vip_echo};
}
# A SYN that was accepted left a half-open connection there: it is closed at once.
sub hear_tcp {
  my ($src, $data) = @_;
  return if length $data < 20;
  my ($sport, $dport, undef, $ack, $flags) = unpack("nnNNn", $data);
  my $q = $by_port{$dport} or return;
  my $at_vip = $dport == $q->{sport};
  return if $src ne ($at_vip ? $q->{vip} : $q->{rip}) or $sport != $q->{port} or $ack != $q->{seq} + 1;
  my $said = ($flags & 0x12) == 0x12 ? "accepted" : $flags & 4 ? "refused" : return;
  $q->{$at_vip ? "vip_said" : "own_said"} ||= $said;
  return if $said ne "accepted";
  if ($at_vip) { send_to_vip($q, 6, tcp($q, $q->{vip}, $dport, $ack, 4)) }
  else { send(raw($q, 6), tcp($q, $q->{rip}, $dport, $ack, 4), 0, address($q->{rip}, 0)) }
}
sub hear_echo {
  my ($src, $data) = @_;
  my (undef, undef, undef, $id) = unpack("CCnn", $data);
  my $q = $by_port{$id} or return;
  my $at_vip = $id == $q->{sport};
  $q->{$at_vip ? "vip_echo" : "own_echo"} = "echo" if $src eq ($at_vip ? $q->{vip} : $q->{rip});
}
# An error of ICMP that quotes what we sent: a packet filter, or a host that knows no such tunnel.
sub hear_error {
  my ($q6, $quoted) = @_;
  my ($proto, $dst, $rest);
  if ($q6) { return if length $quoted < 44; ($proto, $dst, $rest) = (ord substr($quoted, 6, 1), substr($quoted, 24, 16), substr($quoted, 40)) }
  else { return if length $quoted < 24; ($proto, $dst, $rest) = (ord substr($quoted, 9, 1), substr($quoted, 16, 4), substr($quoted, 4 * (ord($quoted) & 15))) }
  if ($proto == 6 and length $rest >= 2) {
    my $sport = unpack("n", $rest);
    my $q = $by_port{$sport} or return;
    $q->{$sport == $q->{sport} ? "vip_said" : "own_said"} ||= "rejected";
    return;
  }
  for my $q (@asked) {
    next if $q->{by} eq "dr" or $q->{rip} ne $dst;
    next if $proto == 17 ? ($q->{by} ne "gue" or length $rest < 4 or unpack("x2 n", $rest) != $q->{tunnel_port}) : ($proto != 4 and $proto != 41 and $proto != 47);
    $q->{no_tunnel} = 1;
  }
}
sub hear {
  my ($v6, $packet) = @_;
  my ($proto, $src, $data);
  if ($v6) { return if length $packet < 40; ($proto, $src, $data) = (ord substr($packet, 6, 1), substr($packet, 8, 16), substr($packet, 40)) }
  else { return if length $packet < 20; ($proto, $src, $data) = (ord substr($packet, 9, 1), substr($packet, 12, 4), substr($packet, 4 * (ord($packet) & 15))) }
  return hear_tcp($src, $data) if $proto == 6;
  return if $proto != ($v6 ? 58 : 1) or length $data < 8;
  my ($type, $code) = unpack("CC", $data);
  return hear_echo($src, $data) if $type == ($v6 ? 129 : 0);
  hear_error($v6, substr($data, 8)) if $v6 ? ($type == 1 && $code != 0 && $code != 3) || $type == 4 : $type == 3 && $code != 0 && $code != 1;
}

my $base = 61000 + $$ % 500;
for (@ARGV) {
  my ($label, $by, $proto, $vip, $rip, $port, $tunnel_port, $text, $from) = split /,/;
  my $q = { label => $label, by => $by, proto => $proto, vip => pack("H*", $vip), rip => pack("H*", $rip), port => $port,
    tunnel_port => $tunnel_port, text => $text, v6 => length $vip == 32, sport => $base, seq => int(rand(0x7fffffff)) };
  $q->{src} = $from ? pack("H*", $from) : source($q->{rip});
  if (not defined $q->{src}) { $q->{why} = "no-route" }
  elsif ($q->{src} eq $q->{vip}) { $q->{why} = "from-vip" }
  else { $by_port{$base} = $by_port{$base + 1} = $q; push @asked, $q }
  print "asked $label - - - - - $q->{why}\\n" if $q->{why};
  $base += 2;
}
for my $v6 (0, 1) {
  my @family = grep { ($_->{v6} ? 1 : 0) == $v6 } @asked or next;
  socket(my $socket, 17, 2, 0) or give_up("open a packet socket: $!");
  my %from = map { ($_->{vip} => 1, $_->{rip} => 1) } @family;
  # Only what comes from these addresses reaches the socket: on a busy director that is next to nothing.
  my $code = $v6 ? "" : pack("SCCL", 0x20, 0, 0, 12);
  for my $ip (keys %from) {
    my @words = unpack("N*", $ip);
    for my $i (0 .. $#words) {
      $code .= pack("SCCL", 0x20, 0, 0, 8 + 4 * $i) if $v6;
      $code .= pack("SCCL", 0x15, 0, $v6 ? 2 * ($#words - $i) + 1 : 1, $words[$i]);
    }
    $code .= pack("SCCL", 6, 0, 0, 512);
  }
  filter($socket, $code . pack("SCCL", 6, 0, 0, 0));
  my $kind = $v6 ? 0x86dd : 0x0800;
  bind($socket, pack("S n i S C C a8", 17, $kind, 0, 0, 0, 0, "")) or give_up("bind a packet socket: $!");
  $sockets{$v6 ? "p6" : "p4"} = $socket;
}
for my $wait (0.2, 0.8, 1, 1) {
  my $left = $wait;
  my @open = grep { not settled($_) } @asked or last;
  ask($_) for @open;
  while ($left > 0 and grep { not settled($_) } @asked) {
    my $ready = "";
    for (grep { $sockets{$_} } "p4", "p6") { vec($ready, fileno($sockets{$_}), 1) = 1 }
    (my $count, $left) = select($ready, undef, undef, $left);
    last if $count < 1;
    for my $v6 (0, 1) {
      my $socket = $sockets{$v6 ? "p6" : "p4"} or next;
      next unless vec($ready, fileno($socket), 1);
      my $packet = "";
      hear($v6, $packet) if defined recv($socket, $packet, 2048, 0);
    }
  }
}
for my $q (@asked) {
  my @told = map { $_ || "-" } $q->{vip_said}, $q->{own_said}, $q->{vip_echo}, $q->{own_echo};
  my $link = $q->{by} eq "dr" ? $q->{link} || "none" : $q->{no_tunnel} ? "no-tunnel" : "-";
  print "asked $q->{label} @told $link -\\n";
}
print "asked all\\n";
`;
