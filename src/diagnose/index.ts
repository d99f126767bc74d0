export { CATALOGUE } from './catalogue.js';
export type { Check, Diagnosis, Examined, Finding, Severity } from './check.js';
export { type DiagnoseOptions, diagnose } from './diagnose.js';
export { diagnosisLines, isFault } from './text.js';
