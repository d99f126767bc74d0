import fc from 'fast-check';

/**
 * Properties try the same cases in every run, so that what a run says is true of the commit and not of the day. `LVSCTL_SEED=random`
 * tries others, which is how new ones are found; a number is a seed that such a run has told.
 */
const { LVSCTL_SEED: given = '20031125' } = process.env;
if (given !== 'random') fc.configureGlobal({ seed: Number(given) });
