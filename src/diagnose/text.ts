import { type Paint, plainLine } from '../report/index.js';
import type { Fix } from '../verify/reason.js';
import type { Blind, Diagnosis, Examined, Finding } from './check.js';

/** One line without colours, and the meaning that colours it whole. */
export interface Line {
  readonly text: string;
  readonly tone?: keyof Paint;
}

/** Advice is no fault. */
export const isFault = ({ severity }: Finding): boolean => severity !== 'advice';

const effects = {
  stops: 'stops the service',
  some: 'some connections fail or go astray',
  later: 'works now, and fails later',
  advice: 'advice',
} as const;

export function fixText(fix: Fix): string {
  if ('command' in fix) return `${fix.on === undefined ? 'here' : `on ${fix.on}`}: ${fix.command}`;
  if ('key' in fix) return `in the inventory: ${fix.key}: ${fix.value}`;
  return fix.advice;
}

/**
 * What was found, the most likely cause first, then one line a service. `verbose` adds advice, the checks that found nothing, and
 * those that could not look, with the reason.
 */
export function diagnosisLines({ findings, examined }: Diagnosis, verbose: boolean): Line[] {
  const shown = findings.filter((finding) => verbose || isFault(finding));
  return [
    ...shown.flatMap((finding, i) => findingLines(finding, i + 1)),
    ...examined.flatMap((one) => serviceLines(one, findings, verbose)),
  ].map(({ text, ...rest }) => ({ text: plainLine(text).trimEnd(), ...rest }));
}

function findingLines(finding: Finding, number: number): Line[] {
  const { check, host, services, severity, symptom, cause, evidence, fix } = finding;
  const where = host === undefined ? '' : `${host}: `;
  return [
    { text: `${number}. ${where}${cause}`, tone: isFault(finding) ? 'bad' : 'quiet' },
    { text: `     ${check} of ${services.join(', ')}: ${effects[severity]}`, tone: 'quiet' },
    { text: `     symptom   ${symptom}` },
    { text: `     evidence  ${evidence}` },
    { text: `     fix       ${fixText(fix)}` },
    { text: '' },
  ];
}

function serviceLines(
  { service, endpoint, looked, silent, blind, connections }: Examined,
  findings: readonly Finding[],
  verbose: boolean,
): Line[] {
  const mine = findings.filter((finding) => isFault(finding) && finding.services.includes(service));
  const said = connections.map(
    ({ from, answered, text }) =>
      `a connection from ${from} ${answered ? 'was answered' : `failed (${text || 'no reason told'})`}`,
  );
  const unseen = new Set(blind.map(({ check }) => check)).size;
  const counts = [
    `${looked} checks looked`,
    mine.length === 0 ? 'nothing found' : `${mine.length} found`,
    ...(unseen === 0 ? [] : [`${unseen} could not look everywhere${verbose ? '' : ' (--verbose)'}`]),
    ...said,
  ];
  return [
    {
      text: `${mine.length === 0 ? '✓' : '✗'} ${service} ${endpoint}: ${counts.join(', ')}`,
      tone: mine.length === 0 ? 'good' : 'bad',
    },
    ...(verbose
      ? [{ text: `    silent: ${silent.join(', ')}`, tone: 'quiet' as const }, ...blindLines(blind)]
      : []),
  ];
}

/** One line for each host and reason. */
function blindLines(blind: readonly Blind[]): Line[] {
  const places = new Map<string, string[]>();
  for (const { check, host, reason } of blind) {
    const place = host === '-' ? `anywhere (${reason})` : `at ${host} (${reason})`;
    places.set(place, [...(places.get(place) ?? []), check]);
  }
  return [...places].map(([place, checks]) => ({
    text: `    could not look ${place}: ${checks.join(', ')}`,
    tone: 'quiet',
  }));
}
