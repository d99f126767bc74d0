import { inRange, type KernelRange, type KernelVersion } from './version.js';

/**
 * A patch by Julian Anastasov that adds /proc/sys/net/ipv4/conf/{all,DEVICE}/hidden: where both are 1, the addresses of the
 * device are neither answered by ARP on another device nor used as the source of a request.
 */
export interface HiddenPatch extends KernelRange {
  readonly file: string;
  readonly last: string;
  /** Day it was made, ISO. */
  readonly made: string;
  readonly sources: readonly string[];
  /** What is known of it beside the range. */
  readonly tried?: string;
}

const table = ["tutorial's table"];

/** The tutorial's table, whole. For mainline kernels only: vendors' trees have changed the same files. */
export const HIDDEN_PATCHES: readonly HiddenPatch[] = [
  { file: 'hidden-2.4.4-1.diff', first: '2.4.4', last: '2.4.4', made: '2001-04-29', sources: table },
  { file: 'hidden-2.4.5-1.diff', first: '2.4.5', last: '2.4.19-pre4', made: '2001-06-02', sources: table },
  {
    file: 'hidden-2.4.19pre5-1.diff',
    first: '2.4.19-pre5',
    last: '2.4.20-pre9',
    made: '2002-04-07',
    sources: table,
  },
  {
    file: 'hidden-2.4.20pre10-1.diff',
    first: '2.4.20-pre10',
    last: '2.4.24',
    made: '2002-10-12',
    sources: [
      ...table,
      'patch --dry-run of the text posted to the Linux kernel mailing list, 5 Dec 2002, on ten kernel trees',
    ],
    tried:
      'clean on 2.4.20, 2.4.21 and 2.4.22, with fuzz on 2.4.23 and 2.4.24; ' +
      'rejected by 2.4.18, 2.4.19, 2.4.25 to 2.4.28, 2.4.31, and by the trees of Red Hat 8.0 and RHEL 3',
  },
  { file: 'hidden-2.4.25-1.diff', first: '2.4.25', last: '2.4.25', made: '2004-02-19', sources: table },
  { file: 'hidden-2.4.26-1.diff', first: '2.4.26', last: '2.4.27', made: '2004-02-28', sources: table },
  { file: 'hidden-2.4.28-1.diff', first: '2.4.28', last: '2.4.30', made: '2004-11-18', sources: table },
  { file: 'hidden-2.5.67-1.diff', first: '2.5.67', last: '2.6.2', made: '2003-04-09', sources: table },
  { file: 'hidden-2.6.3-1.diff', first: '2.6.3', last: '2.6.3', made: '2004-02-19', sources: table },
  { file: 'hidden-2.6.4-1.diff', first: '2.6.4', last: '2.6.8', made: '2004-03-12', sources: table },
  { file: 'hidden-2.6.9-1.diff', first: '2.6.9', last: '2.6.11', made: '2004-10-19', sources: table },
];

/** The patch for a mainline kernel; undefined where the table names none, and for every vendor's kernel. */
export function hiddenPatchFor(version: KernelVersion): HiddenPatch | undefined {
  return HIDDEN_PATCHES.find((patch) => inRange(version, patch));
}
