import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { OutcomeUnknownError } from '../errors.js';
import { type Sh, sh, shLines, trusted } from '../shell/index.js';
import type { Host } from './host.js';

/** Where lvsctl keeps its state on a host: jobs, the lock, stamps. Survives reboots. */
export const stateFolder = '/var/lib/lvsctl';
const jobsFolder = `${stateFolder}/jobs`;

/** One step of a job. */
export interface JobStep {
  /** Resource id. */
  readonly id: string;
  readonly summary: string;
  readonly script: Sh;
  /** Sent ahead; the script finds them in `$LVSCTL_FILES/NAME`. */
  readonly files?: Readonly<Record<string, JobFile>>;
}

/** Bytes, or what opens a stream of them, which may be asked for again when a connection was lost. */
export type JobFile = Buffer | (() => Readable);

/** What the first line of a job's log says, so that any later lvsctl can tell what it is looking at. */
export interface JobManifest {
  readonly owner: string;
  /** ISO time on the controller. */
  readonly begun: string;
  readonly steps: readonly { readonly id: string; readonly summary: string }[];
}

export interface JobListener {
  onManifest?(manifest: JobManifest): void;
  /** True: what follows is told as it happens. False: it may have happened long ago. */
  onLive?(live: boolean): void;
  onBegin?(step: number): void;
  onLine?(line: string, step: number): void;
  onEnd?(step: number, status: number, stderr: string): void;
}

/**
 * How a job ended. `died`: killed, or ended by a reboot, so that the step it was in is in doubt; `left` is what its file
 * `status` held instead of a status, when that is what is wrong.
 */
export type JobOutcome =
  | { readonly kind: 'finished'; readonly status: number }
  | { readonly kind: 'died'; readonly during: string | undefined; readonly left?: string };

/**
 * Sends the files of a job's steps ahead, each whole or not at all; to be repeated when the connection was lost.
 * @throws OutcomeUnknownError when the connection is lost
 */
export async function sendFiles(host: Host, id: string, steps: readonly JobStep[]): Promise<void> {
  const uploads = steps.flatMap((step, i) =>
    Object.entries(step.files ?? {}).map(([name, content]) => ({
      path: `${jobsFolder}/${id}/files/${i}/${name}`,
      content,
    })),
  );
  if (uploads.length === 0) return;
  const folders = [...new Set(uploads.map(({ path }) => path.slice(0, path.lastIndexOf('/'))))];
  await host.run(sh`umask 077; mkdir -p ${folders}`);
  await Promise.all(
    uploads.map(({ path, content }) =>
      host.upload(path, Buffer.isBuffer(content) ? content : content(), { mode: 0o600 }),
    ),
  );
}

/**
 * Starts the steps as one job on the host, whose files are there, and follows it to its end: one trip.
 * The job is a session of its own with its log and exit status in a folder, so it goes on when the connection,
 * or lvsctl, is gone; {@link followJob} comes back to it. It stops at the first step that fails.
 * @throws OutcomeUnknownError when the connection is lost; the job may be running
 */
export async function runJob(
  host: Host,
  id: string,
  manifest: JobManifest,
  steps: readonly JobStep[],
  listener: JobListener,
  signal?: AbortSignal,
): Promise<JobOutcome> {
  const script = shLines(startScript(id, manifest, steps), followScript(id));
  return follow(host, id, script, listener, signal);
}

/** Follows a job that runs, or has ended, from its first line on. */
export async function followJob(
  host: Host,
  id: string,
  listener: JobListener,
  signal?: AbortSignal,
): Promise<JobOutcome> {
  return follow(host, id, followScript(id), listener, signal);
}

/** Marks a finished job as reported, so that no later run reports it again. */
export function seenScript(id: string): Sh {
  return sh`: > ${`${jobsFolder}/${id}/seen`}`;
}

/** Prints the newest job as `ID STATE` with STATE running, finished or died; nothing when none is unreported. */
export const jobStateScript: Sh = trusted(`
j=; [ -r ${jobsFolder}/current ] && read -r j < ${jobsFolder}/current
case $j in ''|*/*) exit 0 ;; esac
cd ${jobsFolder}/"$j" 2>/dev/null || exit 0
[ -f seen ] && exit 0
if [ -f status ]; then echo "$j finished"; exit 0; fi
${jobAliveTest('echo "$j running"', '# It may have ended since.\n  [ -f status ] && echo "$j finished" || echo "$j died"')}
`);

