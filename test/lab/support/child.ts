import { labExec, labUp } from '../../../src/lab/index.js';
import { pair } from './cluster.js';

/** A process of its own for what a test can't do in its own: give its stdio away, or be killed. */
const [command, name = '', host = '', ...argv] = process.argv.slice(2);
if (command === 'up') await labUp(pair(name), () => {});
if (command === 'exec') process.exitCode = await labExec(pair(name), host, argv);
