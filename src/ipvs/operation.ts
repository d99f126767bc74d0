import { destinationSettings, destinationWords, serviceSettings, serviceWords } from './args.js';
import {
  type Destination,
  destinationKey,
  type Persistence,
  type ServiceIdentity,
  serviceKey,
  type VirtualService,
} from './table.js';

/**
 * One step in the kernel's table, one ipvsadm command. `before` is what was observed, for people;
 * `service` and `destination` of an edit are complete, for an edit resets all that it doesn't repeat.
 */
export type Operation =
  | { readonly kind: 'addService'; readonly service: VirtualService }
  | { readonly kind: 'editService'; readonly service: VirtualService; readonly before: VirtualService }
  | { readonly kind: 'removeService'; readonly id: ServiceIdentity; readonly before: VirtualService }
  | { readonly kind: 'addDestination'; readonly id: ServiceIdentity; readonly destination: Destination }
  | {
      readonly kind: 'editDestination';
      readonly id: ServiceIdentity;
      readonly destination: Destination;
      readonly before: Destination;
      /** The server leaves the service: it gets no new connections and keeps those it has. */
      readonly draining: boolean;
    }
  | { readonly kind: 'removeDestination'; readonly id: ServiceIdentity; readonly before: Destination };

/** The identity of the service that an operation is about. */
export function operationService(operation: Operation): ServiceIdentity {
  return 'service' in operation ? operation.service.id : operation.id;
}

/** Arguments of ipvsadm, one word each. */
export function renderArgs(operation: Operation): string[] {
  const name = serviceWords(operationService(operation));
  switch (operation.kind) {
    case 'addService':
      return ['-A', ...name, ...serviceSettings(operation.service)];
    case 'editService':
      return ['-E', ...name, ...serviceSettings(operation.service)];
    case 'removeService':
      return ['-D', ...name];
    case 'addDestination':
    case 'editDestination':
      return [
        operation.kind === 'addDestination' ? '-a' : '-e',
        ...name,
        ...destinationWords(operation.destination),
        ...destinationSettings(operation.destination),
      ];
    case 'removeDestination':
      return ['-d', ...name, ...destinationWords(operation.before)];
  }
}

function persistenceText(persistence: Persistence | 'none' | undefined): string {
  if (persistence === undefined) return 'unknown';
  if (persistence === 'none') return 'none';
  const { timeoutSeconds, netmask, engine } = persistence;
  const seconds = timeoutSeconds === undefined ? 'on' : `${timeoutSeconds} s`;
  const mask =
    netmask === undefined || netmask === '128' || netmask === '255.255.255.255' ? '' : ` ${netmask}`;
  return `${seconds}${mask}${engine === undefined || engine === 'none' ? '' : ` ${engine}`}`;
}

function change(name: string, before: string | undefined, after: string | undefined): string | undefined {
  return before === after || after === undefined ? undefined : `${name} ${before ?? 'unknown'} → ${after}`;
}

function serviceChanges(before: VirtualService, after: VirtualService): string {
  const flags = (service: VirtualService) =>
    service.schedulerFlags === undefined ? undefined : service.schedulerFlags.join(',') || 'none';
  const onePacket = ({ onePacket }: VirtualService) =>
    onePacket === undefined ? undefined : onePacket ? 'on' : 'off';
  return [
    change('scheduler', before.scheduler, after.scheduler),
    change('scheduler flags', flags(before), flags(after)),
    change('persistence', persistenceText(before.persistence), persistenceText(after.persistence)),
    change('one-packet', onePacket(before), onePacket(after)),
  ]
    .filter((text) => text !== undefined)
    .join(', ');
}

function tunnelText({ tunnel }: Destination): string | undefined {
  if (tunnel === undefined) return undefined;
  return [tunnel.type, tunnel.port, tunnel.checksum].filter((part) => part !== undefined).join(':');
}

function destinationChanges(before: Destination, after: Destination): string[] {
  const text = (value: number | undefined) => (value === undefined ? undefined : String(value));
  return [
    change('weight', text(before.weight), text(after.weight)),
    change('forwarding', before.forwarding, after.forwarding),
    change('tunnel', tunnelText(before), tunnelText(after)),
    change('upper threshold', text(before.upperThreshold), text(after.upperThreshold)),
    change('lower threshold', text(before.lowerThreshold), text(after.lowerThreshold)),
  ].filter((part) => part !== undefined);
}

/** One line for the plan: `add 10.83.33.76:21 to tcp 10.83.33.100:21 (dr, weight 3)`. */
export function describeOperation(operation: Operation): string {
  const service = serviceKey(operationService(operation));
  switch (operation.kind) {
    case 'addService': {
      const { scheduler, persistence } = operation.service;
      const sticky = persistence === undefined || persistence === 'none';
      return `add service ${service} (${scheduler}${sticky ? '' : `, persistence ${persistenceText(persistence)}`})`;
    }
    case 'editService':
      return `change service ${service}: ${serviceChanges(operation.before, operation.service)}`;
    case 'removeService':
      return `remove service ${service}`;
    case 'addDestination': {
      const { forwarding, weight } = operation.destination;
      return `add ${destinationKey(operation.destination)} to ${service} (${forwarding}, weight ${weight ?? 1})`;
    }
    case 'editDestination': {
      const name = destinationKey(operation.destination);
      const { before, destination } = operation;
      if (operation.draining) return `drain ${name} of ${service} (weight ${before.weight} → 0, leaving)`;
      const changes = destinationChanges(before, destination);
      const [only] = changes;
      if (changes.length === 1 && only?.startsWith('weight'))
        return `set weight of ${name} in ${service} ${only.slice('weight '.length)}`;
      return `change ${name} of ${service}: ${changes.join(', ')}`;
    }
    case 'removeDestination':
      return `remove ${destinationKey(operation.before)} from ${service}`;
  }
}

function serviceLine(service: VirtualService): string {
  return ['-A', ...serviceWords(service.id), ...serviceSettings(service)].join(' ');
}

function destinationLine(id: ServiceIdentity, destination: Destination): string {
  const settings = destinationSettings(destination);
  return ['-a', ...serviceWords(id), ...destinationWords(destination), ...settings].join(' ');
}

/** The operation as lines of `ipvsadm -Sn` (with thresholds), those that go after `- ` and those that come after `+ `. */
export function operationDiff(operation: Operation): string[] {
  switch (operation.kind) {
    case 'addService':
      return [`+ ${serviceLine(operation.service)}`];
    case 'editService':
      return [`- ${serviceLine(operation.before)}`, `+ ${serviceLine(operation.service)}`];
    case 'removeService':
      return [`- ${serviceLine(operation.before)}`];
    case 'addDestination':
      return [`+ ${destinationLine(operation.id, operation.destination)}`];
    case 'editDestination':
      return [
        `- ${destinationLine(operation.id, operation.before)}`,
        `+ ${destinationLine(operation.id, operation.destination)}`,
      ];
    case 'removeDestination':
      return [`- ${destinationLine(operation.id, operation.before)}`];
  }
}
