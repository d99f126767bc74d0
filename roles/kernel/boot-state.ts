import type { Facts } from '../../src/engine/facts.js';
import type { ProbeOutput } from '../../src/engine/resource.js';
import { LvsctlError } from '../../src/errors.js';
import { observedText } from '../../src/resources/observed.js';
import { type Sh, sh, shLines, trusted } from '../../src/shell/index.js';

export type LoaderKind = 'grub' | 'grub2' | 'lilo';

/** A boot loader that may be the one, by what lies on the host. */
export interface Candidate {
  readonly kind: LoaderKind;
  /** What it boots by; the file that lvsctl writes, but for GRUB 2. */
  readonly path: string;
}

export const loaderWishes = {
  commands: [
    ...['grub', 'grubby', 'lilo', 'grub-reboot', 'grub2-reboot', 'grub-script-check', 'grub2-script-check'],
    ...['update-grub', 'grub-mkconfig', 'grub2-mkconfig'],
  ],
  paths: [
    '/boot/grub/grub.conf',
    '/boot/grub/menu.lst',
    '/boot/grub/grub.cfg',
    '/boot/grub2/grub.cfg',
    '/etc/lilo.conf',
  ],
};

/** A configuration without its program is left from a loader that went. */
export function candidates({ commands, paths }: Facts): Candidate[] {
  const found: readonly (readonly [LoaderKind, string, string])[] = [
    ['grub2', '/boot/grub2/grub.cfg', 'grub2-reboot'],
    ['grub2', '/boot/grub/grub.cfg', 'grub-reboot'],
    ['grub', '/boot/grub/grub.conf', 'grub'],
    ['grub', '/boot/grub/menu.lst', 'grub'],
    ['lilo', '/etc/lilo.conf', 'lilo'],
  ];
  const kinds = new Set<LoaderKind>();
  return found.flatMap(([kind, path, command]) => {
    if (kinds.has(kind) || !paths.has(path) || !commands.has(command)) return [];
    kinds.add(kind);
    return [{ kind, path }];
  });
}

/** Where lvsctl writes for GRUB 2. */
export const customCfg = (path: string) => path.replace(/[^/]*$/, 'custom.cfg');

const liloMap = 'lilo -q';
const end = '@@ lvsctl end';

/** Prints what {@link parseBootState} reads: how /boot is mounted, and the texts of the loaders that may be the one. */
export function bootStateProbe(facts: Facts): Sh {
  const found = candidates(facts);
  const files = found.flatMap(({ kind, path }) => (kind === 'grub2' ? [path, customCfg(path)] : [path]));
  const grub2 = found.find(({ kind }) => kind === 'grub2');
  return shLines(
    trusted(`m=no; w=no
while read -r dev point rest; do [ "$point" = /boot ] && m=yes; done < /proc/mounts
if [ -r /etc/fstab ]; then while read -r dev point rest; do
  case $dev in '#'*) ;; *) [ "$point" = /boot ] && w=yes ;; esac
done < /etc/fstab; fi
echo "mounted $m wanted $w"`),
    found.length > 1 &&
      facts.commands.has('grubby') &&
      sh`said=$(grubby --bootloader-probe 2>/dev/null) && printf 'probe %s\n' "$said"`,
    grub2 &&
      sh`p=grub-probe; command -v $p >/dev/null 2>&1 || p=grub2-probe; for t in abstraction fs; do echo storage $($p --target=$t ${grub2.path} 2>/dev/null); done`,
    ...files.map(
      (path) =>
        sh`[ -f ${path} ] && { printf '@@ lvsctl %s\n' ${path}; cat ${path}; printf ${`\\n${end}\\n`}; }`,
    ),
    found.some(({ kind }) => kind === 'lilo') &&
      sh`printf '@@ lvsctl %s\n' ${liloMap}; lilo -q 2>/dev/null; printf ${`\\n${end}\\n`}`,
    trusted(':'),
  );
}

