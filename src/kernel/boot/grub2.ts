import { LvsctlError } from '../../errors.js';
import { withBlock } from '../../resources/block.js';
import { linesOf } from './lines.js';
import { asLoaderSees, type NewKernel, titleOf, withPanic } from './new-kernel.js';

/**
 * What lvsctl writes on hosts with GRUB 2 is custom.cfg beside grub.cfg, and nothing else. grub.cfg reads it last (41_custom), after
 * it has chosen its default, and whoever makes grub.cfg anew leaves it alone; `set default` in it holds against both.
 * Source: /etc/grub.d/00_header and 41_custom of GRUB 2.06.
 */
export interface Grub2Texts {
  readonly grubCfg: string;
  /** Undefined: there is none yet. */
  readonly customCfg: string | undefined;
}

interface MenuEntry {
  readonly body: readonly string[];
  readonly image: string;
  readonly initrd: boolean;
}

/**
 * The first entry with the running kernel, from which ours is made.
 * @throws LvsctlError when grub.cfg has none, or can't do what a trial needs
 */
export function menuEntryOfToday(
  { grubCfg, customCfg }: Grub2Texts,
  running: string,
  path: string,
): MenuEntry {
  for (const [word, what] of [
    ['next_entry', 'an entry that boots once'],
    ['custom.cfg', 'entries of others (custom.cfg)'],
  ] as const)
    if (!grubCfg.includes(word))
      throw new LvsctlError(`${path} knows nothing of ${what}`, {
        hint: 'lvsctl needs a grub.cfg as grub-mkconfig of GRUB 2.00 or later makes it; make it anew',
      });
  const entries = [...menuEntries(grubCfg), ...menuEntries(customCfg ?? '')];
  const found = entries.find(({ image }) => image.endsWith(`-${running}`));
  if (found) return found;
  const bls = /^\s*blscfg\b/m.test(grubCfg);
  throw new LvsctlError(`${path} has no entry for ${running}, the kernel that runs`, {
    hint: bls
      ? 'its entries are in /boot/loader/entries (blscfg), which lvsctl does not read: set GRUB_ENABLE_BLSCFG=false in /etc/default/grub, and make grub.cfg anew'
      : 'see that it is the one that boots this host; it is made by grub-mkconfig',
  });
}

const LINUX = /^\s*(linux(?:16|efi)?)\s+(\S+)(.*)$/;
const INITRD = /^\s*(initrd(?:16|efi)?)\s+(.*)$/;

function menuEntries(text: string): MenuEntry[] {
  const entries: MenuEntry[] = [];
  let body: string[] | undefined;
  let depth = 0;
  for (const { text: line } of linesOf(text)) {
    if (body === undefined) {
      if (/^\s*menuentry\s.*\{\s*$/.test(line)) [body, depth] = [[], 1];
      continue;
    }
    if (/\{\s*$/.test(line)) depth += 1;
    if (/^\s*\}\s*$/.test(line)) depth -= 1;
    if (depth > 0) {
      body.push(line);
      continue;
    }
    const image = body.map((one) => LINUX.exec(one)?.[2]).find((one) => one !== undefined);
    if (image !== undefined) entries.push({ body, image, initrd: body.some((one) => INITRD.test(one)) });
    body = undefined;
  }
  return entries;
}

/** Would store the trial as what boots always, or a failure as a reason to wait for a key. */
const NOT_TAKEN_OVER = /^\s*(savedefault|recordfail|echo)\b/;

/**
 * custom.cfg with our entry; the default stays. Its name is its title, which every GRUB 2 takes.
 * @throws LvsctlError as {@link menuEntryOfToday}
 */
export function withGrub2Entry(
  texts: Grub2Texts,
  kernel: NewKernel,
  running: string,
  paths: { readonly grubCfg: string; readonly customCfg: string },
): string {
  const today = menuEntryOfToday(texts, running, paths.grubCfg);
  const seen = (own: string) => asLoaderSees(own, today.image, kernel.bootIsMount);
  const body = today.body.flatMap((line) => {
    if (NOT_TAKEN_OVER.test(line)) return [];
    const linux = LINUX.exec(line);
    if (linux) return [`\t${linux[1]} ${seen(kernel.image)} ${withPanic(linux[3] ?? '')}`];
    const initrd = INITRD.exec(line);
    if (!initrd) return [line];
    // Microcode comes ahead of the initrd proper, and is for every kernel.
    const others = (initrd[2] ?? '').split(/\s+/).filter((file) => file !== '' && !file.includes(running));
    return [`\t${initrd[1]} ${[...others, seen(kernel.initrd)].join(' ')}`];
  });
  const text = [headOf(kernel.release), ...body, '}', ''].join('\n');
  return withBlock(texts.customCfg ?? '', `kernel ${kernel.release}`, text, paths.customCfg);
}

const headOf = (release: string): string => `menuentry '${titleOf(release)}' {`;

/** Whether custom.cfg has our entry; one that is commented out is none. */
export function hasGrub2Entry(customCfg: string, release: string): boolean {
  return linesOf(customCfg).some(({ text }) => text.trim() === headOf(release));
}

/** custom.cfg with our entry as the default, but for a boot that somebody asked for once. */
export function withGrub2Default(customCfg: string | undefined, release: string, path: string): string {
  const text = `if [ -z "\${boot_once}" ]; then\n  set default='${titleOf(release)}'\nfi\n`;
  return withBlock(customCfg ?? '', 'kernel default', text, path);
}