/** The job's process is alive when pid, start time and boot are those it wrote; a pid alone may belong to another by now. */
function jobAliveTest(alive: string, dead: string): string {
  return `boot=; [ -r /proc/sys/kernel/random/boot_id ] && read -r boot < /proc/sys/kernel/random/boot_id
p=; s=; b=; [ -r pid ] && read -r p s b < pid
now=; [ -n "$p" ] && [ -r "/proc/$p/stat" ] && read -r now < "/proc/$p/stat"
set -- \${now##*) }
if [ -n "$p" ] && [ "\${20:-x}" = "$s" ] && [ "$boot" = "$b" ]; then ${alive}; else ${dead}; fi`;
}

function heredoc(path: string, text: string, delimiter: string): Sh {
  // The delimiter holds the job's random id, so no line of the text can be it.
  return trusted(`cat > ${sh`${path}`.text} <<'${delimiter}'\n${text}\n${delimiter}`);
}

function startScript(id: string, manifest: JobManifest, steps: readonly JobStep[]): Sh {
  const folder = `${jobsFolder}/${id}`;
  const delimiter = `END-${id}`;
  return shLines(
    sh`umask 077`,
    sh`mkdir -p ${folder} && cd ${folder} || exit 1`,
    // Keep the last jobs that were reported: a log is what an operator reads after a failure. One without a log never began.
    sh`n=0; for old in $(ls -t ${jobsFolder}); do
  [ -d ${jobsFolder}/"$old" ] && [ "$old" != ${id} ] || continue
  [ -f ${jobsFolder}/"$old"/log ] || { rm -rf ${jobsFolder}/"$old"; continue; }
  [ -f ${jobsFolder}/"$old"/seen ] || continue
  n=$((n+1)); [ $n -le 10 ] || rm -rf ${jobsFolder}/"$old"
done`,
    ...steps.map((step, i) => heredoc(`${folder}/${i}.sh`, step.script.text, delimiter)),
    heredoc(`${folder}/run`, runner(id, steps.length), delimiter),
    heredoc(`${folder}/log`, `@${id} job ${JSON.stringify(manifest)}`, delimiter),
    sh`echo ${id} > ../current.$$ && mv -f ../current.$$ ../current`,
    // stdin, stdout and stderr are all away from the connection, so nothing of it can stop the job.
    sh`if command -v setsid >/dev/null 2>&1; then setsid sh ./run </dev/null >>log 2>&1 & else nohup sh ./run </dev/null >>log 2>&1 & fi`,
  );
}

/** The job itself. Readable: an operator finds it in the job's folder as `run`, and each step as `N.sh`. */
function runner(id: string, steps: number): string {
  return `# Job ${id} of lvsctl: runs 0.sh … ${steps - 1}.sh in order and stops at the first that fails.
boot=; [ -r /proc/sys/kernel/random/boot_id ] && read -r boot < /proc/sys/kernel/random/boot_id
read -r stat < /proc/$$/stat
set -- \${stat##*) }
echo "$$ \${20} $boot" > pid.new && mv -f pid.new pid
job=$(pwd)
finish() { echo "$1" > "$job/status.new" && mv -f "$job/status.new" "$job/status"; exit "$1"; }
umask 022
i=0
while [ $i -lt ${steps} ]; do
  printf '\\n@${id} begin %s\\n' $i
  ( cd /; LVSCTL_FILES=$job/files/$i; export LVSCTL_FILES; exec sh -e "$job/$i.sh" ) </dev/null 2>"$job/$i.err"
  s=$?
  if [ -s "$job/$i.err" ]; then printf '\\n@${id} stderr %s\\n' $i; cat "$job/$i.err"; fi
  printf '\\n@${id} end %s %s\\n' $i $s
  [ $s = 0 ] || finish $s
  # A tarball that was used is not worth its room; what a step that failed was given stays, to be looked at.
  [ ! -d "$job/files/$i" ] || rm -rf "$job/files/$i"
  i=$((i+1))
done
finish 0`;
}

/**
 * Streams the log until the job is over. The loop reads through one open file, whose offset `cat` moves on,
 * so nothing is lost or doubled; the last line on stderr is the outcome.
 */
