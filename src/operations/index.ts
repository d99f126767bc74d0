export type {
  Access,
  Author,
  DirectorOutcome,
  OperationFailure,
  Outcome,
  WeightChange,
} from './access.js';
export { type Availability, type Guard, keepsEnough } from './availability.js';
export type { RampStep } from './ramp.js';
export { directorsOf, type Subject, targetsOf } from './targets.js';
export {
  type Held,
  holding,
  type Progress,
  type WaitOptions,
  type WaitOutcome,
  waitUntilIdle,
} from './wait.js';
export {
  type DrainOptions,
  drain,
  type SetWeightOptions,
  setWeight,
  type UndrainOptions,
  undrain,
} from './weights.js';
