import { describe, expect, it } from 'vitest';
import { diagnosisLines } from '../../../src/diagnose/index.js';
import { diagnosed } from './observed.js';

const text = (...args: Parameters<typeof diagnosisLines>): string =>
  `${diagnosisLines(...args)
    .map((line) => line.text)
    .join('\n')}\n`;

describe('the text of a diagnosis', () => {
  it('is one line a service where nothing is found', async () => {
    await expect(text(diagnosed(), false)).toMatchFileSnapshot('golden/sound.txt');
  });

  it('tells the gravest first', async () => {
    const broken = diagnosed({
      on: {
        rs2: [['evidence', / +inet 10.83.33.100\/32.*\n/, '']],
        director: [
          ['boot scripts', 'director:1', 'director:0'],
          ['evidence', '10 0A532164 0015 0A532102 FIN_WAIT', '10 0A532164 0015 0A532102 SYN_RECV'],
        ],
      },
    });
    await expect(text(broken, false)).toMatchFileSnapshot('golden/two-findings.txt');
  });

  it('has advice, silent checks and hosts not looked at with --verbose', async () => {
    const lost = diagnosed({ unreachable: { rs2: 'nothing listens there' }, cluster: { probes: [] } });
    await expect(text(lost, true)).toMatchFileSnapshot('golden/verbose.txt');
  });

  it('lets no control character of a host through', () => {
    const hostile = diagnosed({
      on: { client: [['traffic', '= v0 open', '= v0 fail \u001b[2Jrefused']] },
    });
    expect(text(hostile, true)).not.toContain('\u001b');
  });
});
