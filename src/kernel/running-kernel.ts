import type { Facts } from '../engine/facts.js';
import { type VendorKernel, vendorKernel } from './vendor-kernels.js';
import { type KernelVersion, parseKernelVersion } from './version.js';

/** The kernel that a host runs, as far as facts and tables tell. */
export interface RunningKernel {
  /** `Linux 2.4.20-8`, for messages. */
  readonly name: string;
  /** Undefined where the release is nothing that can be read. */
  readonly version: KernelVersion | undefined;
  readonly vendor: VendorKernel | undefined;
  /** The kernel is that of another machine, and can be neither replaced nor, mostly, given modules. */
  readonly container: boolean;
  /** One sentence on who made it. */
  readonly description: string;
}

export function runningKernel(facts: Facts): RunningKernel {
  const { release } = facts.kernel;
  const version = parseKernelVersion(release);
  const vendor = version && vendorKernel(version);
  return {
    name: release === '' ? 'a Linux of unknown release' : `Linux ${release}`,
    version,
    vendor,
    container: isContainer(facts),
    description: describe(release, version, vendor),
  };
}

function isContainer({ paths }: Facts): boolean {
  if (['/.dockerenv', '/run/.containerenv', '/run/systemd/container'].some((path) => paths.has(path)))
    return true;
  return paths.has('/proc/vz') && !paths.has('/proc/bc');
}

function describe(
  release: string,
  version: KernelVersion | undefined,
  vendor: VendorKernel | undefined,
): string {
  if (!version)
    return release === ''
      ? 'its release is not known: /proc/sys/kernel/osrelease says nothing'
      : `"${release}" is not a release that lvsctl can read`;
  const base = version.numbers.join('.');
  switch (version.origin) {
    case 'mainline':
      return 'by its name a mainline kernel';
    case 'own':
      return `Linux ${base} as lvsctl builds it`;
    default:
      return vendor
        ? `${vendor.name}'s own kernel, made from ${base}: patches for mainline kernels are not for it`
        : `a vendor's own kernel, made from ${base}: patches for mainline kernels are not for it`;
  }
}
