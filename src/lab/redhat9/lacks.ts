/**
 * What a command of Red Hat 9 had not yet, of what today's program of that name has. Sources: NEWS of coreutils (4.5.3 then), findutils
 * 4.1.7, tar 1.13.25, sed 4.0.5, grep 2.5.1, gzip 1.3.3, procps 2.0.11, util-linux 2.11y, shadow 4.0.3, make 3.79.1, patch 2.5.4,
 * OpenSSH 3.5p1, rsync 2.5.5, iptables 1.2.7a, iputils 20020927.
 */
export interface Lack {
  /** Short options that a program of today has and Red Hat 9's had not. */
  readonly short?: string;
  /** Short options that take an argument: what stands behind them is not an option. */
  readonly valued?: string;
  /** Long options, without dashes; `*` for all of them. */
  readonly long?: readonly string[];
  /** Words refused wherever they stand, as patterns of `case`. */
  readonly words?: readonly string[];
  /** The program's own command begins at the first word that is no option. */
  readonly runs?: boolean;
  /** Shell of its own, run before the options are looked at; it may call `refuse WHAT`. */
  readonly script?: string;
}

const sums: Lack = { short: 'z', long: ['ignore-missing', 'quiet', 'strict', 'tag', 'zero'] };
const grep: Lack = {
  short: 'T',
  valued: 'ABCDdefm',
  long: ['exclude-dir', 'group-separator', 'no-group-separator', 'initial-tab', 'no-ignore-case'],
};

/** GNU tar 1.13.25 looked at no file's first bytes; and `tar xJf` is the same as `tar -x -J -f`. */
const tarScript = `
case $1 in
-*) ;;
*[Ja]*) refuse "\${1}" ;;
esac
packed= told=
for word do
  case $word in
  *.gz | *.tgz | *.bz2 | *.Z) packed=$word ;;
  --gzip | --gunzip | --ungzip | --bzip2 | --compress | --uncompress | --use-compress-program*) told=1 ;;
  --*) ;;
  -*[zjZ]*) told=1 ;;
  esac
done
case $1 in
--create | --append | --update) told=1 ;;
--*) ;;
-*[cru]*) told=1 ;;
-*) ;;
*[cruzjZ]*) told=1 ;;
esac
[ -z "$packed" ] || [ -n "$told" ] || refuse "$packed without -z or -j"`;

const tar: Lack = {
  short: 'JaI',
  valued: 'bCfFgKLNTVXH',
  long: [
    ...[
      'auto-compress',
      'lzip',
      'lzma',
      'lzop',
      'no-auto-compress',
      'one-top-level',
      'skip-old-files',
      'sort',
    ],
    ...[
      'strip',
      'strip-components',
      'transform',
      'warning',
      'xattrs',
      'xform',
      'xz',
      'zstd',
      'keep-directory-symlink',
    ],
  ],
  script: tarScript,
};

const headOrTail = (script: string): Lack => ({
  short: 'z',
  valued: 'cns',
  long: ['zero-terminated'],
  script,
});

/** `head -n -1` came with coreutils 5. */
const headScript = `
last=
for word do
  case $last$word in
  -[nc]-[0-9]* | --lines=-* | --bytes=-*) refuse "$word" ;;
  esac
  case $word in
  -[nc]) last=$word ;;
  *) last= ;;
  esac
done`;

const dateScript = `
for word do
  case $word in
  @[0-9]* | -d@* | --date=@*) refuse "$word" ;;
  esac
done`;

/** The program of its time insists on a template. */
const mktempScript = `
template=
for word do
  case $word in
  -*) ;;
  *XXXXXX*) template=$word ;;
  esac
done
[ -n "$template" ] || refuse 'no template'`;

/** procps 2 sets a value only with -w. */
const sysctlScript = `
write=
for word do
  case $word in
  --*) ;;
  -*w*) write=1 ;;
  *=*) [ -n "$write" ] || refuse "$word without -w" ;;
  esac
done`;

const findScript = `
last=
for word do
  case $last:$word in
  '{}:+' | -perm:/*) refuse "$word" ;;
  esac
  last=$word
done`;

