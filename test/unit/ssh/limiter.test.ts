import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LvsctlError } from '../../../src/errors.js';
import { ConnectLimiter } from '../../../src/ssh/limiter.js';

const dropped = () => new LvsctlError('dropped', { cause: new Error('Connection lost before handshake') });

describe('connection starts', () => {
  it('are capped in all and for each server', async () => {
    const limiter = new ConnectLimiter({ atOnce: 5, perServer: 3 });
    const now = new Map<string, number>();
    let all = 0;
    let mostOfAll = 0;
    let mostOfOne = 0;
    const start = (server: string) =>
      limiter.run(server, async () => {
        now.set(server, (now.get(server) ?? 0) + 1);
        mostOfAll = Math.max(mostOfAll, ++all);
        mostOfOne = Math.max(mostOfOne, now.get(server) ?? 0);
        await pause(2);
        now.set(server, (now.get(server) ?? 0) - 1);
        all--;
        return server;
      });
    const servers = Array.from({ length: 40 }, (_, i) => `server${i % 2}`);
    expect(await Promise.all(servers.map(start))).toEqual(servers);
    expect(mostOfAll).toBe(5);
    expect(mostOfOne).toBe(3);
  });

  it('are repeated when the server dropped them, up to a count', async () => {
    const limiter = new ConnectLimiter({ attempts: 4, pauseMs: 1 });
    let tries = 0;
    const failing = limiter.run('a', async () => {
      tries++;
      throw dropped();
    });
    await expect(failing).rejects.toThrow('dropped');
    expect(tries).toBe(4);
    tries = 0;
    const result = await limiter.run('a', async () => {
      if (++tries < 3) throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      return 'there';
    });
    expect([result, tries]).toEqual(['there', 3]);
  });

  it('hold no slot while they wait for the next try', async () => {
    const limiter = new ConnectLimiter({ atOnce: 1, perServer: 1, attempts: 2, pauseMs: 50 });
    const order: string[] = [];
    let tries = 0;
    const first = limiter.run('a', async () => {
      order.push(`first ${++tries}`);
      if (tries === 1) throw dropped();
    });
    const second = limiter.run('a', async () => {
      order.push('second');
    });
    await Promise.all([first, second]);
    expect(order).toEqual(['first 1', 'second', 'first 2']);
  });

  it('are not repeated for any other reason', async () => {
    const limiter = new ConnectLimiter({ pauseMs: 1 });
    let tries = 0;
    const failing = limiter.run('a', async () => {
      tries++;
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    });
    await expect(failing).rejects.toThrow('ECONNREFUSED');
    expect(tries).toBe(1);
  });
});
