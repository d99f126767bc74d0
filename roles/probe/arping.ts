import type { PackageNames } from '../../src/resources/index.js';

/** Where arping(8) of iputils is; RPM distributions and Arch have it in iputils itself. */
export const arpingPackage: PackageNames = {
  apt: 'iputils-arping',
  apk: 'iputils-arping',
  default: 'iputils',
};
