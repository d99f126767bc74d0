export { redHat9Config } from './linux-tree.js';
export {
  makeTwinSources,
  type TwinSource,
  type TwinSourceName,
  type TwinSourceOptions,
  twinDepmod,
  twinSourceNames,
} from './make.js';
