import type { Facts } from '../engine/facts.js';
import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { sh, shLines } from '../shell/index.js';
import { marksOf, withBlock, withoutBlock } from './block.js';
import { unifiedDiff } from './diff.js';
import { observedText } from './observed.js';
import { carried, replaceFile } from './replaceFile.js';
import { type SysctlSetting, sysctlName } from './sysctl.js';

export interface PersistentSysctlOptions {
  /** Role that owns the settings: `zz-lvsctl-NAME.conf`, or the block NAME. */
  readonly name: string;
  readonly settings: readonly SysctlSetting[];
  readonly facts: Facts;
}

const sysctlConf = '/etc/sysctl.conf';
/** No path, as all lines before it begin with. */
const confMark = `@@ ${sysctlConf}`;

/** As systemd-sysctl and `sysctl --system` read them; a name found in an earlier folder hides the same name in a later one. */
const folders = [
  '/etc/sysctl.d',
  '/run/sysctl.d',
  '/usr/local/lib/sysctl.d',
  '/usr/lib/sysctl.d',
  '/lib/sysctl.d',
];

/**
 * Kernel settings that come back at boot, and that no later file takes back.
 *
 * - systemd reads `*.conf` of all folders in the order of their names, and no other file: ours is
 *   /etc/sysctl.d/zz-lvsctl-NAME.conf, behind every `NN-name.conf`. Nothing of others is edited for that.
 * - OpenRC and sysv (`sysctl --system`, `sysctl -p`) read /etc/sysctl.conf last or alone: a marked block at its end.
 *   So does an administrator's `sysctl --system` on systemd hosts: where /etc/sysctl.conf says otherwise, the block comes there too.
 * - A file that sorts even behind ours was made to win. It is not edited and not raced against: the plan fails,
 *   naming file and line.
 */
