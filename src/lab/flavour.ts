import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabFlavour } from '../inventory/cluster.js';
import { carriedBusybox, furnishDebian } from './debian.js';
import { recipe } from './recipe.js';
import { furnishRedHat9 } from './redhat9/furnish.js';
import { homeFolder, realFolder, redhat9Recipe } from './redhat9/recipe.js';

/** What the making of every image asks a recipe. */
export interface CommonRecipe {
  readonly installedPackages: readonly string[];
  /** Put beside the root as .debs. */
  readonly carriedPackages: readonly string[];
  readonly excludedPaths: readonly string[];
  readonly diskBytes: number;
  /** `/init` of the initramfs. */
  readonly initScript: string;
}

export interface Flavour {
  readonly name: LabFlavour;
  /** All that an image's hash is made of, as JSON. */
  readonly recipe: CommonRecipe;
  /** Folder of the root for the modules of the kernel that the lab boots, VERSION below it. */
  readonly modulesFolder: string;
  /** Makes the unpacked packages the flavour's root. `packages` has the carried .debs. */
  furnish(root: string, packages: string): Promise<void>;
  /** The static busybox of a furnished root; `making` is a folder for what is in between. */
  busybox(root: string, making: string): Promise<Buffer>;
}

export async function flavourOf(name: LabFlavour): Promise<Flavour> {
  if (name === 'debian')
    return {
      name,
      recipe,
      modulesFolder: 'usr/lib/modules',
      furnish: furnishDebian,
      busybox: carriedBusybox,
    };
  const redhat9 = await redhat9Recipe();
  return {
    name,
    recipe: redhat9,
    modulesFolder: join(homeFolder, 'uml/lib/modules'),
    furnish: (root) => furnishRedHat9(root, redhat9),
    busybox: (root) => readFile(join(root, realFolder, 'busybox')),
  };
}
