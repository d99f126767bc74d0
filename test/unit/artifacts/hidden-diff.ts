/** A diff of the shape of `hidden` for 2.4.20, as `diff -urN` writes it. */
export function hiddenDiff({
  note = '',
  files = ['include/linux/inetdevice.h', 'include/linux/sysctl.h', 'net/ipv4/arp.c', 'net/ipv4/devinet.c'],
  line = '+\tint\thidden;',
}: {
  readonly note?: string;
  readonly files?: readonly string[];
  readonly line?: string;
} = {}): string {
  return files
    .map((file) =>
      [
        `diff -urN v2.4.20/linux/${file} linux/${file}${note && ` # ${note}`}`,
        `--- v2.4.20/linux/${file}\tFri Nov 29 01:53:15 2002`,
        `+++ linux/${file}\tSat Nov 30 22:07:11 2002`,
        '@@ -26,3 +26,4 @@',
        ' \tint\tmedium_id;',
        line,
        ' \tvoid\t*sysctl;',
        ' };',
        '@@ -40 +41 @@ static int x(void)',
        '-\treturn 0; /* --- old */',
        '+\treturn 1; /* +++ new */',
        '',
      ].join('\n'),
    )
    .join('');
}
