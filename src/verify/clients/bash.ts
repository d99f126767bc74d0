import { answerSeconds, dnsQuestion } from './datagram.js';

/**
 * One lane of connections by bash's own /dev/tcp, from bash 2.05b (Red Hat 9) on: one process for all connections of the lane,
 * no fork for each. Arguments: kind, limit in seconds, address, port, then a label for each connection.
 * The worker's first line is its process id: without it a worker that is only slow to start couldn't be ended.
 * Opening a socket can't be bounded inside bash, so the worker says `step` before each step, and the lane, which reads that
 * with a time limit, kills a worker that hangs and starts another one for the rest.
 */
export const bashLane = `
worker=$1 kind=$2 limit=$3 address=$4 port=$5
shift 5
hung=0
while [ $# -gt 0 ]; do
  exec 4< <(exec bash --norc -c "$worker" bash "$kind" "$limit" "$address" "$port" "$@" 2>&1)
  IFS= read -r -t 60 pid <&4
  why=
  while [ $# -gt 0 ]; do
    if IFS= read -r -t "$limit" line <&4; then
      case $line in
        step) ;;
        '= '*) printf '%s\\n' "$line"; shift; why= ;;
        failed) printf '= %s fail %s\\n' "$1" "\${why:-closed without a word}"; shift; why= ;;
        'why '*) why=\${line#why } ;;
        *) why=\${line##*: } ;;
      esac
    else
      kill -9 "$pid" 2>/dev/null
      printf '= %s fail %s\\n' "$1" "\${why:-no answer within $limit s}"
      shift
      hung=$((hung + 1))
      [ "$hung" -lt 2 ] || limit=3
      break
    fi
  done
  exec 4<&-
done
`;

/** What {@link bashLane} runs; prints `= LABEL STATUS TEXT` for each connection that worked, `failed` for one that did not. */
export const bashWorker = `
kind=$1 limit=$2 address=$3 port=$4
shift 4
trap '' PIPE
echo "$$"
cr=$(printf '\\r')
login=yes wait=$((limit - 1))
patience=4
[ "$wait" -gt 4 ] || patience=$wait
reply() {
  text=
  while IFS= read -r -t "$wait" line <&3; do
    line=\${line%$cr}
    text="$text\${text:+ }$line"
    case $line in [0-9][0-9][0-9]' '*|[0-9][0-9][0-9]) return 0 ;; esac
  done
  return 1
}
result() { printf '= %s %s %s\\n' "$label" "$1" "\${2:0:600}"; }
talk_ftp() {
  echo step
  reply || { printf 'why %s\\n' "no FTP greeting"; return 1; }
  banner=$text status=answer
  case $banner in 220*) ;; *) printf 'why %s\\n' "$banner"; return 1 ;; esac
  if [ "$login" = yes ]; then
    echo step
    printf 'USER anonymous\\r\\n' >&3
    if reply; then
      case $line in
        331*) echo step; printf 'PASS lvsctl@\\r\\n' >&3; reply ;;
      esac
      case $line in 230*) status=login ;; 530*) login=no ;; esac
    fi
  fi
  printf 'QUIT\\r\\n' >&3
  IFS= read -r -t 1 line <&3
  result "$status" "$banner"
}
talk_http() {
  echo step
  host=$address
  case $host in *:*) host="[$host]" ;; esac
  printf 'GET / HTTP/1.0\\r\\nHost: %s\\r\\nUser-Agent: lvsctl\\r\\nConnection: close\\r\\n\\r\\n' "$host" >&3
  IFS= read -r -t "$wait" first <&3 || { echo 'why no HTTP answer'; return 1; }
  first=\${first%$cr}
  case $first in
    'HTTP/'*' 5'*) printf 'why %s\\n' "$first"; return 1 ;;
    'HTTP/'*) ;;
    *) echo 'why no HTTP answer'; return 1 ;;
  esac
  while IFS= read -r -t "$wait" line <&3; do
    line=\${line%$cr}
    [ -n "$line" ] || break
  done
  text= line=
  while [ \${#text} -lt 600 ]; do
    IFS= read -r -t "$wait" line <&3 || [ -n "$line" ] || break
    text="$text\${text:+ }\${line%$cr}" line=
  done
  result answer "$text"
}
talk_greeting() {
  line=
  if [ "$patience" -gt 0 ]; then
    echo step
    IFS= read -r -t "$patience" line <&3
  fi
  line=\${line%$cr}
  if [ -n "$line" ]; then result answer "$line"; else patience=0; result open; fi
}
talk_connect() { result open; }
answer=${answerSeconds}
[ "$limit" -ge "$answer" ] || answer=$limit
missed=0
talk_datagram() { printf '\\n' >&3 && heard; }
talk_dns() { printf '${dnsQuestion}' >&3 && heard; }
heard() {
  echo step
  begun=$SECONDS
  IFS= read -r -n 1 -t "$answer" line <&3
  status=$?
  if [ "$status" -eq 0 ]; then
    result answer
  elif [ "$status" -gt 128 ] || [ $((SECONDS - begun)) -ge 1 ]; then
    missed=$((missed + 1))
    [ "$missed" -lt 2 ] || answer=1
    result sent
  else
    return 1
  fi
}
family=tcp
case $kind in datagram|dns) family=udp ;; esac
for label in "$@"; do
  echo step
  { "talk_$kind" || echo failed; } 3<>"/dev/$family/$address/$port" || echo failed
done
`;
