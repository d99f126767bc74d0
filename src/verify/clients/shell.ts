import { type Sh, sh } from '../../shell/index.js';
import { answerSeconds, dnsQuestion } from './datagram.js';

/**
 * `bounded SECONDS COMMAND…`: runs it, killed when the time is over; timeout(1) is younger than Red Hat 9.
 * The way over descriptor 5 keeps its stdin, which a shell takes away from what runs in the background.
 */
export const bounded: Sh = sh`
bounded() {
  bounded_limit=$1
  shift
  { "$@" <&5 5<&- & } 5<&0
  bounded_child=$!
  ( sleep "$bounded_limit"; kill "$bounded_child" ) >/dev/null 2>&1 &
  bounded_guard=$!
  wait "$bounded_child"
  bounded_status=$?
  kill "$bounded_guard" 2>/dev/null
  return $bounded_status
}`;

/** A lane by curl, for HTTP and HTTPS: one process a connection. Arguments and output as in the bash worker. */
export const curlLane: Sh = sh`
lane() {
  kind=$1 limit=$2 address=$3 port=$4
  shift 4
  case $address in *:*) address="[$address]" ;; esac
  for label in "$@"; do
    if text=$(curl -g -s -S -k -m "$limit" -H 'Connection: close' -w ' %{http_code}' "$kind://$address:$port/" 2>&1); then
      state=answer
      case $text in *' 5'[0-9][0-9]) state=fail ;; esac
      text=$(printf '%s\n' "$text" | sed '$s/ [0-9]*$//')
    else
      state=fail
    fi
    printf '= %s %s %s\n' "$label" "$state" "$(printf '%s\n' "$text" | tr '\r\n\t' '   ' | cut -c1-600)"
  done
}`;

/**
 * A lane by some netcat, the last resort: one process and more a connection, no dialogue, so the FTP commands are sent at once.
 * netcats disagree on exit status and options but for -w (and -u), so a silent service can't be told from a dead one:
 * it is `fail`.
 */
export const netcatLane: Sh = sh`
say() {
  case $kind in
    ftp) printf 'USER anonymous\r\nPASS lvsctl@\r\nQUIT\r\n' ;;
    http) printf 'GET / HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n' "$address" ;;
    datagram) printf '\n' ;;
    dns) printf ${dnsQuestion} ;;
    *) sleep 2 ;;
  esac
}
lane() {
  kind=$1 limit=$2 address=$3 port=$4
  shift 4
  flag=
  case $kind in datagram|dns) flag=-u limit=${answerSeconds} ;; esac
  for label in "$@"; do
    text=$(say 2>/dev/null | if [ -n "$flag" ]; then
        bounded "$limit" $netcat -u -w "$limit" "$address" "$port" 2>/dev/null
      else
        bounded "$limit" $netcat -w "$limit" "$address" "$port" 2>&1
      fi | tr -d '\r')
    first=$(printf '%s\n' "$text" | sed -n 1p)
    state=fail
    case $kind in
      ftp)
        case $first in 220*) state=answer ;; esac
        case $state$text in answer*'
230'*) state=login ;; esac
        text=$(printf '%s\n' "$text" | sed '/^[0-9][0-9][0-9] /q;/^[0-9][0-9][0-9]$/q') ;;
      http)
        case $first in HTTP/*' '5*) text=$first ;; HTTP/*) state=answer; text=$(printf '%s\n' "$text" | sed '1,/^$/d') ;; esac ;;
      datagram) state=sent
        [ -z "$text" ] || state=answer ;;
      dns) state=sent
        [ -z "$text" ] || state=answer
        text= ;;
      *) [ -z "$first" ] || state=answer
         text=$first ;;
    esac
    [ "$state" != fail ] || [ -n "$text" ] || text="no answer within $limit s"
    printf '= %s %s %s\n' "$label" "$state" "$(printf '%s\n' "$text" | tr '\n\t' '  ' | cut -c1-600)"
  done
}`;
