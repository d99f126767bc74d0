import type { Counters } from '../ipvs/index.js';
import type { RealServerStatus, ServiceStatus } from './model.js';
import type { Reading } from './reading.js';

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: { readonly labels: Labels; readonly value: number }[];
}

/** Field, ending of the name, what it counts. */
const FIGURES: readonly (readonly [keyof Counters, string, string])[] = [
  ['connections', 'connections', 'connections'],
  ['incomingPackets', 'incoming_packets', 'packets from clients'],
  ['outgoingPackets', 'outgoing_packets', 'packets to clients, of those that pass the director'],
  ['incomingBytes', 'incoming_bytes', 'bytes from clients'],
  ['outgoingBytes', 'outgoing_bytes', 'bytes to clients, of those that pass the director'],
];

/** Backslash, quote and line feed: all that the format escapes. */
const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');

/** Families by name, each with all its samples together, as the format wants them. */
class Families {
  readonly #families = new Map<string, Family>();

  /** What is not known has no sample. */
  add(
    name: string,
    type: Family['type'],
    help: string,
    labels: Labels,
    value: number | boolean | undefined,
  ): void {
    if (value === undefined) return;
    const family = this.#families.get(name) ?? { name, type, help, samples: [] };
    this.#families.set(name, family);
    family.samples.push({ labels, value: Number(value) });
  }

  text(): string {
    const lines = [...this.#families.values()].flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ labels, value }) => `${name}{${labelText(labels)}} ${value}`),
    ]);
    return lines.map((line) => `${line}\n`).join('');
  }
}

function addFigures(
  families: Families,
  of: 'service' | 'real_server',
  labels: Labels,
  { counters, rates }: Pick<ServiceStatus, 'counters' | 'rates'>,
): void {
  const what = of === 'service' ? 'of the service' : 'of the real server in the service';
  for (const [field, ending, text] of FIGURES) {
    const name = `lvsctl_ipvs_${of}_${ending}`;
    const total = `${capital(text)} ${what}, since its entry was added or zeroed.`;
    families.add(`${name}_total`, 'counter', total, labels, counters?.[field]);
    const rate = `${capital(text)} ${what} a second, as the kernel estimates them.`;
    families.add(`${name}_per_second`, 'gauge', rate, labels, rates?.[field]);
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function addRealServer(families: Families, ofService: Labels, server: RealServerStatus): void {
  const labels = { ...ofService, host: server.host ?? '', real_server: server.address };
  const gauge = (ending: string, help: string, value: number | boolean | undefined) =>
    families.add(`lvsctl_ipvs_real_server_${ending}`, 'gauge', help, labels, value);
  gauge('present', 'Whether the real server is in the table.', server.state !== 'missing');
  gauge('in_inventory', 'Whether the real server is in the inventory.', server.host !== undefined);
  gauge('weight', 'Weight in the table; 0 is drained.', server.weight);
  gauge('weight_wanted', 'Weight in the inventory; 0 is drained.', server.weightWanted);
  gauge(
    'weight_recorded',
    'Weight that an operator has set by lvsctl; no sample where none.',
    server.recorded?.weight,
  );
  gauge('active_connections', 'Connections that are established.', server.activeConnections);
  gauge('inactive_connections', 'Connections in every other state.', server.inactiveConnections);
  gauge('upper_threshold', 'Connections at which it gets no more; 0 is no limit.', server.upperThreshold);
  gauge('lower_threshold', 'Connections below which it gets some again; 0 is none.', server.lowerThreshold);
  addFigures(families, 'real_server', labels, server);
}

/** All readings in the text exposition format of Prometheus, version 0.0.4. */
export function prometheusText(readings: readonly Reading[]): string {
  const families = new Families();
  for (const reading of readings) {
    const { director } = reading;
    const status = 'status' in reading ? reading.status : undefined;
    const gauge = (ending: string, help: string, labels: Labels, value: boolean | undefined) =>
      families.add(`lvsctl_ipvs_${ending}`, 'gauge', help, labels, value);
    gauge('director_up', 'Whether the director’s table could be read.', { director }, status !== undefined);
    gauge('director_loaded', 'Whether IPVS is loaded there.', { director }, status?.loaded);
    for (const service of status?.services ?? []) {
      const { name, key, state, scheduler } = service;
      const labels = { director, service: name ?? '', virtual_service: key };
      gauge('service_present', 'Whether the service is in the table.', labels, state !== 'missing');
      gauge(
        'service_in_inventory',
        'Whether the inventory gives the service to this director.',
        labels,
        state === 'present' || state === 'missing',
      );
      if (scheduler !== undefined)
        gauge('service_info', 'Settings of the service in the table.', { ...labels, scheduler }, true);
      addFigures(families, 'service', labels, service);
      for (const server of service.realServers) addRealServer(families, labels, server);
    }
  }
  return families.text();
}