export function persistentSysctl(options: PersistentSysctlOptions): Resource {
  const { name, settings, facts } = options;
  const ownPath = facts.init === 'systemd' ? `/etc/sysctl.d/zz-lvsctl-${name}.conf` : undefined;
  const id = `sysctl.conf ${name}`;
  const body = settings.map(({ key, value }) => `${sysctlName(key)} = ${value}\n`).join('');
  const ownText = `# Written by lvsctl, which will write it again.\n${body}`;
  return {
    id,
    probe: shLines(
      // One fork for all files, with names and line numbers; /dev/null makes grep name a single file too.
      sh`set -- /dev/null`,
      sh`for f in ${folders.map((folder) => sh`${folder}/*.conf`)}; do [ -f "$f" ] && set -- "$@" "$f"; done`,
      sh`[ $# -eq 1 ] || grep -an '' "$@"`,
      // This one may be rewritten, and grep would not show each of its bytes.
      sh`[ -f ${sysctlConf} ] || exit 0`,
      sh`echo ${confMark}; exec cat ${sysctlConf}`,
    ),
    plan(observed, { written }): Change | undefined {
      const { lines, conf: found } = parse(id, observed);
      const conf = written?.get(sysctlConf) ?? found;
      const own = ownPath === undefined ? undefined : textOf(lines, ownPath);
      const rivals = ownPath === undefined ? [] : laterRivals(lines, ownPath, settings);
      if (rivals[0])
        throw new LvsctlError(
          `${rivals[0].path}:${rivals[0].number} sets ${rivals[0].text.trim()}, and is read after ${ownPath}`,
          { resource: id, hint: 'remove that line, or give its file a name that sorts before zz-lvsctl' },
        );
      const confRivals = linesOf(conf ?? '').filter((line) => contradicts(line.text, settings));
      const confAfter = wantedConf(conf, confRivals);
      const ownDrift = ownPath !== undefined && own !== ownText;
      const confDrift = confAfter !== undefined && confAfter !== conf;
      if (!ownDrift && !confDrift) return undefined;
      const { content, files } = carried(confAfter ?? '');
      const rival = confRivals[0];
      const because = rival && `, since line ${rival.number} says ${rival.text.trim()}`;
      return {
        summary: [
          ownDrift && `keep ${settings.length} settings in ${ownPath}`,
          confDrift && `keep ${settings.length} settings at the end of ${sysctlConf}${because ?? ''}`,
        ]
          .filter((part) => part !== false)
          .join('; '),
        diff:
          (ownDrift ? unifiedDiff(ownPath, own, ownText) : '') +
          (confDrift ? unifiedDiff(sysctlConf, conf, confAfter) : ''),
        apply: shLines(
          ownDrift && replaceFile({ path: ownPath, content: ownText, mode: '0644' }),
          confDrift && replaceFile({ path: sysctlConf, content }),
        ),
        ...(files && confDrift && { files }),
        ...(confDrift && { writes: { [sysctlConf]: confAfter } }),
      };
    },
  };

  /** The block's place is the end: a contradiction below it moves it there. */
  function wantedConf(conf: string | undefined, rivals: readonly Line[]): string | undefined {
    const text = conf ?? '';
    const without = withoutBlock(text, name, sysctlConf);
    const present = without !== text;
    if (ownPath !== undefined && !present && rivals.length === 0) return undefined;
    const above = text.slice(0, text.indexOf(marksOf(name).begin)).split('\n').length;
    const overtaken =
      present && rivals.some((rival) => rival.number >= above && !inBlock(text, rival.number));
    return overtaken ? withBlock(without, name, body, sysctlConf) : withBlock(text, name, body, sysctlConf);
  }

  function inBlock(text: string, number: number): boolean {
    const lines = text.split('\n');
    const marks = marksOf(name);
    const begin = lines.indexOf(marks.begin.slice(0, -1)) + 1;
    const end = lines.indexOf(marks.end.slice(0, -1)) + 1;
    return number > begin && number < end;
  }
}

interface Line {
  readonly path: string;
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** What stands in the folders, line by line, and /etc/sysctl.conf as a whole; undefined when there is none. */
function parse(
  id: string,
  observed: ProbeOutput,
): { readonly lines: readonly Line[]; readonly conf: string | undefined } {
  const output = `\n${observedText(id, observed)}`;
  const at = output.indexOf(`\n${confMark}\n`);
  const listed = at < 0 ? output : output.slice(0, at);
  const lines = listed.split('\n').flatMap((line) => {
    const parts = /^(\/.*?\.conf):(\d+):(.*)$/.exec(line);
    return parts ? [{ path: parts[1] ?? '', number: Number(parts[2]), text: parts[3] ?? '' }] : [];
  });
  return { lines, conf: at < 0 ? undefined : output.slice(at + confMark.length + 2) };
}

function linesOf(conf: string): Line[] {
  return conf.split('\n').map((text, index) => ({ path: sysctlConf, number: index + 1, text }));
}

function textOf(lines: readonly Line[], path: string): string | undefined {
  const own = lines.filter((line) => line.path === path);
  return own.length === 0 ? undefined : own.map((line) => `${line.text}\n`).join('');
}

/** Contradictions in files that are read after ours and are not hidden by a file of the same name in an earlier folder. */
function laterRivals(lines: readonly Line[], ownPath: string, settings: readonly SysctlSetting[]): Line[] {
  const own = baseName(ownPath);
  return lines.filter((line) => {
    const base = baseName(line.path);
    if (base <= own) return false;
    const rank = folders.indexOf(folderOf(line.path));
    const hidden = lines.some((o) => baseName(o.path) === base && folders.indexOf(folderOf(o.path)) < rank);
    return !hidden && contradicts(line.text, settings);
  });
}

/** Whether a line sets one of ours to another value; patterns (`net.ipv4.conf.*.x`) yield to exact names, so they don't count. */
function contradicts(line: string, settings: readonly SysctlSetting[]): boolean {
  const parts = /^\s*-?\s*([^#;=\s][^=\s]*)\s*=\s*(.*?)\s*$/.exec(line);
  if (!parts) return false;
  const key = slashed(parts[1] ?? '');
  const value = (parts[2] ?? '').split(/\s+/).join(' ');
  return settings.some((setting) => setting.key === key && String(setting.value) !== value);
}

/** `net.ipv4.conf.eth0/100.x` and `net/ipv4/conf/eth0.100/x` are the same key: the first separator decides (sysctl.d(5)). */
function slashed(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  if (first !== '.') return name;
  return name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
