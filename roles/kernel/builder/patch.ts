import { sh, shLines, trusted } from '../../../src/shell/index.js';
import type { Build, Part } from './build.js';
import { markBegun, type Step } from './step.js';

/** What each patch of the profile does to the tree, one step each. */
export function patchSteps(build: Build): Step[] {
  return build.parts.flatMap((part) => {
    if (part.kind === 'patch') return [patchStep(build, part)];
    return part.kind === 'ipvs' ? [ipvsStep(build, part)] : [];
  });
}

/**
 * `rejects LOG` prints the files whose hunks failed, `fuzzy LOG` those that fit by fuzz alone. GNU patch 2.5.4 (Red Hat 9) says
 * "patching file" in a dry run too, later ones "checking file".
 */
const reading = trusted(`
named() { awk -v what="$1" '
  /^(patching|checking) file / { file = $3 }
  $0 ~ what { if (!(file in seen)) { seen[file] = 1; printf "%s%s", sep, file; sep = ", " } }
' "$2"; }
rejects() { named 'FAILED at|malformed patch|No file to patch|ignored' "$1"; }
fuzzy() { named 'with fuzz' "$1"; }`);

/** Tried first without a change: a patch that rejects leaves the tree as it was. */
function patchStep(build: Build, { file, path, step }: Part): Step {
  const { notes, bundle } = build;
  const diff = `${notes}/${step}.diff`;
  const log = `${notes}/${step}.log`;
  return {
    name: step,
    summary: `patch Linux ${bundle.profile.kernel} with ${file}`,
    apply: shLines(
      reading,
      sh`open ${path} > ${diff}`,
      sh`if ! patch -p1 -f --dry-run < ${diff} > ${log} 2>&1; then`,
      sh`  files=$(rejects ${log})`,
      sh`  cat ${log}; name=${file}; kernel=${bundle.profile.kernel}`,
      sh`  fail "$name does not fit Linux $kernel: rejected in \${files:-no file that the tree has}; nothing was changed by it" \
    "$(grep -e FAILED -e malformed -e 'No file' ${log} | sed -n 1,10p)" \
    'way out: take the patch that is made for this kernel (see lvsctl explain), or the kernel that it is made for'`,
      sh`fi`,
      sh`files=$(fuzzy ${log}); if [ -n "$files" ]; then name=${file}; echo "lvsctl: $name fits with fuzz only, in $files: look at these places"; fi`,
      markBegun(build, step),
      sh`patch -p1 -f < ${diff}`,
    ),
  };
}

/** As the tutorial does it, then looked up in the tree: KERNELSOURCE on the command line wins over what the Makefile says. */
function ipvsStep(build: Build, { file, path, step, version }: Part): Step {
  const { notes, tree } = build;
  const folder = `${notes}/ipvs`;
  const code = version
    ?.split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('');
  const kernelSource = `KERNELSOURCE=${tree}`;
  return {
    name: step,
    summary: `patch the kernel with ${file}, and put IPVS into its source`,
    apply: shLines(
      sh`rm -rf ${folder}; mkdir ${folder}; cd ${folder}; unpack ${path}; d=$(top); cd "$d"; name=${file}`,
      markBegun(build, step),
      sh`make patchkernel ${kernelSource} || fail "make patchkernel of $name failed: its patches do not fit this kernel" 'way out: take the IPVS that is made for it (see lvsctl explain)'`,
      sh`make installsource ${kernelSource}`,
      sh`cd ${tree}; rm -rf ${folder}`,
      sh`lost() { fail "$name was applied, and yet $1" "way out: look into the log above; the tree is unpacked anew by the next run"; }`,
      sh`rejected=$(find net include kernel -name '*.rej' -print | sed -n 1p); [ -z "$rejected" ] || lost "there are rejects: $rejected"`,
      sh`[ -f net/ipv4/ipvs/ip_vs_core.c ] || lost 'there is no net/ipv4/ipvs/ip_vs_core.c in the tree'`,
      sh`grep 'net/ipv4/ipvs/Config.in' net/Config.in net/ipv4/Config.in > /dev/null 2>&1 || lost 'no menu of net/ leads to net/ipv4/ipvs/Config.in'`,
      code !== undefined &&
        sh`cat include/net/ip_vs.h net/ipv4/ipvs/ip_vs.h 2>/dev/null | grep -i ${`IP_VS_VERSION_CODE[[:space:]]*0x${code}`} > /dev/null || lost ${`its ip_vs.h is not that of IPVS ${version} (IP_VS_VERSION_CODE 0x${code})`}`,
    ),
  };
}
