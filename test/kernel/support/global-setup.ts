import type { TestProject } from 'vitest/node';
import { setUpNodes } from '../../roles/support/global-setup.js';

/** Nodes that can build a kernel. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return setUpNodes(project, 'builder');
}
