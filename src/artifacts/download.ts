import type { IncomingHttpHeaders } from 'node:http';
import type { Fingerprint } from './digests.js';
import type { PartialFile } from './partial.js';
import { CutError, get, MirrorError, type RequestOptions, shownUrl } from './request.js';

/** A file larger than this is no source of a kernel: a mirror that goes on is stopped. Bytes. */
const MOST_BYTES = 512 * 1024 * 1024;
/** A cut connection is taken up again at the same mirror so often, as long as it brings something each time. */
const MOST_CUTS = 5;

export interface Download {
  /** Full URLs, in the order of trying. */
  readonly urls: readonly string[];
  /** Bytes, where known. */
  readonly size: number | undefined;
  /**
   * A digest tells in the end whether the whole is right, so a part may be continued from any mirror. Without one it is only continued
   * where the server says that the file is still the same.
   */
  readonly checkable: boolean;
  /** Why the whole file is not what is wanted, or undefined when it is. What it throws ends the download. */
  readonly refusal: (found: Fingerprint, url: string) => Promise<string | undefined>;
  readonly progress: (text: string, done?: number, total?: number) => void;
}

/** What each mirror had to say. */
export interface Failed {
  readonly url: string;
  readonly reason: string;
}

/**
 * Completes the partial file from the first mirror that can. Returns where the file came from, or why each mirror failed; what has
 * come stays in the partial file then.
 */
export async function download(
  part: PartialFile,
  wanted: Download,
  options: RequestOptions,
): Promise<{ readonly url: string } | { readonly failed: readonly Failed[] }> {
  const failed: Failed[] = [];
  for (const url of wanted.urls) {
    try {
      await fromMirror(part, url, wanted, options);
      return { url: shownUrl(url) };
    } catch (error) {
      if (!(error instanceof MirrorError)) throw error;
      failed.push({ url: shownUrl(url), reason: error.message });
      wanted.progress(`${shownUrl(url)}: ${error.message}`);
    }
  }
  return { failed };
}

async function fromMirror(
  part: PartialFile,
  url: string,
  wanted: Download,
  options: RequestOptions,
): Promise<void> {
  await complete(part, url, wanted, options);
  const refusal = await check(part, url, wanted);
  if (refusal === undefined) return;
  const mixed = part.isMixed;
  await part.restart();
  if (!mixed) throw new MirrorError(refusal);
  wanted.progress('what was there already does not fit: from the beginning', 0);
  await complete(part, url, wanted, options);
  const again = await check(part, url, wanted);
  if (again === undefined) return;
  await part.restart();
  throw new MirrorError(again);
}

function check(part: PartialFile, url: string, { refusal, progress }: Download): Promise<string | undefined> {
  progress('checking', part.size, part.size);
  return refusal(part.fingerprint(), shownUrl(url));
}

/** Reads on after each cut, while each connection brings something. */
async function complete(
  part: PartialFile,
  url: string,
  wanted: Download,
  options: RequestOptions,
): Promise<void> {
  for (let cuts = 0; ; cuts++) {
    const before = part.size;
    try {
      return await transfer(part, url, wanted, options);
    } catch (error) {
      if (!(error instanceof CutError)) throw error;
      const stuck = part.size <= before || cuts === MOST_CUTS;
      if (stuck) throw new MirrorError(`${error.message} after ${part.size} bytes`, { cause: error });
      wanted.progress(`${error.message}; going on`, part.size);
    }
  }
}

async function transfer(
  part: PartialFile,
  url: string,
  wanted: Download,
  options: RequestOptions,
): Promise<void> {
  const { size, progress } = wanted;
  const limit = size ?? MOST_BYTES;
  if (part.size > limit || !mayContinue(part, url, wanted.checkable)) await part.restart();
  if (part.size === size) return;
  const offset = part.size;
  progress(`from ${shownUrl(url)}`, offset, size);
  const answer = await get(url, offset === 0 ? {} : rangeHeaders(part, url), options);
  try {
    const { status, headers } = answer;
    if (status === 416 && offset > 0) {
      if (totalOf(headers) === offset && wanted.checkable) return;
      await part.restart();
      return await transfer(part, url, wanted, options);
    }
    const continued = status === 206 && offset > 0;
    if (status !== 200 && !continued) throw new MirrorError(`HTTP ${status}`);
    const range = continued ? contentRange(headers) : undefined;
    if (continued && range?.start !== offset) {
      // Bytes from somewhere else are of no use; without a range there can be no misunderstanding.
      await part.restart();
      return await transfer(part, url, wanted, options);
    }
    const total = continued ? range?.total : lengthOf(headers);
    if (total !== undefined && total !== (size ?? total))
      throw new MirrorError(`offers ${total} bytes; the catalogue has ${size}`);
    if (total !== undefined && total > limit) throw new MirrorError(`offers ${total} bytes, too many`);
    if (!continued) await part.restart();
    await part.continueFrom({ url, ...validatorOf(headers) });
    const most = total ?? limit;
    for await (const chunk of answer.body) {
      if (part.size + chunk.length > most) {
        await part.restart();
        throw new MirrorError(`sends more than ${most} bytes`);
      }
      await part.append(chunk);
      progress(`from ${shownUrl(url)}`, part.size, size ?? total);
    }
    const promised = size ?? total;
    if (promised !== undefined && part.size < promised) throw new CutError('the connection was closed');
  } finally {
    answer.end();
  }
}

function mayContinue(part: PartialFile, url: string, checkable: boolean): boolean {
  if (part.size === 0 || checkable) return true;
  return part.origin?.url === url && part.origin.validator !== undefined;
}

/** `If-Range`: the rest only if the file is still the one whose beginning is here, else all of it. */
function rangeHeaders(part: PartialFile, url: string): Record<string, string> {
  const range = { Range: `bytes=${part.size}-` };
  const { origin } = part;
  return origin?.url === url && origin.validator !== undefined
    ? { ...range, 'If-Range': origin.validator }
    : range;
}

/** A weak ETag promises no equal bytes. */
function validatorOf({ etag, 'last-modified': modified }: IncomingHttpHeaders): { validator?: string } {
  const validator = etag?.startsWith('"') ? etag : modified;
  return validator === undefined ? {} : { validator };
}

/** `bytes 100-199/200`; the total may be `*`. */
function contentRange(
  headers: IncomingHttpHeaders,
): { readonly start: number; readonly total: number | undefined } | undefined {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
  if (start === undefined) return undefined;
  return { start: Number(start), total: total === '*' ? undefined : Number(total) };
}

// Of 'bytes */200' in a 416.
function totalOf(headers: IncomingHttpHeaders): number | undefined {
  const [, total] = /^bytes \*\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  return total === undefined ? undefined : Number(total);
}

function lengthOf({ 'content-length': length }: IncomingHttpHeaders): number | undefined {
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
}
