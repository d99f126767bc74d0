import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers';

/**
 * Points testcontainers at an engine. Its reaper is an image from a registry, which there may not be: the global setup cleans up
 * by label instead. Nodes are dialled by their own addresses, so the engine's host is never asked for.
 */
export function useEngine(url: string): void {
  process.env.DOCKER_HOST = url;
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  process.env.TESTCONTAINERS_HOST_OVERRIDE = '127.0.0.1';
}

/** The engine's API, for what testcontainers has no word for: fixed addresses, imports, labels. */
export async function engineApi(): Promise<ContainerRuntimeClient['container']['dockerode']> {
  return (await getContainerRuntimeClient()).container.dockerode;
}
