import type { Destination, Persistence, Tunnel, VirtualService } from './table.js';

/** Known on both sides and not the same. What one side doesn't know, or has no opinion on, is no difference. */
function differs<T extends string | number | boolean>(
  current: T | undefined,
  wanted: T | undefined,
): boolean {
  return current !== undefined && wanted !== undefined && current !== wanted;
}

function persistenceDiffers(
  current: VirtualService['persistence'],
  wanted: VirtualService['persistence'],
): boolean {
  if (current === undefined || wanted === undefined) return false;
  if (current === 'none' || wanted === 'none') return current !== wanted;
  return (
    differs(current.timeoutSeconds, wanted.timeoutSeconds) ||
    differs(current.netmask, wanted.netmask) ||
    differs(current.engine, wanted.engine)
  );
}

/** Whether the settings of two services with one identity differ; their destinations are not looked at. */
export function serviceDiffers(current: VirtualService, wanted: VirtualService): boolean {
  return (
    differs(current.scheduler, wanted.scheduler) ||
    differs(current.schedulerFlags?.join(','), wanted.schedulerFlags?.join(',')) ||
    differs(current.onePacket, wanted.onePacket) ||
    persistenceDiffers(current.persistence, wanted.persistence)
  );
}

function tunnelDiffers(current: Tunnel | undefined, wanted: Tunnel | undefined): boolean {
  if (current === undefined || wanted === undefined) return false;
  return (
    differs(current.type, wanted.type) ||
    differs(current.port, wanted.port) ||
    differs(current.checksum, wanted.checksum)
  );
}

/** Whether the settings of two destinations with one identity differ. The director itself as a server suits every method. */
export function destinationDiffers(current: Destination, wanted: Destination): boolean {
  return (
    (current.forwarding !== 'local' && differs(current.forwarding, wanted.forwarding)) ||
    differs(current.weight, wanted.weight) ||
    tunnelDiffers(current.tunnel, wanted.tunnel) ||
    differs(current.upperThreshold, wanted.upperThreshold) ||
    differs(current.lowerThreshold, wanted.lowerThreshold)
  );
}

function overlayPersistence(
  current: VirtualService['persistence'],
  wanted: VirtualService['persistence'],
): VirtualService['persistence'] {
  if (wanted === undefined) return current;
  if (wanted === 'none' || current === undefined || current === 'none') return wanted;
  const both: Persistence = {
    timeoutSeconds: wanted.timeoutSeconds ?? current.timeoutSeconds,
    netmask: wanted.netmask ?? current.netmask,
    engine: wanted.engine ?? current.engine,
  };
  return both;
}

/** The wanted settings, and where they have no opinion the current ones: all that an edit must repeat. */
export function overlayService(current: VirtualService, wanted: VirtualService): VirtualService {
  return {
    ...wanted,
    scheduler: wanted.scheduler ?? current.scheduler,
    schedulerFlags: wanted.schedulerFlags ?? current.schedulerFlags,
    persistence: overlayPersistence(current.persistence, wanted.persistence),
    onePacket: wanted.onePacket ?? current.onePacket,
  };
}

/** As {@link overlayService}, for a destination. */
export function overlayDestination(current: Destination, wanted: Destination): Destination {
  const forwarding = wanted.forwarding ?? current.forwarding;
  const tunnel =
    wanted.tunnel === undefined || current.tunnel === undefined
      ? (wanted.tunnel ?? current.tunnel)
      : {
          type: wanted.tunnel.type,
          port: wanted.tunnel.port ?? (wanted.tunnel.type === 'gue' ? current.tunnel.port : undefined),
          checksum:
            wanted.tunnel.checksum ?? (wanted.tunnel.type === 'ipip' ? undefined : current.tunnel.checksum),
        };
  return {
    ...wanted,
    forwarding,
    weight: wanted.weight ?? current.weight,
    tunnel: forwarding === 'tun' ? tunnel : undefined,
    upperThreshold: wanted.upperThreshold ?? current.upperThreshold,
    lowerThreshold: wanted.lowerThreshold ?? current.lowerThreshold,
  };
}