export interface BootState {
  readonly loader: Candidate;
  /** /boot is a file system of its own. */
  readonly bootIsMount: boolean;
  /** By path. */
  readonly texts: ReadonlyMap<string, string>;
  /** What `lilo -q` says. */
  readonly liloMap: string;
}

/**
 * @param written files that earlier changes of the same plan leave otherwise than the probe found them
 * @throws LvsctlError when it can't be told which loader boots the host, or a trial would not be safe with it
 */
export function parseBootState(
  resource: string,
  observed: ProbeOutput,
  facts: Facts,
  written: ReadonlyMap<string, string> = new Map(),
): BootState {
  const output = observedText(resource, observed);
  const { said, sections } = split(output);
  const [, mounted, wanted] = /^mounted (\w+) wanted (\w+)$/m.exec(said) ?? [];
  if (mounted !== 'yes' && wanted === 'yes')
    throw new LvsctlError('/boot is in /etc/fstab, and not mounted', { resource, hint: 'mount /boot' });
  const texts = new Map([...sections, ...written].filter(([path]) => path.startsWith('/')));
  const loader = theOne(candidates(facts), texts, /^probe (\S+)/m.exec(said)?.[1], resource);
  if (loader.kind === 'grub2') checkStorage(said, resource);
  return { loader, bootIsMount: mounted === 'yes', texts, liloMap: sections.get(liloMap) ?? '' };
}

function split(output: string): { said: string; sections: Map<string, string> } {
  const sections = new Map<string, string>();
  let said = '';
  let rest = output;
  for (;;) {
    const found = /(?:^|\n)@@ lvsctl (.*)\n/.exec(rest);
    const from = found ? found.index + found[0].length : -1;
    const to = found ? rest.indexOf(`\n${end}\n`, from - 1) : -1;
    if (!found || to < 0) return { said: said + rest, sections };
    said += `${rest.slice(0, found.index)}\n`;
    sections.set(found[1] ?? '', rest.slice(from, Math.max(from, to)));
    rest = rest.slice(to + end.length + 2);
  }
}

/** With several, grubby is asked; without it, anaconda's `#boot=` tells that it set up GRUB. */
function theOne(
  found: readonly Candidate[],
  texts: ReadonlyMap<string, string>,
  probed: string | undefined,
  resource: string,
): Candidate {
  const [first] = found;
  if (!first)
    throw new LvsctlError('no boot loader that lvsctl knows was found', {
      resource,
      hint: 'it knows GRUB 0.9x (/boot/grub/grub.conf or menu.lst, and grub), GRUB 2 (grub.cfg, and grub-reboot or grub2-reboot) and LILO (/etc/lilo.conf, and lilo)',
    });
  if (found.length === 1) return first;
  const said = found.find(({ kind }) => kind === probed);
  if (said) return said;
  const marked = found.filter(({ kind, path }) => kind === 'grub' && /^#boot=/m.test(texts.get(path) ?? ''));
  if (marked[0] && !found.some(({ kind }) => kind === 'grub2')) return marked[0];
  throw new LvsctlError(
    `which boot loader boots this host? There are ${found.map(({ path }) => path).join(', ')}`,
    {
      resource,
      hint: 'move the configuration of the one that does not boot it out of the way',
    },
  );
}

/** GRUB 2 can't write there, and so never forgets what it was to boot once. Source: grub-reboot(8), grub-core/kern/fs.c. */
function checkStorage(said: string, resource: string): void {
  const words = [...said.matchAll(/^storage (.*)$/gm)].flatMap(([, line = '']) => line.split(' '));
  const bad = words.find((word) =>
    /^(lvm|diskfilter|raid\w*|mdraid\w*|btrfs|zfs|f2fs|cryptodisk|luks2?)$/.test(word),
  );
  if (bad)
    throw new LvsctlError(
      `GRUB can't write to its environment on ${bad}: what it is to boot once, it would boot for ever`,
      {
        resource,
        hint: 'a trial needs /boot on a plain partition with ext2/3/4, XFS or FAT',
      },
    );
}
