import { answerSeconds, dnsQuestion } from './datagram.js';

/** One lane of connections by perl 5.8 or newer; arguments and output as in {@link bashWorker}. */
export const perlLane = `
use strict;
use IO::Socket;
my ($kind, $limit, $address, $port, @labels) = @ARGV;
my $class = "IO::Socket::INET";
if ($address =~ /:/) { require IO::Socket::IP; $class = "IO::Socket::IP"; }
$| = 1;
$SIG{PIPE} = "IGNORE";
$SIG{ALRM} = sub { die "no answer within $limit s\\n" };
my ($login, $patience, $hung) = (1, $limit > 5 ? 4 : $limit - 1, 0);
my ($wait, $unanswered) = ($limit < ${answerSeconds} ? $limit : ${answerSeconds}, 0);
sub line_of {
  my $line = readline($_[0]);
  die "closed without a word\\n" unless defined $line;
  $line =~ s/[\\r\\n]+$//;
  return $line;
}
sub reply {
  my @text;
  while (1) {
    my $line = line_of($_[0]);
    push @text, $line;
    return (join(" ", @text), $line) if $line =~ /^\\d\\d\\d( |$)/;
  }
}
sub ftp {
  my $s = $_[0];
  my ($banner, $last) = reply($s);
  die "$banner\\n" unless $last =~ /^220/;
  my $status = "answer";
  eval {
    if ($login) {
      print $s "USER anonymous\\r\\n";
      (undef, $last) = reply($s);
      if ($last =~ /^331/) { print $s "PASS lvsctl\\@\\r\\n"; (undef, $last) = reply($s); }
      if ($last =~ /^230/) { $status = "login"; } elsif ($last =~ /^530/) { $login = 0; }
    }
    print $s "QUIT\\r\\n";
    alarm 1;
    readline($s);
  };
  return ($status, $banner);
}
sub http {
  my $s = $_[0];
  my $host = $address =~ /:/ ? "[$address]" : $address;
  print $s "GET / HTTP/1.0\\r\\nHost: $host\\r\\nUser-Agent: lvsctl\\r\\nConnection: close\\r\\n\\r\\n";
  my $first = line_of($s);
  die "no HTTP answer\\n" unless $first =~ m{^HTTP/};
  die "$first\\n" if $first =~ m{^\\S+ 5};
  my $text = "";
  eval {
    while (length line_of($s)) {}
    while (length $text < 600) { my $line = line_of($s); $text .= (length $text ? " " : "") . $line; }
  };
  return ("answer", $text);
}
sub greeting {
  my $s = $_[0];
  if ($patience) {
    alarm $patience;
    my $line = eval { line_of($s) };
    return ("answer", $line) if defined $line and length $line;
    $patience = 0;
  }
  return ("open", "");
}
# A port that is used again belongs to its earlier flow: none is given back while the lane lasts, or for long.
my @held;
sub datagram {
  my $s = $_[0];
  push @held, $s;
  shift @held if @held > 200;
  syswrite($s, $kind eq "dns" ? "${dnsQuestion}" : "\\n");
  my $ready = "";
  vec($ready, fileno($s), 1) = 1;
  if (!select($ready, undef, undef, $wait)) {
    $wait = 1 if ++$unanswered > 1;
    return ("sent", "");
  }
  defined(sysread($s, my $text, 65535)) or die "$!\\n";
  return ("answer", $kind eq "dns" ? "" : $text);
}
for my $label (@labels) {
  my ($status, $text) = eval {
    alarm $limit;
    my $s = $class->new(PeerAddr => $address, PeerPort => $port, Proto => $kind =~ /^d/ ? "udp" : "tcp")
      or die "$!\\n";
    return datagram($s) if $kind =~ /^d/;
    return ftp($s) if $kind eq "ftp";
    return http($s) if $kind eq "http";
    return greeting($s) if $kind eq "greeting";
    return ("open", "");
  };
  my $why = $@;
  alarm 0;
  if (!defined $status) {
    ($status, $text) = ("fail", $why);
    if ($why =~ /^no answer/) { $hung++; $limit = 3 if $hung > 1; }
  }
  $text =~ s/[\\x00-\\x1f]/ /g;
  $text =~ s/ +$//;
  print "= $label $status " . substr($text, 0, 600) . "\\n";
}
`;
