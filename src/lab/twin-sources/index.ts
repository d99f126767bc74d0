export {
  makeTwinSources,
  redHat9Config,
  type TwinSource,
  type TwinSourceOptions,
  twinDepmod,
} from './make.js';
