import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client, ClientChannel } from 'ssh2';
import { LvsctlError, OutcomeUnknownError } from '../errors.js';
import { nested, type Sh, sh } from '../shell/index.js';
import { type RootAccess, startAsRoot } from './root-program.js';

/**
 * Writes stdin to a temporary file beside `path` and moves it there. The content ends in a random trailer, which is
 * looked for and cut off: a lost connection looks to `cat` like the end of the content, and must not leave half a file.
 * Not sftp: that is slower, and it would not be root after sudo.
 */
function receive(path: string, mode: number, trailer: string): Sh {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.lvsctl`;
  return sh`umask 077
t=${temporary}
trap 'rm -f "$t"' 0
trap 'exit 1' 1 2 13 15
if [ -d ${path} ]; then echo ${`${path} is a directory`} >&2; exit 1; fi
cat > "$t" || exit 1
set -- $(wc -c < "$t")
n=$(($1 - ${trailer.length}))
if [ $n -lt 0 ] || [ "$(dd if="$t" bs=1 skip=$n 2>/dev/null)" != ${trailer} ]; then echo 'the content was cut short' >&2; exit 1; fi
dd if=/dev/null of="$t" bs=1 seek=$n 2>/dev/null || exit 1
chmod ${mode.toString(8).padStart(4, '0')} "$t" && mv -f "$t" ${path}`;
}

/**
 * Streams a file to a host as root, on a channel of its own: exact bytes, in place only when all have arrived.
 * @param mode 0600 unless given
 * @throws LvsctlError when the host can't write it; OutcomeUnknownError when the connection is lost
 */
export async function upload(
  client: Client,
  access: RootAccess,
  path: string,
  content: Buffer | Readable,
  mode = 0o600,
): Promise<void> {
  const trailer = randomBytes(16).toString('hex');
  const program = sh`sh -c ${nested(receive(path, mode, trailer))}`;
  const channel = await startAsRoot(client, access, program);
  const ended = outcome(channel);
  let sourceError: Error | undefined;
  const sending = pipeline(async function* () {
    try {
      if (content instanceof Readable) for await (const chunk of content) yield chunk;
      else for (let at = 0; at < content.length; at += piece) yield content.subarray(at, at + piece);
    } catch (error) {
      sourceError = error as Error;
      throw error;
    }
    yield trailer;
  }, channel);
  // The channel's end is what counts: a host that refuses ends it while we still send.
  const failed = sending.then(
    () => undefined,
    (error: Error) => {
      channel.close();
      return error;
    },
  );
  const { status, stderr } = await ended;
  if (content instanceof Readable) content.destroy();
  if (status === 0) return;
  const where = { host: access.host };
  if (sourceError)
    throw new LvsctlError(
      `${access.host}: ${path} was not written: its source failed: ${sourceError.message}`,
      {
        ...where,
        cause: sourceError,
      },
    );
  if (status === undefined)
    throw new OutcomeUnknownError(
      `${access.host}: the connection was lost while ${path} was sent: outcome unknown`,
      {
        ...where,
        hint: 'the file is either the old or the new one, whole; run lvsctl again',
        cause: await Promise.race([failed, undefined]),
      },
    );
  throw new LvsctlError(`${access.host}: ${path} was not written: ${stderr || `status ${status}`}`, {
    ...where,
    hint: 'check the folder, the free space and whether the file system is read-only',
  });
}

const piece = 256 * 1024;

/** Status and last words of a program; no status means that the connection was lost or a signal ended it. */
function outcome(channel: ClientChannel): Promise<{ status: number | undefined; stderr: string }> {
  return new Promise((resolve) => {
    let stderr = '';
    channel.resume();
    channel.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-1000);
    });
    channel.on('close', (status?: number | null) =>
      resolve({ status: status ?? undefined, stderr: stderr.trim().replace(/\s+/g, ' ') }),
    );
  });
}
