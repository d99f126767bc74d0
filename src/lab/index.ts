export { labAccess, labExec } from './access.js';
export { labArtifacts } from './artifacts.js';
export { labDown } from './down.js';
export { labReboot } from './reboot.js';
export { labPackages } from './requirements.js';
export { labReset } from './reset.js';
export { type LabHostStatus, type LabStatus, labStatus } from './status.js';
export { type LabOptions, labUp } from './up.js';
