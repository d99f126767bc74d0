import type { KernelBuild } from '../../../src/kernel/index.js';
import { type Sh, sh, shLines, trusted } from '../../../src/shell/index.js';
import { type Build, make } from './build.js';
import { makefileVersion } from './source.js';
import type { Step } from './step.js';

type Options = KernelBuild['options'];

/** Nothing but our EXTRAVERSION may become part of the release: Kbuild would add these behind it. */
const OWN_RELEASE: Options = { LOCALVERSION: '', LOCALVERSION_AUTO: 'n' };

/** A line of .config. `n` is written as Kconfig does; text is quoted, a number or a hexadecimal one is not. */
export function optionLine(name: string, value: string | number): string {
  if (value === 'n') return `# CONFIG_${name} is not set`;
  const bare =
    typeof value === 'number' || value === 'y' || value === 'm' || /^(0x[0-9a-fA-F]+|-?\d+)$/.test(value);
  return `CONFIG_${name}=${bare ? value : `"${value}"`}`;
}

/**
 * The configuration in the file `base`, on stdout, with these options set over it: what it said of them is gone, as one of two
 * lines on the same option would be read by some versions of make and not by others.
 */
export function withOptions(base: Sh, options: Options): Sh {
  const names = Object.keys(options);
  const lines = names.map((name) => optionLine(name, options[name] ?? 'n'));
  if (names.length === 0) return sh`cat ${base}`;
  // grep's 1 is "no line left", 2 is trouble. A base may end without a newline, which grep mends.
  return shLines(
    sh`{ grep -v -E ${`^(# )?CONFIG_(${names.join('|')})(=| is not set)`} ${base} || [ $? = 1 ]; }`,
    sh`printf '%s\n' ${lines}`,
  );
}

/** `wanted NAME LINE` looks an option up in .config and, where it is otherwise, says so with the likely cause. */
const lookUp = trusted(`
lost=
wanted() {
  case $2 in
    '#'*) grep "^CONFIG_$1=" .config > .lvsctl/found || return 0 ;;
    *) if grep -x -F -e "$2" .config > /dev/null; then return 0; fi ;;
  esac
  is=$(grep -E "^(# )?CONFIG_$1(=| is not set)" .config | sed -n 1p)
  if [ -n "$is" ]; then why="it is now \\"$is\\": what it depends on does not allow more"
  else
    menu=$(find . \\( -name Config.in -o -name config.in -o -name 'Kconfig*' \\) -type f -print | xargs grep -l -w -e "CONFIG_$1" -e "config $1" /dev/null | sed -n 1p)
    if [ -z "$menu" ]; then why='no menu of this tree knows it: the patch or the version that brings it is not in the tree'
    else why="$menu has it, but something that it depends on is not set"; fi
    case $1 in IP_VS*) grep '^CONFIG_NETFILTER=y' .config > /dev/null || why="$why (CONFIG_NETFILTER is not y)" ;; esac
  fi
  lost="$lost
CONFIG_$1: $why"
}
all_kept() {
  [ -z "$lost" ] || fail "options vanished when make went over the configuration:$lost" 'way out: set what they depend on too, or take them out of the profile'
}`);

/** mrproper deletes .config, so the configuration comes after it. */
export function configStep(build: Build): Step {
  const { bundle, release, config, notes } = build;
  const { kernel, build: how } = bundle.profile;
  const base = `${notes}/config-base`;
  const options = { ...how.options, ...(how.flavour === '2.6' && OWN_RELEASE) };
  return {
    name: 'config',
    summary: `configure it as ${release}: ${how.base === 'running' ? "the running kernel's" : how.base}, and ${Object.keys(how.options).length} options`,
    ...(how.base === 'running' && { files: { config: new TextEncoder().encode(`${config}\n`) } }),
    apply: shLines(
      makefileVersion,
      lookUp,
      sh`${make(build)} mrproper > ${`${notes}/mrproper.log`}`,
      sh`is=$(version)`,
      sh`case $is in ${kernel}|${release}) ;; *) fail "the tree calls itself Linux $is, not Linux "${kernel} 'way out: name in the profile what the Makefile says when all patches are in' ;; esac`,
      sh`r=${release}; base=$(release); extra=\${r#"$base"}`,
      sh`sed "s/^EXTRAVERSION[[:space:]]*:*=.*/EXTRAVERSION = $extra/" Makefile > ${`${notes}/Makefile`}; cat ${`${notes}/Makefile`} > Makefile`,
      sh`[ "$(version)" = "$r" ] || fail "EXTRAVERSION could not be set: the Makefile says $(version)"`,
      how.base === 'running'
        ? sh`cat "$LVSCTL_FILES/config" > ${base}`
        : shLines(sh`${make(build)} ${how.base} > ${`${notes}/base.log`}`, sh`cat .config > ${base}`),
      sh`{`,
      withOptions(sh`${base}`, options),
      bundle.profile.own ? undefined : moreSchedulers,
      sh`} > .config`,
      answering(build),
      ...(bundle.profile.own ? [] : build.schedulers).map(
        (name) =>
          sh`[ -f ${`net/ipv4/ipvs/ip_vs_${name}.c`} ] || fail ${`IPVS of this kernel has no scheduler ${name}`} 'way out: choose another one in the inventory (scheduler), or another profile'`,
      ),
      ...Object.entries(how.options).map(([name, value]) => sh`wanted ${name} ${optionLine(name, value)}`),
      sh`all_kept; cat .config > ${`${notes}/config-built`}`,
    ),
  };
}

/** Which IPVS brought these first is not established for all versions: they are built where the source has them. */
const moreSchedulers = sh`for s in sed:SED nq:NQ; do [ ! -f "net/ipv4/ipvs/ip_vs_\${s%:*}.c" ] || echo "CONFIG_IP_VS_\${s#*:}=m"; done`;

/** oldconfig of 2.4 prompts for every new option, and fails at the end of its input; olddefconfig came with 3.7. */
function answering(build: Build): Sh {
  const log = `${build.notes}/oldconfig.log`;
  const failed = sh`{ tail -n 20 ${log} >&2; exit 1; }`;
  const old = sh`yes '' | ${make(build)} oldconfig > ${log} || ${failed}`;
  if (build.bundle.profile.build.flavour === '2.4') return old;
  return shLines(
    sh`if grep -w olddefconfig scripts/kconfig/Makefile > /dev/null 2>&1; then ${make(build)} olddefconfig > ${log} || ${failed}`,
    sh`else ${old}; fi`,
  );
}
