import { type Sh, sh, shLines, trusted } from '../../../src/shell/index.js';
import { type Build, LINK, make, type Part, SOURCES } from './build.js';
import type { Step } from './step.js';

/**
 * `expecting TARGET…` says how many files make would compile for it. make -n tells, at the price of some seconds; no process of it may
 * take more than a minute of the processor, and without an answer there is only no share to be shown.
 */
const expecting = (build: Build): Sh =>
  shLines(
    trusted('expecting() {'),
    sh`  n=$( ( ulimit -t 60; ${make(build)} -n "$@" 2>/dev/null ) | grep -c -e ' -c -o ' ) || :`,
    trusted('  case $n in 0|"") ;; *) echo "lvsctl: expecting $n files" ;; esac\n}'),
  );

export function compileSteps(build: Build): Step[] {
  const { flavour, image } = build.bundle.profile.build;
  const jobs = `-j${Math.max(1, build.processors)}`;
  const steps: Step[] = [
    {
      name: 'image',
      summary: `compile the kernel (make ${jobs} ${image.target})`,
      apply: shLines(
        expecting(build),
        sh`expecting ${image.target}`,
        sh`${make(build)} ${jobs} ${image.target}`,
        sh`for f in ${image.path} System.map; do [ -f "$f" ] || fail "make has ended well, and yet there is no $f in the tree"; done`,
      ),
    },
    {
      name: 'modules',
      summary: `compile the modules (make ${jobs} modules)`,
      apply: shLines(expecting(build), sh`expecting modules`, sh`${make(build)} ${jobs} modules`),
    },
  ];
  // -j is not for dep: its parts write the same files.
  if (flavour === '2.4')
    steps.unshift({
      name: 'dep',
      summary: 'find its dependencies (make dep clean)',
      apply: shLines(sh`${make(build)} dep`, sh`${make(build)} clean`),
    });
  return steps;
}

/** What depmod says of a symbol that nobody has: modutils of the 2.4 era, and kmod. */
const UNRESOLVED = 'unresolved|unknown symbol';

/** The tree's products in a folder laid out as a root: what a node gets. Symbols are checked against this very kernel. */
export function stageStep(build: Build): Step {
  const { root, release, notes, bundle } = build;
  const modules = `${root}/lib/modules`;
  const log = `${notes}/depmod.log`;
  return {
    name: 'stage',
    summary: 'gather image, System.map and modules, and look for unresolved symbols',
    apply: shLines(
      sh`rm -rf ${root}; mkdir -p ${`${root}/boot`} ${modules}`,
      sh`${make(build)} modules_install ${`INSTALL_MOD_PATH=${root}`} > ${`${notes}/modules_install.log`} || { tail -n 20 ${`${notes}/modules_install.log`} >&2; exit 1; }`,
      sh`names=$(cd ${modules}; echo *); [ "$names" = ${release} ] || fail "modules_install made lib/modules/$names, and "${release}" was expected"`,
      // They point into this tree, which other hosts do not have.
      sh`rm -f ${`${modules}/${release}/build`} ${`${modules}/${release}/source`}`,
      sh`cp ${bundle.profile.build.image.path} ${`${root}/boot/vmlinuz`}; cp System.map ${`${root}/boot/System.map`}; cp .config ${`${root}/boot/config`}`,
      sh`depmod -ae -F System.map -b ${root} ${release} > ${log} 2>&1 || { cat ${log} >&2; fail 'depmod failed'; }`,
      // depmod of the 2.4 era ends well all the same.
      sh`if grep -i -E ${UNRESOLVED} ${log} > /dev/null; then`,
      sh`  fail "modules of the new kernel need symbols that nothing in it has:" "$(sed -n 1,20p ${log})" \
    'way out: build what has them too (set their options in the profile), or leave these modules out'`,
      sh`fi`,
    ),
  };
}

/** Against the headers of the tree, by way of /usr/src/linux, where its Makefile looks. One job at a time: its Makefile lacks dependencies. */
export function ipvsadmSteps(build: Build): Step[] {
  return build.parts.flatMap(({ kind, file, path, step }: Part) => {
    if (kind !== 'ipvsadm') return [];
    const folder = `${build.notes}/ipvsadm.d`;
    return [
      {
        name: step,
        summary: `build ${file} against the tree`,
        apply: shLines(
          sh`case $(ls -ld ${LINK}) in *' -> '${build.tree}|*' -> '${build.tree.replace('/usr/src/', '')}) ;; *) fail ${`${LINK} does not point to ${build.tree} any more: somebody changed it during the build`} ;; esac`,
          buildIpvsadm(folder, path),
          sh`mkdir -p ${`${build.root}/sbin`}; cp -p ${folder}/made/sbin/ipvsadm* ${`${build.root}/sbin`}; rm -rf ${folder}`,
        ),
      },
    ];
  });
}

/** Unpacks and builds an ipvsadm in `folder`; what it would install is then in `folder/made`. */
export function buildIpvsadm(folder: string, path: string | Sh): Sh {
  return shLines(
    sh`rm -rf ${folder}; mkdir -p ${folder}; cd ${folder}; unpack ${path}; d=$(top); cd "$d"`,
    sh`make`,
    sh`make install ${`BUILD_ROOT=${folder}/made`}`,
    sh`[ -x ${`${folder}/made/sbin/ipvsadm`} ] || fail 'make install has ended well, and yet there is no sbin/ipvsadm'`,
  );
}

/** One file, under its name only when it is whole. What led to it goes, with its stamps: it is not needed, and was made from what stays. */
export function bundleScript(build: Build): Sh {
  const { root, notes, path } = build;
  const broken = `${notes}/broken`;
  return shLines(
    sh`mkdir -p ${SOURCES}; rm -f ${broken}; cd ${root}`,
    sh`{ tar cf - boot lib $([ ! -d sbin ] || echo sbin) || echo > ${broken}; } | gzip -c > ${`${path}.new`}`,
    sh`[ ! -f ${broken} ] || { rm -f ${`${path}.new`}; fail 'the bundle could not be packed'; }`,
    sh`mv -f ${`${path}.new`} ${path}`,
    sh`rm -f ${`${notes}/stage`} ${`${notes}/ipvsadm`}; rm -rf ${root}`,
  );
}
