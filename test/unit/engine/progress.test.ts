import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/engine/index.js';
import { BuildProgress, ProgressTeller, told } from '../../../src/engine/progress.js';

/** Milliseconds that the test turns on. */
class Clock {
  at = 1_000_000;
  readonly now = (): number => this.at;
}

const counted = (...lines: string[]): number | undefined => {
  const progress = new BuildProgress(() => 0);
  return lines.map((line) => progress.line(line)).findLast((state) => state)?.done;
};

describe('a line of a build', () => {
  it.each([
    ['2.6 and later', '  CC      kernel/fork.o'],
    ['2.6 and later, of a module', '  CC [M]  net/netfilter/ipvs/ip_vs_wrr.o'],
    ['2.6 and later, assembled', '  AS      arch/x86/entry/entry_64.o'],
    ['2.6 and later, assembled for a module', '  AS [M]  arch/x86/crypto/aes-x86_64-asm_64.o'],
    [
      '2.4',
      'gcc -D__KERNEL__ -I/usr/src/linux-2.4.20/include -Wall -O2 -march=i686   -nostdinc -iwithprefix include -DKBUILD_BASENAME=fork  -c -o fork.o fork.c',
    ],
    [
      '2.4, of a module',
      'gcc -D__KERNEL__ -I/usr/src/linux/include -O2 -DMODULE -DMODVERSIONS -nostdinc -DKBUILD_BASENAME=ip_vs_wrr  -c -o ip_vs_wrr.o ip_vs_wrr.c',
    ],
    [
      '2.4, assembled',
      'gcc -D__ASSEMBLY__ -D__KERNEL__ -I/usr/src/linux-2.4.20/include -traditional -c head.S -o head.o',
    ],
    ['a compiler by its path and version', '/usr/bin/i386-linux-gcc-3.2 -O2 -c -o x.o x.c'],
    ['cc', 'cc -g -O2 -c ipvsadm.c'],
  ])('counts as a file: %s', (_, line) => {
    expect(counted(line)).toBe(1);
  });

  it.each([
    ['linking', '  LD      kernel/built-in.o'],
    ['linking in 2.4', 'ld -m elf_i386 -r -o kernel.o sched.o dma.o'],
    ['an archive', '  AR      kernel/built-in.a'],
    ['a program of the build host', '  HOSTCC  scripts/kallsyms'],
    ['a program of the build host, of an object', '  HOSTCC  scripts/kconfig/conf.o'],
    [
      'a program of the build host in 2.4',
      'gcc -Wall -Wstrict-prototypes -O2 -o scripts/mkdep scripts/mkdep.c',
    ],
    ['preprocessing', 'gcc -E -D__KERNEL__ -traditional -DSVGA_MODE=NORMAL_VGA bootsect.S -o bbootsect.s'],
    ['versions of symbols', '  MODPOST Module.symvers'],
    ['a folder', "make[2]: Entering directory `/usr/src/linux-2.4.20/kernel'"],
    ['talk of it', 'see gcc -c in the manual: CC kernel/fork.o'],
    ['a warning', 'fork.c:12: warning: -c -o fork.o'],
    ['an unsound expectation', 'lvsctl: expecting many files'],
  ])('does not count: %s', (_, line) => {
    expect(counted(line)).toBe(undefined);
  });
});

