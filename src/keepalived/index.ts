export { checkServices, vipChecks } from './check-marks.js';
export { type KeepalivedConf, keepalivedConf, movesTogether } from './conf.js';
