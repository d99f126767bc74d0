import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { environmentPasswords } from '../../../src/ssh/passwords.js';

describe('passwords', () => {
  it('come from the environment without a question', async () => {
    const source = environmentPasswords({ A: 'secret word' }, async () => {
      throw new Error('asked');
    });
    const secret = await source.get('A', 'A?');
    expect(secret?.reveal()).toBe('secret word');
    expect(`${secret} ${JSON.stringify({ secret })} ${inspect({ secret })}`).not.toContain('word');
  });

  it('are asked for once a name, one question at a time, however many want them', async () => {
    const asked: string[] = [];
    let open = 0;
    const source = environmentPasswords({ EMPTY: '' }, async (question) => {
      expect(++open).toBe(1);
      asked.push(question);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open--;
      return `answer to ${question}`;
    });
    const names = ['A', 'B', 'A', 'EMPTY', 'B'];
    const secrets = await Promise.all(names.map((name) => source.get(name, name)));
    expect(asked).toEqual(['A', 'B', 'EMPTY']);
    expect(secrets.map((secret) => secret?.reveal())).toEqual(names.map((name) => `answer to ${name}`));
  });

  it('are none without an answer, and that is not asked again', async () => {
    let asked = 0;
    const source = environmentPasswords({}, async () => {
      asked++;
      return undefined;
    });
    expect(await source.get('A', 'A?')).toBeUndefined();
    expect(await source.get('A', 'A?')).toBeUndefined();
    expect(asked).toBe(1);
  });

  it('go on being asked for after a question that failed', async () => {
    const source = environmentPasswords({}, async (question) => {
      if (question === 'bad') throw new Error('the terminal is gone');
      return 'good';
    });
    const bad = source.get('BAD', 'bad');
    const good = source.get('GOOD', 'good');
    await expect(bad).rejects.toThrow('the terminal is gone');
    expect((await good)?.reveal()).toBe('good');
  });
});
