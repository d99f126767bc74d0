import type { JobListener } from '../ssh/jobs.js';

/** A log that is followed again starts at its first line; what the listener was told before is not told twice. */
export function onlyNews(listener: JobListener): { first: JobListener; again: () => JobListener } {
  let told = 0;
  const counting = (from: number): JobListener => {
    let seen = 0;
    const news = (tell: () => void): void => {
      seen += 1;
      if (seen <= from) return;
      told = seen;
      tell();
    };
    return {
      // No news by itself: it tells how the others are to be taken.
      onLive: (live) => listener.onLive?.(live),
      onManifest: (manifest) => news(() => listener.onManifest?.(manifest)),
      onBegin: (step) => news(() => listener.onBegin?.(step)),
      onLine: (line, step) => news(() => listener.onLine?.(line, step)),
      onEnd: (step, status, stderr) => news(() => listener.onEnd?.(step, status, stderr)),
    };
  };
  return { first: counting(0), again: () => counting(told) };
}
