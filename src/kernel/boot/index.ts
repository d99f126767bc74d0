export {
  defaultIndex,
  entryOfToday,
  grubEntryIndex,
  parseGrubMenu,
  withGrubDefault,
  withGrubEntry,
} from './grub-legacy.js';
export { type Grub2Texts, menuEntryOfToday, withGrub2Default, withGrub2Entry } from './grub2.js';
export { liloLabel, parseLiloMap, sectionOfToday, withLiloDefault, withLiloEntry } from './lilo.js';
export { type NewKernel, titleOf } from './new-kernel.js';
