export { checkServices, vipChecks } from './check-marks.js';
export { type KeepalivedConf, keepalivedConf, MARK } from './conf.js';