const sshWords = [
  ...['*AddressFamily[= ]*', '*ConnectTimeout[= ]*', '*Control[MP]*[= ]*', '*ExitOnForwardFailure[= ]*'],
  ...[
    '*HashKnownHosts[= ]*',
    '*IdentitiesOnly[= ]*',
    '*PermitLocalCommand[= ]*',
    '*ProxyJump[= ]*',
    '*SendEnv[= ]*',
  ],
  ...['*ServerAlive*[= ]*', '*SetEnv[= ]*', '*=accept-new', '*KexAlgorithms[= ]*', '*PubkeyAccepted*[= ]*'],
];

/** Options that came after Red Hat 9, by command. */
export const lacks: Readonly<Record<string, Lack>> = {
  arping: { short: 'iCer', valued: 'cwIs' },
  basename: { short: 'asz', long: ['multiple', 'suffix', 'zero'] },
  chmod: { long: ['preserve-root', 'no-preserve-root'] },
  chown: { short: 'HLP', long: ['preserve-root', 'no-preserve-root'] },
  cksum: { short: 'aclwz', long: ['*'] },
  cp: {
    short: 'nTtZ',
    valued: 'S',
    long: ['attributes-only', 'no-clobber', 'no-target-directory', 'reflink', 'context', 'debug', 'update'],
  },
  cut: { short: 'z', valued: 'bcdf', long: ['complement', 'zero-terminated'] },
  date: { valued: 'dfr', long: ['rfc-3339', 'debug', 'resolution'], script: dateScript },
  dd: {
    words: [
      'status=*',
      'iflag=*',
      'oflag=*',
      'conv=*fsync*',
      'conv=*fdatasync*',
      'conv=*excl*',
      'conv=*sparse*',
    ],
  },
  df: { valued: 'Btx', long: ['output', 'total'] },
  diff: { valued: 'CUDFILSWx', long: ['color', 'no-dereference', 'suppress-blank-empty', 'palette'] },
  dirname: { short: 'z', long: ['zero'] },
  dmesg: { short: 'wTHCDEefFkLtxSP', long: ['*'], valued: 'ns' },
  du: {
    short: 'dt0',
    valued: 'BX',
    long: ['apparent-size', 'files0-from', 'inodes', 'null', 'threshold', 'time', 'time-style'],
  },
  egrep: grep,
  env: {
    short: '0CSv',
    valued: 'u',
    long: ['null', 'chdir', 'split-string', 'block-signal', 'debug'],
    runs: true,
  },
  fgrep: grep,
  find: {
    words: [
      ...[
        '-delete',
        '-quit',
        '-execdir',
        '-okdir',
        '-readable',
        '-writable',
        '-executable',
        '-regextype',
        '-wholename',
      ],
      ...[
        '-iwholename',
        '-samefile',
        '-newer??',
        '-files0-from',
        '-H',
        '-L',
        '-P',
        '-D',
        '-O?',
        '-d',
        '-ignore_readdir_race',
      ],
    ],
    script: findScript,
  },
  free: { short: 'hvwlLN', long: ['*'], valued: 'sc' },
  grep,
  groupadd: { short: 'pKRPU', valued: 'g', long: ['*'] },
  gtar: tar,
  gunzip: { short: 'k', valued: 'S', long: ['keep', 'synchronous'] },
  gzip: { short: 'k', valued: 'S', long: ['keep', 'rsyncable', 'synchronous'] },
  head: headOrTail(headScript),
  hostname: { short: 'IAb', valued: 'F', long: ['all-ip-addresses', 'all-fqdns', 'boot'] },
  id: { short: 'zZ', long: ['zero', 'context'] },
  install: {
    short: 'TtCZ',
    valued: 'mogS',
    long: ['compare', 'no-target-directory', 'target-directory', 'strip-program', 'context', 'debug'],
  },
  iptables: { words: ['-C', '--check', '-w', '--wait', '-W', '-S', '--list-rules', 'comment'] },
  killall: { short: 'oyrnZ', valued: 's', long: ['older-than', 'younger-than', 'regexp', 'ns'] },
  ln: { short: 'TtrLP', valued: 'S', long: ['no-target-directory', 'relative', 'logical', 'physical'] },
  logger: { short: 'nPTSe', valued: 'fpu', long: ['*'] },
  ls: {
    short: 'Z',
    valued: 'ITw',
    long: ['group-directories-first', 'hyperlink', 'zero', 'author', 'context', 'file-type', 'hide'],
  },
  make: {
    short: 'BEOL',
    valued: 'CfIoW',
    long: ['always-make', 'check-symlink-times', 'eval', 'output-sync', 'trace', 'shuffle'],
  },
  md5sum: sums,
  mkdir: { short: 'Z', valued: 'm', long: ['context'] },
  mktemp: { short: 'pt', long: ['*'], script: mktempScript },
  mount: { valued: 'otLU', long: ['make-*', 'all', 'source', 'target', 'target-prefix', 'options-mode'] },
  mv: {
    short: 'nTtZ',
    valued: 'S',
    long: ['no-clobber', 'no-target-directory', 'context', 'debug', 'exchange'],
  },
  nohup: { runs: true },
  patch: { valued: 'BDFYdgioprVxz', long: ['merge', 'follow-symlinks', 'reject-format', 'read-only'] },
  pgrep: { short: 'acoFLiqAweO', valued: 'dPgsuUGt', long: ['*'] },
  ping: { short: '46DOeHNC', valued: 'ciIlMmpQsSTtwW' },
  pkill: { words: ['-[acoFLiqAweO]', '--*'] },
  ps: { long: ['quick-pid', 'ppid'] },
  rm: { short: 'I', long: ['interactive', 'one-file-system', 'preserve-root', 'no-preserve-root'] },
  rsync: {
    valued: 'eBTfM',
    long: [
      ...[
        'append',
        'append-verify',
        'checksum-choice',
        'chmod',
        'chown',
        'contimeout',
        'delay-updates',
        'delete-delay',
      ],
      ...[
        'delete-during',
        'files-from',
        'from0',
        'info',
        'inplace',
        'mkpath',
        'out-format',
        'outbuf',
        'protect-args',
      ],
      ...[
        'ignore-missing-args',
        'prune-empty-dirs',
        'secluded-args',
        'acls',
        'xattrs',
        'itemize-changes',
        'iconv',
      ],
    ],
    short: 'AXsmiy',
  },
  scp: { short: '3JOsRT', valued: 'cFioPlSDX', words: sshWords },
  sed: {
    short: 'Ezi',
    valued: 'efl',
    long: ['in-place', 'posix', 'debug', 'sandbox', 'follow-symlinks', 'null-data', 'zero-terminated'],
  },
  seq: { valued: 'fs', long: ['equal-width-zero'] },
  setsid: { short: 'cwf', long: ['*'], runs: true },
  sftp: { short: 'JlPpqrRXNad', words: sshWords },
  sha1sum: sums,
  sort: {
    short: 'VRhz',
    valued: 'kotST',
    long: [
      ...[
        'version-sort',
        'random-sort',
        'human-numeric-sort',
        'sort',
        'parallel',
        'files0-from',
        'debug',
        'batch-size',
      ],
      ...['compress-program', 'random-source'],
    ],
  },
  split: {
    short: 'dntx',
    valued: 'abCl',
    long: ['numeric-suffixes', 'number', 'filter', 'additional-suffix', 'hex-suffixes'],
  },
  ssh: { short: 'BEGJKMOQSWwyYZ', valued: 'bcDeFiIlLmopR', words: sshWords, runs: true },
  'ssh-keygen': { short: 'AaEFHhKLMnOoRrTuVYZzQs', valued: 'bCfNPt', words: ['ed25519', 'ecdsa', '*-sk'] },
  stat: { valued: 'c', long: ['printf', 'cached'] },
  sync: { short: 'df', long: ['data', 'file-system'], words: ['/*'] },
  sysctl: { short: 'qrbN', valued: 'p', long: ['*'], script: sysctlScript },
  tail: headOrTail(''),
  tar,
  tee: { short: 'p', long: ['output-error'] },
  touch: { short: 'h', valued: 'drt', long: ['no-dereference'] },
  umount: { short: 'RqcdAiN', valued: 'tO', long: ['*'] },
  uniq: { short: 'z', valued: 'fsw', long: ['group', 'zero-terminated'] },
  useradd: { short: 'UNlZRPK', valued: 'bcdefgGkpsu', long: ['*'] },
  usermod: { short: 'aZRPvVwWr', valued: 'cdefgGlpsu', long: ['*'] },
  watch: { short: 'bcegpqtx', valued: 'n', long: ['*'], runs: true },
  wc: { long: ['files0-from', 'total'] },
  xargs: {
    short: 'ILdao',
    valued: 'iePns',
    long: ['arg-file', 'delimiter', 'open-tty', 'process-slot-var', 'show-limits'],
    runs: true,
  },
};
