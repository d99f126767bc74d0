export type { Artifact, Digest } from './artifact.js';
export { artifactCacheFolder, cacheFolder, writing } from './cache.js';
export { ensureArtifacts } from './ensure.js';
export { type Imported, importArtifacts } from './import.js';
export { type ArtifactOptions, artifactsNamed, type FirstUse } from './options.js';
export { LOCK_FILE, type Pin } from './pins.js';
export { type ArtifactState, strayPins, surveyArtifacts } from './survey.js';
