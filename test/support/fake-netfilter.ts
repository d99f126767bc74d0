/**
 * arptables(8) in sh, with its rules in a folder: `jf` is Red Hat's (chains IN and OUT, a table of columns, as field notes show it),
 * `later` the one of the ebtables project (as 0.0.5 prints it).
 */
export function fakeArptables(state: string, kind: 'jf' | 'later'): string {
  const [input, output] = kind === 'jf' ? ['IN', 'OUT'] : ['INPUT', 'OUTPUT'];
  const columns = `function any(a) { return a == "-" ? "0.0.0.0/0" : a }
    BEGIN { print "target     source-ip            destination-ip       source-hw          destination-hw     hlen   op         hrd        pro       " }
    { printf "%-10s %-20s %-20s %-18s %-18s %-6s %-10s %-10s %-10s", $1, any($2), any($3), "00/00", "00/00", "any", "0000/0000", "0000/0000", "0000/0000"
      if (NF > 3) printf " %s %s", $4, $5
      print "" }`;
  const options = `{ printf "-j %s ", $1
      if ($2 != "-") printf "-s %s ", $2
      if ($3 != "-") printf "-d %s ", $3
      if (NF > 3) printf "%s %s ", $4, $5
      print "" }`;
  return `state='${state}'
touch "$state/${input}" "$state/${output}"
bad() { echo "arptables: $*" >&2; exit 2; }
known() { case $1 in ${input}|${output}) ;; *) bad "Table does not exist (do you need to insmod?)" ;; esac; }
rule() {
  source=- destination=- target= rest=
  while [ $# -gt 0 ]; do
    case $1 in
    -s) source=$2 ;;
    -d) destination=$2 ;;
    -j) target=$2 ;;
    --mangle-ip-s) rest=" --mangle-ip-s $2" ;;
    *) bad "unknown option $1" ;;
    esac
    shift 2
  done
  [ -n "$target" ] || bad 'no target'
  line="$target $source $destination$rest"
}
show() {
  echo "Chain $1 (policy ACCEPT)"
  awk '${kind === 'jf' ? columns : options}' "$state/$1"
  echo
}
command=$1
case $command in
# The host's /proc is not faked: by this name the list is asked for in any case.
-V) echo 'arptables v0.0.5 (nf_tables)' ;;
-L)
  shift
  [ "$1" = -n ] && shift
  if [ $# -gt 0 ]; then known "$1"; show "$1"; else show ${input}; show ${output}; fi ;;
-I|-D)
  known "$2"
  chain=$state/$2
  shift 2
  rule "$@"
  if [ "$command" = -I ]; then { echo "$line"; cat "$chain"; } > "$state/new"
  else
    number=$(grep -Fxn -e "$line" "$chain" | head -n 1)
    [ -n "$number" ] || bad 'Bad rule (does a matching rule exist in that chain?)'
    sed "\${number%%:*}d" "$chain" > "$state/new"
  fi
  mv "$state/new" "$chain" ;;
*) bad "unknown command $command" ;;
esac`;
}

/** iptables(8) with the table nat's chain PREROUTING: knows what 1.2.7a knew, and lists as it did; or, `modern`, as 1.8.9. */
export function fakeIptables(state: string, kind: '1.2.7a' | 'modern'): string {
  return `state='${state}'
touch "$state/rules"
bad() { echo "iptables ${kind}: $*" >&2; exit 2; }
[ "$1" = -V ] && { echo 'iptables v${kind} (nf_tables)'; exit 0; }
[ "$1 $2" = '-t nat' ] || bad "not the table nat: $*"
command=$3
[ "$4" = PREROUTING ] || bad "not the chain PREROUTING: $*"
shift 4
case $command in
-L)
  verbose=
  for word in "$@"; do case $word in -n) ;; -v) verbose=1 ;; *) bad "unknown option $word" ;; esac; done
  echo 'Chain PREROUTING (policy ACCEPT)'
  awk -v verbose="$verbose" '
    BEGIN { number["tcp"] = ${kind === 'modern' ? '6' : '"tcp"'}; number["udp"] = ${kind === 'modern' ? '17' : '"udp"'} }
    { port = $4 == "-" ? "" : "redir ports " $4 " "
      if (verbose) printf "    3   180 %-9s %-4s --  *      *       %-20s %-20s%s dpt:%s %s\\n", "REDIRECT", number[$1], "0.0.0.0/0", $2, $1, $3, port
      else printf "%-10s %-4s --  %-20s %-20s%s dpt:%s %s\\n", "REDIRECT", number[$1], "0.0.0.0/0", $2, $1, $3, port }' "$state/rules" ;;
-I|-A)
  to=-
  while [ $# -gt 0 ]; do
    case $1 in
    -p) protocol=$2 ;;
    -d) vip=$2 ;;
    --dport) port=$2 ;;
    -j) [ "$2" = REDIRECT ] || bad "target $2" ;;
    --to-ports) to=$2 ;;
    *) bad "unknown option $1" ;;
    esac
    shift 2
  done
  { echo "$protocol $vip $port $to"; cat "$state/rules"; } > "$state/new"
  mv "$state/new" "$state/rules" ;;
*) bad "unknown command $command" ;;
esac`;
}
