import { describe, expect, it } from 'vitest';
import { attribute, stablePart, voiceOf } from '../../../src/verify/identity.js';
import type { Attempt, Outcome } from '../../../src/verify/traffic.js';

const attempt = (text: string, outcome: Outcome = 'answer'): Attempt => ({ label: 'c1', outcome, text });

describe('the voice of a real server', () => {
  it('is what it says both times', () => {
    expect(voiceOf([attempt('220 FTP1', 'login'), attempt('220 FTP1')])).toBe('220 FTP1');
  });
  it('is unknown when it differs, is empty, or there is none', () => {
    expect(voiceOf([attempt('one'), attempt('two')])).toBeUndefined();
    expect(voiceOf([attempt('', 'open'), attempt('', 'open')])).toBeUndefined();
    expect(
      voiceOf([attempt('Connection refused', 'fail'), attempt('Connection refused', 'fail')]),
    ).toBeUndefined();
    expect(voiceOf([])).toBeUndefined();
  });
  it('leaves the time of day out', () => {
    const banner = (time: string): string =>
      `220 rs1 ESMTP Sendmail 8.12.8/8.12.8; Mon, 23 Nov 2026 ${time} GMT`;
    expect(stablePart(banner('06:40:00'))).toBe(stablePart(banner('06:40:01')));
    expect(stablePart('220 Welcome to FTP1 server')).toBe('220 Welcome to FTP1 server');
    expect(stablePart('+OK <1896.6971@rs1> ready')).not.toBe(stablePart('+OK <1896.6971@rs2> ready'));
  });
});

describe('attribution', () => {
  it('counts the answers of each server', () => {
    const attempts = [attempt('a'), attempt('a', 'login'), attempt('b'), attempt('refused', 'fail')];
    expect(attribute(['a', 'b'], attempts)).toEqual({ answered: [2, 1], strangers: new Map() });
  });
  it('is undefined for servers that say the same, or nothing known', () => {
    const attempts = [attempt('a'), attempt('a'), attempt('b')];
    expect(attribute(['a', 'a', 'b'], attempts).answered).toEqual([undefined, undefined, 1]);
    expect(attribute(['a', undefined], attempts)).toEqual({ answered: [2, undefined], strangers: new Map() });
  });
  it('tells of answers that no server gives', () => {
    expect(attribute(['a', 'b'], [attempt('a'), attempt('x'), attempt('x')]).strangers).toEqual(
      new Map([['x', 2]]),
    );
  });
});
