import type { Cell, HostState } from './model.js';
import type { Paint } from './paint.js';

/** The same in a row of cells: what deserves attention most comes first. */
const WEIGHT: readonly Cell[] = ['failed', 'current', 'planned', 'changed', 'unknown', 'ok'];

const MARK: Readonly<Record<Cell, string>> = {
  unknown: ' ',
  ok: '·',
  planned: '+',
  current: '▸',
  changed: '±',
  failed: '✗',
};

/** Columns for the strips of these hosts: one a resource while there is room, then several resources share a mark. */
export function stripWidth(hosts: readonly HostState[], columns: number): number {
  const most = Math.max(0, ...hosts.map((host) => host.cells.length));
  return Math.min(most, Math.max(8, Math.floor(columns / 4)));
}

/** `±··±··▸`: a mark a resource, in the order of applying; exactly `columns` wide. */
export function strip(cells: readonly Cell[], columns: number, paint: Paint): string {
  const color: Readonly<Record<Cell, (text: string) => string>> = {
    unknown: (text) => text,
    ok: paint.quiet,
    planned: paint.quiet,
    current: paint.live,
    changed: paint.change,
    failed: paint.bad,
  };
  return runs(squeeze(cells, columns))
    .map(([cell, length]) => color[cell](MARK[cell].repeat(length)))
    .join('')
    .concat(' '.repeat(Math.max(0, columns - cells.length)));
}

function squeeze(cells: readonly Cell[], columns: number): readonly Cell[] {
  if (cells.length <= columns) return cells;
  return Array.from({ length: columns }, (_, index) => {
    const shared = cells.slice(
      Math.floor((index * cells.length) / columns),
      Math.floor(((index + 1) * cells.length) / columns),
    );
    return WEIGHT.find((cell) => shared.includes(cell)) ?? 'unknown';
  });
}

function runs(cells: readonly Cell[]): [Cell, number][] {
  const result: [Cell, number][] = [];
  for (const cell of cells) {
    const last = result.at(-1);
    if (last?.[0] === cell) last[1]++;
    else result.push([cell, 1]);
  }
  return result;
}
