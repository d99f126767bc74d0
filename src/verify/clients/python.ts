import { answerSeconds, dnsQuestion } from './datagram.js';

/**
 * One lane of connections for a probe host without a bash that has /dev/tcp; arguments and output as in {@link bashWorker}.
 * Python 3 of any age.
 */
export const pythonLane = `
import socket, ssl, sys
kind, limit, address, port = sys.argv[1], float(sys.argv[2]), sys.argv[3], int(sys.argv[4])
state = {"login": True, "patience": min(4.0, limit - 1), "hung": 0, "answer": min(${answerSeconds}, limit), "unanswered": 0}

class Failed(Exception):
    pass

def line_of(stream):
    line = stream.readline(4096)
    if not line:
        raise Failed("closed without a word")
    return line.decode("latin-1").rstrip("\\r\\n")

def reply(stream):
    text = []
    while True:
        line = line_of(stream)
        text.append(line)
        if line[:3].isdigit() and line[3:4] in ("", " "):
            return " ".join(text), line

def ftp(s, stream):
    banner, last = reply(stream)
    if not last.startswith("220"):
        raise Failed(banner)
    status = "answer"
    try:
        if state["login"]:
            s.sendall(b"USER anonymous\\r\\n")
            last = reply(stream)[1]
            if last.startswith("331"):
                s.sendall(b"PASS lvsctl@\\r\\n")
                last = reply(stream)[1]
            if last.startswith("230"):
                status = "login"
            elif last.startswith("530"):
                state["login"] = False
        s.sendall(b"QUIT\\r\\n")
        s.settimeout(1)
        stream.readline(4096)
    except (OSError, Failed):
        pass
    return status, banner

def http(s, stream):
    host = "[" + address + "]" if ":" in address else address
    s.sendall(("GET / HTTP/1.0\\r\\nHost: " + host + "\\r\\nUser-Agent: lvsctl\\r\\nConnection: close\\r\\n\\r\\n").encode())
    first = line_of(stream)
    if not first.startswith("HTTP/"):
        raise Failed("no HTTP answer")
    if first.split(" ")[1:2][0][:1] == "5":
        raise Failed(first)
    text = []
    try:
        while line_of(stream):
            pass
        while sum(map(len, text)) < 600:
            text.append(line_of(stream))
    except (OSError, Failed):
        pass
    return "answer", " ".join(text)

def greeting(s, stream):
    if state["patience"]:
        s.settimeout(state["patience"])
        try:
            line = line_of(stream)
            if line:
                return "answer", line
        except (OSError, Failed):
            pass
        state["patience"] = 0
    return "open", ""

# A port that is used again belongs to its earlier flow: none is given back while the lane lasts, or for long.
held = []

def datagram():
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    held.append(s)
    if len(held) > 200:
        held.pop(0).close()
    s.settimeout(state["answer"])
    s.connect((address, port))
    s.send(b"${dnsQuestion}" if kind == "dns" else b"\\n")
    try:
        text = s.recv(65535)
    except socket.timeout:
        state["unanswered"] += 1
        if state["unanswered"] > 1:
            state["answer"] = 1
        return "sent", ""
    return "answer", "" if kind == "dns" else text.decode("latin-1")

def once():
    if kind in ("datagram", "dns"):
        return datagram()
    s = socket.create_connection((address, port), limit)
    try:
        if kind == "https":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            s = context.wrap_socket(s)
        stream = s.makefile("rb")
        if kind == "ftp":
            return ftp(s, stream)
        if kind in ("http", "https"):
            return http(s, stream)
        if kind == "greeting":
            return greeting(s, stream)
        return "open", ""
    finally:
        s.close()

for label in sys.argv[5:]:
    try:
        status, text = once()
    except socket.timeout:
        status, text = "fail", "no answer within %g s" % limit
        state["hung"] += 1
        if state["hung"] > 1:
            limit = 3.0
    except Failed as e:
        status, text = "fail", str(e)
    except OSError as e:
        status, text = "fail", e.strerror or str(e)
    text = "".join(c if " " <= c else " " for c in text)[:600]
    sys.stdout.buffer.write(("= %s %s %s\\n" % (label, status, text)).encode("latin-1", "replace"))
    sys.stdout.flush()
`;
