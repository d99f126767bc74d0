import type { Facts } from '../engine/facts.js';
import type { Resource } from '../engine/resource.js';
import { shLines } from '../shell/index.js';
import { forgetStamp, service } from './service.js';

export interface ConfiguredServiceOptions {
  readonly name: string;
  readonly facts: Facts;
  /** What the service reads when it starts. */
  readonly files: readonly Resource[];
}

/**
 * A service and its configuration files, such that no change of a file is ever without the restart that goes with it,
 * even when the run is killed between the two (see {@link service}).
 * @returns the files, to be placed where they should be applied, and the service, to be placed behind them
 */
export function configuredService(options: ConfiguredServiceOptions): {
  readonly files: readonly Resource[];
  readonly service: Resource;
} {
  return {
    files: options.files.map((one) => forgettingStamp(one, options.name)),
    service: service({
      name: options.name,
      facts: options.facts,
      restartOn: options.files.map((one) => one.id),
    }),
  };
}

/** A resource whose every change first takes the stamp NAME away. */
export function forgettingStamp(resource: Resource, name: string): Resource {
  return {
    ...resource,
    plan(observed, context) {
      const change = resource.plan(observed, context);
      return change && { ...change, apply: shLines(forgetStamp(name), change.apply) };
    },
  };
}