describe('BuildProgress', () => {
  const line = '  CC      a.o';

  it('knows the share once the script has said how many there will be', () => {
    const progress = new BuildProgress(() => 0);
    expect(progress.line(line)).toEqual({ done: 1 });
    expect(progress.line('lvsctl: expecting 3 files')).toEqual({ done: 0, total: 3 });
    expect([1, 2, 3, 4].map(() => progress.line(line))).toEqual([
      { done: 1, total: 3 },
      { done: 2, total: 3 },
      { done: 3, total: 3 },
      // It was short by one.
      { done: 4, total: 4 },
    ]);
    progress.begin();
    expect(progress.line(line)).toEqual({ done: 1 });
  });

  it('judges the time left by the pace that it sees', () => {
    const clock = new Clock();
    const progress = new BuildProgress(clock.now);
    progress.live(true);
    progress.line('lvsctl: expecting 100 files');
    clock.at += 5000;
    const states = Array.from({ length: 20 }, () => {
      clock.at += 1000;
      return progress.line(line);
    });
    // Too little was seen at first.
    expect(states.slice(0, 5).map((state) => state?.secondsLeft)).toEqual(Array(5).fill(undefined));
    expect(states.at(-1)).toEqual({ done: 20, total: 100, secondsLeft: 80 });
  });

  it('knows the share of what a log tells at once, and no time by it', () => {
    const clock = new Clock();
    const progress = new BuildProgress(clock.now);
    // As when lvsctl comes back to a build: its past comes in an instant, and a rest of it after the log was caught up with.
    progress.live(false);
    progress.line('lvsctl: expecting 1000 files');
    for (let i = 0; i < 400; i++) progress.line(line);
    clock.at += 10_000;
    progress.live(true);
    clock.at += 500;
    for (let i = 0; i < 100; i++) progress.line(line);
    expect(progress.line(line)).toEqual({ done: 501, total: 1000 });
    clock.at += 4000;
    for (let i = 0; i < 10; i++) {
      clock.at += 2000;
      progress.line(line);
    }
    // One in two seconds: not a trace of the five hundred before.
    expect(progress.line(line)).toEqual({ done: 512, total: 1000, secondsLeft: Math.round((488 * 18) / 10) });
  });

  it('begins anew to see when a connection was lost in between', () => {
    const clock = new Clock();
    const progress = new BuildProgress(clock.now);
    progress.live(true);
    progress.line('lvsctl: expecting 100 files');
    for (let i = 0; i < 20; i++) {
      clock.at += 1000;
      progress.line(line);
    }
    progress.live(false);
    clock.at += 60_000;
    for (let i = 0; i < 30; i++) expect(progress.line(line)?.secondsLeft).toBe(undefined);
    progress.live(true);
    expect(progress.line(line)).toEqual({ done: 51, total: 100 });
  });
});

describe('ProgressTeller', () => {
  it('tells once a second, and the last word of a step', () => {
    const clock = new Clock();
    const events: RunEvent[] = [];
    const teller = new ProgressTeller('rs1', (event) => events.push(event), clock.now);
    teller.begin('build');
    teller.line('lvsctl: expecting 100 files');
    for (let i = 0; i < 35; i++) {
      clock.at += 100;
      teller.line('  CC      a.o');
    }
    teller.end();
    teller.begin('modules');
    teller.line('  CC [M]  b.o');
    teller.line('nothing of interest');
    teller.end();
    const about = { type: 'host.progress', host: 'rs1', unit: 'compiled' };
    expect(events).toEqual([
      ...[0, 10, 20, 30, 35].map((done) => ({ ...about, resource: 'build', done, total: 100 })),
      { ...about, resource: 'modules', done: 1 },
    ]);
  });
});

describe('the bytes of a file', () => {
  const flow = async (size: number) => {
    const events: RunEvent[] = [];
    const about = { host: 'rs1', resource: 'source', unit: 'sent' } as const;
    const chunks = (function* () {
      for (let left = size; left > 0; left -= 65536) yield Buffer.alloc(Math.min(left, 65536), left % 251);
    })();
    const came: Uint8Array[] = [];
    const content = (async function* () {
      yield* chunks;
    })();
    for await (const chunk of told(content, size, about, (event) => events.push(event))) came.push(chunk);
    return { events, size: Buffer.concat(came).length };
  };

  it('pass unchanged, and their end is told', async () => {
    const { events, size } = await flow(3_000_000);
    expect(size).toBe(3_000_000);
    expect(events.at(-1)).toEqual({
      type: 'host.progress',
      ...{ host: 'rs1', resource: 'source', unit: 'sent' },
      ...{ done: 3_000_000, total: 3_000_000 },
    });
  });

  it('are not worth a word when they are few', async () => {
    expect(await flow(100_000)).toEqual({ events: [], size: 100_000 });
  });
});
