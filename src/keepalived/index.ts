export { checkServices, vipChecks } from './check-marks.js';
export { type KeepalivedConf, keepalivedConf } from './conf.js';
