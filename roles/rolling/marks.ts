import { createHash } from 'node:crypto';
import { type Sh, sh, shLines, trusted } from '../../src/shell/index.js';
import { stateFolder } from '../../src/ssh/jobs.js';

/** Where a host writes down what a rolling run has done on it: lines `RUN TASK STEP BOOT`. */
export const markFile = `${stateFolder}/rolling`;

/** What a run does once on each host, beside its roles. */
export interface Task {
  /** For `sh -c`, as root. */
  readonly command?: string;
  readonly reboot?: boolean;
}

export type TaskStep = 'command' | 'reboot';

/** In the order in which they are done. */
export function stepsOf({ command, reboot }: Task): readonly TaskStep[] {
  return [...(command === undefined ? [] : (['command'] as const)), ...(reboot ? (['reboot'] as const) : [])];
}

/** The same task on the same hosts: only then is a run the rest of an earlier one. */
export function taskKey(task: Task, hosts: readonly string[]): string {
  const text = JSON.stringify([task.command ?? null, task.reboot === true, [...hosts].sort()]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export interface Mark {
  readonly run: string;
  readonly task: string;
  readonly step: TaskStep;
  /** Of the boot in which it was written. */
  readonly boot: string;
}

/** What a host wrote down, and the boot in which it was asked. */
export interface HostMarks {
  readonly marks: readonly Mark[];
  readonly boot: string;
}

/** Prints the marks and a line `boot ID`. */
export const marksProbe: Sh = shLines(
  sh`cat ${markFile} 2>/dev/null`,
  trusted('boot=; [ -r /proc/sys/kernel/random/boot_id ] && read -r boot < /proc/sys/kernel/random/boot_id'),
  trusted('echo "boot $boot"'),
);

/** Reads it. Total. */
export function parseMarks(text: string): HostMarks {
  const marks: Mark[] = [];
  let boot = '';
  for (const line of text.split('\n')) {
    const [run = '', task = '', step = '', marked = ''] = line.trim().split(' ');
    if (run === 'boot') boot = task;
    else if ((step === 'command' || step === 'reboot') && marked !== '')
      marks.push({ run, task, step, boot: marked });
  }
  return { marks, boot };
}

/** Sh that writes that this step of this run was begun, or done; what the host knows of other runs goes. */
export function writeMark({ run, task, step }: Omit<Mark, 'boot'>): Sh {
  const pending = `${markFile}.new`;
  return shLines(
    sh`boot=-; [ -r /proc/sys/kernel/random/boot_id ] && read -r boot < /proc/sys/kernel/random/boot_id`,
    sh`umask 022; mkdir -p ${stateFolder}`,
    sh`{ grep ${`^${run} `} ${markFile} 2>/dev/null || :; printf '%s\n' ${`${run} ${task} ${step} `}"$boot"; } > ${pending}`,
    sh`mv -f ${pending} ${markFile}; sync`,
  );
}

/** A reboot is done in another boot than the one in which it was begun. */
export function isDone({ marks, boot }: HostMarks, run: string, step: TaskStep): boolean {
  return marks.some(
    (mark) => mark.run === run && mark.step === step && (step === 'command' || mark.boot !== boot),
  );
}