function followScript(id: string): Sh {
  return trusted(`${sh`cd ${`${jobsFolder}/${id}`} || exit 1`.text}
exec 3< log
tick=0
while :; do
  over=; [ -f status ] && over=1
  # A job that was only just started has no pid file yet.
  if [ -z "$over" ] && { [ -f pid ] || [ $tick -gt 60 ]; }; then
    ${jobAliveTest('over=', '[ -f status ] || over=died')}
  fi
  cat <&3 || break
  # What the log held before is told; from here on it is told as it comes.
  [ $tick -gt 0 ] || echo live >&2
  [ -n "$over" ] && break
  tick=$((tick+1))
  # A sign of life: when the connection is gone this write ends the loop, and with it the shell that holds the lock.
  [ $tick -le 4 ] || echo >&2 || exit 1
  if [ $tick -lt 20 ]; then sleep 0.05 2>/dev/null || sleep 1; elif [ $tick -lt 100 ]; then sleep 0.3 2>/dev/null || sleep 1; else sleep 1; fi
done
if [ "$over" = died ]; then echo died >&2; else read -r s < status; echo "finished $s" >&2; fi`);
}

async function follow(
  host: Host,
  id: string,
  script: Sh,
  listener: JobListener,
  signal: AbortSignal | undefined,
): Promise<JobOutcome> {
  const log = new JobLog(id, listener);
  listener.onLive?.(false);
  let live = false;
  const result = await host.run(script, {
    keep: 1024 * 1024,
    ...(signal && { signal }),
    onStdout: (chunk) => log.write(chunk),
    onStderr(chunk) {
      if (live || !chunk.includes('live')) return;
      live = true;
      listener.onLive?.(true);
    },
  });
  log.end();
  const last = result.stderr.toString('utf8').trim().split('\n').at(-1) ?? '';
  const [, word] = /^finished(?: (.*))?$/.exec(last) ?? [];
  if (word !== undefined && /^\d{1,3}$/.test(word)) return { kind: 'finished', status: Number(word) };
  // A file system that lost its last writes keeps the file's name, with nothing or with rubbish in it.
  if (/^finished( |$)/.test(last)) return { kind: 'died', during: log.current, left: word ?? '' };
  if (last === 'died') return { kind: 'died', during: log.current };
  throw new OutcomeUnknownError(`the job ${id} on ${host.name} could not be followed: ${last || 'no word'}`, {
    host: host.name,
    hint: `look into ${jobsFolder}/${id} on the host`,
  });
}

/** Total: a disk that was full may have cut it short, and what stands on a host may be anything. */
function parseManifest(text: string): JobManifest {
  const string = (value: unknown): string => (typeof value === 'string' ? value : 'unknown');
  let found: Partial<Record<keyof JobManifest, unknown>> | null = null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object') found = value;
  } catch {}
  const steps = Array.isArray(found?.steps) ? (found.steps as unknown[]) : [];
  return {
    owner: string(found?.owner),
    begun: string(found?.begun),
    steps: steps.map((step) => {
      const { id, summary } = { ...(typeof step === 'object' ? step : {}) } as Partial<
        Record<string, unknown>
      >;
      return { id: string(id), summary: string(summary) };
    }),
  };
}

/** Cuts a job's log into manifest, steps and lines. Total: whatever a step prints, only our marks are marks. */
export class JobLog {
  readonly #mark: string;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #step = -1;
  #inStderr = false;
  #stderr = '';
  #manifest: JobManifest | undefined;

  constructor(
    id: string,
    readonly listener: JobListener,
  ) {
    this.#mark = `@${id} `;
  }

  /** Resource id of the step that has begun and not ended. */
  get current(): string | undefined {
    return this.#manifest?.steps[this.#step]?.id;
  }

  write(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  end(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (rest !== '') this.#line(rest);
  }

  #line(line: string): void {
    if (!line.startsWith(this.#mark)) {
      // Bounded: a step may print gigabytes to stderr, and the operator reads the end.
      if (this.#inStderr) this.#stderr = `${this.#stderr}${line}\n`.slice(-64 * 1024);
      else if (this.#step >= 0 && line !== '') this.listener.onLine?.(line, this.#step);
      return;
    }
    const [verb, ...words] = line.slice(this.#mark.length).split(' ');
    if (verb === 'job' && !this.#manifest) {
      this.#manifest = parseManifest(words.join(' '));
      this.listener.onManifest?.(this.#manifest);
    }
    const step = Number(words[0]);
    // A step that the manifest does not name is none that anybody could be told of.
    if (!this.#manifest?.steps[step]) return;
    if (verb === 'begin') {
      this.#step = step;
      this.#inStderr = false;
      this.#stderr = '';
      this.listener.onBegin?.(step);
    } else if (verb === 'stderr') {
      this.#inStderr = true;
    } else if (verb === 'end') {
      const status = /^\d{1,3}$/.test(words[1] ?? '') ? Number(words[1]) : 255;
      this.listener.onEnd?.(step, status, this.#stderr.trim());
      this.#inStderr = false;
      this.#step = -1;
    }
  }
}
