/** A sample of the text exposition format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\["\\\\n])*)"';
const HELP = new RegExp(`^# HELP (${NAME}) (.+)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge)$`);
const SAMPLE = new RegExp(
  `^(${NAME})\\{((?:${LABEL}(?:,(?!\\})|(?=\\})))*)\\} ([0-9]+(?:\\.[0-9]+)?(?:e[+-]?[0-9]+)?)$`,
);

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(new RegExp(LABEL, 'g'))) {
    if (name in labels) throw new Error(`label ${name} twice`);
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

/**
 * Reads a text strictly by the format's rules (version 0.0.4): HELP and TYPE once and before the samples, a family's samples
 * together, no sample twice, a line feed at the end. Throws at what breaks one.
 */
export function readExposition(text: string): Sample[] {
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new Error('no line feed at the end');
  const samples: Sample[] = [];
  const seen = new Set<string>();
  let family: { name: string; type?: string } | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const help = HELP.exec(line);
    if (help) {
      const name = help[1] ?? '';
      if (seen.has(name)) throw new Error(`family ${name} again`);
      seen.add(name);
      family = { name };
      continue;
    }
    const type = TYPE.exec(line);
    if (type) {
      if (family === undefined || family.name !== type[1] || family.type !== undefined)
        throw new Error(`out of place: ${line}`);
      family.type = type[2] ?? '';
      if ((family.type === 'counter') !== family.name.endsWith('_total')) throw new Error(`ending: ${line}`);
      continue;
    }
    const [, name = '', labelText = ''] = SAMPLE.exec(line) ?? [];
    if (name === '' || family?.type === undefined || family.name !== name)
      throw new Error(`not a sample of its family: ${line}`);
    const labels = readLabels(labelText);
    const key = `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
    if (seen.has(key)) throw new Error(`sample twice: ${line}`);
    seen.add(key);
    samples.push({ name, labels, value: Number(line.slice(line.lastIndexOf(' ') + 1)) });
  }
  return samples;
}
