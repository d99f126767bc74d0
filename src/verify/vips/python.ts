/**
 * {@link vipPerl} once more, for a host without perl, by Python 3 of any age: same arguments, same packets, same lines. 26 is
 * SO_ATTACH_FILTER.
 */
export const vipPython = `
import ctypes, os, random, select, socket, struct, subprocess, sys, time
SYN, RST = 2, 4
asked, by_port, raws, taps = [], {}, {}, {}

def checksum(data):
    data += b"\\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

class Question:
    def __init__(self, word, sport):
        label, by, proto, vip, rip, port, tunnel_port, text, source = word.split(",")
        self.label, self.by, self.text = label, by, text
        self.syn, self.port, self.tunnel_port = proto == "tcp", int(port), int(tunnel_port)
        self.vip, self.rip = bytes.fromhex(vip), bytes.fromhex(rip)
        self.v6 = len(self.vip) == 16
        self.family = socket.AF_INET6 if self.v6 else socket.AF_INET
        self.kind = 0x86dd if self.v6 else 0x0800
        self.ping = 58 if self.v6 else 1
        self.sport, self.seq = sport, random.randrange(0x7fffffff)
        self.said = {"vip": "-", "own": "-"}
        self.echoed = {"vip": "-", "own": "-"}
        self.to, self.link = None, "none" if by == "dr" else "-"
        self.source = bytes.fromhex(source) if source else self.kernels_choice()

    def kernels_choice(self):
        try:
            with socket.socket(self.family, socket.SOCK_DGRAM) as probe:
                probe.connect((self.text, 9))
                return socket.inet_pton(self.family, probe.getsockname()[0].split("%")[0])
        except OSError:
            return None

    def address(self, where):
        return self.vip if where == "vip" else self.rip

    def over(self, target, proto, length):
        head = struct.pack("!I3xB", length, proto) if self.v6 else struct.pack("!xBH", proto, length)
        return self.source + target + head

    def tcp(self, where, seq, flags):
        mss = struct.pack("!BBH", 2, 4, 1220 if self.v6 else 536) if flags & SYN else b""
        sport = self.sport + (where == "own")
        def text(total):
            return struct.pack("!HHIIHHHH", sport, self.port, seq, 0, ((20 + len(mss)) // 4 << 12) | flags, 8192, total, 0) + mss
        return text(checksum(self.over(self.address(where), 6, 20 + len(mss)) + text(0)))

    def echo(self, where):
        words = b"lvsctl asks for the VIP"
        def text(total):
            return struct.pack("!BBHHH", 128 if self.v6 else 8, 0, total, self.sport + (where == "own"), 1) + words
        head = self.over(self.address(where), 58, 8 + len(words)) if self.v6 else b""
        return text(checksum(head + text(0)))

    def packet(self, proto, data):
        if self.v6:
            return struct.pack("!IHBB", 0x60000000, len(data), proto, 64) + self.source + self.vip + data
        def head(total):
            return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), os.getpid() & 0xffff, 0x4000, 64, proto, total) + self.source + self.vip
        return head(checksum(head(0))) + data

    def raw(self, proto):
        key = (self.family, proto, self.source)
        if key not in raws:
            one = socket.socket(self.family, socket.SOCK_DGRAM if proto == 17 else socket.SOCK_RAW, proto)
            if proto != 17:
                attach(one, [(6, 0, 0, 0)])
            one.bind((socket.inet_ntop(self.family, self.source), 0))
            raws[key] = one
        return raws[key]

    def send_own(self, proto, data):
        quietly(self.raw(proto).sendto, data, (self.text, 0))

    def send_vip(self, proto, data):
        packet = self.packet(proto, data)
        inner = 41 if self.v6 else 4
        if self.by == "dr":
            quietly(taps[self.kind].sendto, packet, self.to)
        elif self.by == "ipip":
            quietly(self.raw(inner).sendto, packet, (self.text, 0))
        elif self.by == "gue":
            quietly(self.raw(17).sendto, struct.pack("!BBH", 0, inner, 0) + packet, (self.text, self.tunnel_port))
        else:
            head = struct.pack("!HH", 0, self.kind)
            if self.by == "gre-checksum":
                head = struct.pack("!HHHH", 0x8000, self.kind, 0, 0)
                head = struct.pack("!HHHH", 0x8000, self.kind, checksum(head + packet), 0)
            quietly(self.raw(47).sendto, head + packet, (self.text, 0))

    def neighbour(self):
        device = mac = None
        if self.v6:
            try:
                listed = subprocess.Popen(["ip", "-6", "neigh", "show", self.text], stdout=subprocess.PIPE).communicate()[0]
            except OSError:
                return
            for line in listed.decode("latin-1").splitlines():
                words = line.split()
                if "dev" in words and "lladdr" in words:
                    device, mac = words[words.index("dev") + 1], words[words.index("lladdr") + 1]
        else:
            with open("/proc/net/arp") as table:
                for line in list(table)[1:]:
                    ip, _, flags, found, _, on = line.split()
                    if ip == self.text and int(flags, 16) & 2:
                        device, mac = on, found
        try:
            hardware = bytes.fromhex(mac.replace(":", ""))
            socket.if_nametoindex(device)
        except (AttributeError, ValueError, OSError):
            return
        if len(hardware) == 6:
            self.link, self.to = mac, (device, self.kind, 0, 0, hardware)

    def settled(self):
        return (self.said if self.syn else self.echoed)["vip"] != "-"

    def ask(self):
        if self.syn and self.said["own"] == "-":
            self.send_own(6, self.tcp("own", self.seq, SYN))
        if self.echoed["own"] == "-":
            self.send_own(self.ping, self.echo("own"))
        if self.by == "dr":
            self.neighbour()
            if self.to is None:
                return
        if self.syn and self.said["vip"] == "-":
            self.send_vip(6, self.tcp("vip", self.seq, SYN))
        if self.echoed["vip"] == "-":
            self.send_vip(self.ping, self.echo("vip"))

def quietly(send, *words):
    try:
        send(*words)
    except OSError:
        pass

def attach(one, code):
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    head = struct.pack("HL", len(code), ctypes.addressof(program))
    quietly(one.setsockopt, socket.SOL_SOCKET, 26, head)

def tap(kind, questions):
    one = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(kind))
    v6 = kind == 0x86dd
    code = [] if v6 else [(0x20, 0, 0, 12)]
    for ip in set([q.vip for q in questions] + [q.rip for q in questions]):
        words = struct.unpack("!%dI" % (len(ip) // 4), ip)
        for i, word in enumerate(words):
            if v6:
                code.append((0x20, 0, 0, 8 + 4 * i))
            code.append((0x15, 0, 2 * (len(words) - 1 - i) + 1, word))
        code.append((6, 0, 0, 512))
    attach(one, code + [(6, 0, 0, 0)])
    taps[kind] = one

def hear_tcp(source, data):
    sport, dport, _, ack, flags = struct.unpack("!HHIIH", data[:14])
    q = by_port.get(dport)
    if not q:
        return
    where = "vip" if dport == q.sport else "own"
    if source != q.address(where) or sport != q.port or ack != q.seq + 1:
        return
    said = "accepted" if flags & 0x12 == 0x12 else "refused" if flags & RST else None
    if not said:
        return
    if q.said[where] == "-":
        q.said[where] = said
    if said == "accepted":
        (q.send_vip if where == "vip" else q.send_own)(6, q.tcp(where, ack, RST))

def hear_echo(source, data):
    number = struct.unpack("!H", data[4:6])[0]
    q = by_port.get(number)
    where = "vip" if q and number == q.sport else "own"
    if q and source == q.address(where):
        q.echoed[where] = "echo"

def hear_error(v6, quoted):
    if len(quoted) < (44 if v6 else 24):
        return
    proto, target, rest = (quoted[6], quoted[24:40], quoted[40:]) if v6 else (quoted[9], quoted[16:20], quoted[4 * (quoted[0] & 15):])
    if proto == 6 and len(rest) >= 2:
        sport = struct.unpack("!H", rest[:2])[0]
        q = by_port.get(sport)
        if q:
            where = "vip" if sport == q.sport else "own"
            if q.said[where] == "-":
                q.said[where] = "rejected"
        return
    for q in asked:
        if q.by == "dr" or q.rip != target:
            continue
        if proto in (4, 41, 47) or (proto == 17 and q.by == "gue" and rest[2:4] == struct.pack("!H", q.tunnel_port)):
            q.link = "no-tunnel"

def hear(v6, packet):
    if len(packet) < (40 if v6 else 20):
        return
    proto, source, data = (packet[6], packet[8:24], packet[40:]) if v6 else (packet[9], packet[12:16], packet[4 * (packet[0] & 15):])
    if proto == 6 and len(data) >= 20:
        hear_tcp(source, data)
    if proto != (58 if v6 else 1) or len(data) < 8:
        return
    kind, code = data[0], data[1]
    if kind == (129 if v6 else 0):
        hear_echo(source, data)
    elif (kind == 4 or kind == 1 and code not in (0, 3)) if v6 else (kind == 3 and code not in (0, 1)):
        hear_error(v6, data[8:])

def run():
    base = 61000 + os.getpid() % 500
    for word in sys.argv[1:]:
        q = Question(word, base)
        base += 2
        why = "no-route" if q.source is None else "from-vip" if q.source == q.vip else None
        if why:
            print("asked %s - - - - - %s" % (q.label, why))
            continue
        by_port[q.sport] = by_port[q.sport + 1] = q
        asked.append(q)
    for kind in set(q.kind for q in asked):
        tap(kind, [q for q in asked if q.kind == kind])
    for wait in (0.2, 0.8, 1, 1):
        if all(q.settled() for q in asked):
            break
        for q in asked:
            if not q.settled():
                q.ask()
        end = time.time() + wait
        while not all(q.settled() for q in asked):
            left = end - time.time()
            ready = select.select(list(taps.values()), [], [], left)[0] if left > 0 else []
            if not ready:
                break
            for one in ready:
                packet, (_, kind) = (lambda told: (told[0], told[1][:2]))(one.recvfrom(2048))
                hear(kind == 0x86dd, packet)
    for q in asked:
        print("asked", q.label, q.said["vip"], q.said["own"], q.echoed["vip"], q.echoed["own"], q.link, "-")
    print("asked all")

try:
    run()
except OSError as error:
    print("cannot open a packet socket: %s" % error.strerror)
`;
