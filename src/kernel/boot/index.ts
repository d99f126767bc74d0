export {
  defaultIndex,
  entryOfToday,
  grubEntryIndex,
  parseGrubMenu,
  withGrubDefault,
  withGrubEntry,
} from './grub-legacy.js';
export {
  type Grub2Texts,
  hasGrub2Entry,
  menuEntryOfToday,
  withGrub2Default,
  withGrub2Entry,
} from './grub2.js';
export {
  hasLiloEntry,
  liloLabel,
  parseLiloMap,
  sectionOfToday,
  withLiloDefault,
  withLiloEntry,
} from './lilo.js';
export { type NewKernel, titleOf } from './new-kernel.js';
