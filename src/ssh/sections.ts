import { randomBytes } from 'node:crypto';
import type { ProbeOutput } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { type Sh, sh, shLines, textOfBytes } from '../shell/index.js';
import type { Host } from './host.js';

/**
 * Runs many scripts in one trip (rule 3): each in a subshell of its own without stdin, its output framed by a mark
 * that no host can guess, so that any bytes may stand between, and come as text that gives them back ({@link textOfBytes}).
 * @returns output by section name
 * @throws LvsctlError when a section broke the script itself (a syntax error), naming the section
 */
export async function runSections(
  host: Host,
  sections: ReadonlyMap<string, Sh>,
  signal?: AbortSignal,
): Promise<Map<string, ProbeOutput>> {
  const mark = `lvs-${randomBytes(12).toString('hex')}`;
  const names = [...sections.keys()];
  const result = await host.run(sectionsScript([...sections.values()], mark), {
    keep: 256 * 1024 * 1024,
    ...(signal && { signal }),
  });
  const stdout = split(result.stdout, mark);
  const stderr = split(result.stderr, mark);
  if (stdout.length !== names.length) {
    const broken = names[stdout.length] ?? 'the end';
    throw new LvsctlError(`the script sent to ${host.name} ended early, at "${broken}"`, {
      host: host.name,
      resource: broken,
      hint: `stderr: ${result.stderr.toString('utf8').trim().slice(-400) || '(empty)'}`,
    });
  }
  return new Map(
    names.map((name, i) => [
      name,
      { stdout: stdout[i]?.text ?? '', stderr: stderr[i]?.text ?? '', status: stdout[i]?.status ?? 255 },
    ]),
  );
}

function sectionsScript(scripts: readonly Sh[], mark: string): Sh {
  return shLines(
    ...scripts.map((script) =>
      shLines(
        sh`(`,
        script,
        sh`) </dev/null`,
        // The blank after the mark and the closing newline make the frame exact even when a section ends without newline.
        sh`printf '\n%s %s\n' ${mark} $?`,
        sh`printf '\n%s 0\n' ${mark} >&2`,
      ),
    ),
  );
}

function split(output: Buffer, mark: string): { text: string; status: number }[] {
  const found: { text: string; status: number }[] = [];
  const needle = Buffer.from(`\n${mark} `);
  let from = 0;
  for (;;) {
    const at = output.indexOf(needle, from);
    if (at < 0) return found;
    const end = output.indexOf(0x0a, at + needle.length);
    if (end < 0) return found;
    const status = Number(output.subarray(at + needle.length, end).toString('latin1'));
    found.push({ text: textOfBytes(output.subarray(from, at)), status });
    from = end + 1;
  }
}
