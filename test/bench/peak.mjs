import { appendFileSync } from 'node:fs';

// Preloaded (--import): the greatest memory of the process, in KiB, on a line of the file that PEAK_FILE names.
process.on('exit', () => {
  appendFileSync(process.env.PEAK_FILE, `${process.resourceUsage().maxRSS}\n`);
});
