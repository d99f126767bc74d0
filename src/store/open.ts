import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import {
  type ArtifactOptions,
  artifactsNamed,
  ensureArtifacts,
  surveyArtifacts,
} from '../artifacts/index.js';
import type { Content, Store, StoredFile } from '../engine/store.js';
import { LvsctlError } from '../errors.js';
import { Bundles } from './bundles.js';
import { fingerprintOf } from './fingerprint.js';
import { type LocalFile, takeLocal } from './local.js';

export interface StoreOptions {
  readonly artifacts: ArtifactOptions;
  /** By artifact name; these come before the catalogue's. */
  readonly local: ReadonlyMap<string, LocalFile>;
  /** Folder of what hosts have built. */
  readonly bundles: string;
}

/** The store of this machine. What hosts have built is known at once; artifacts only when they are asked for. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const bundles = new Bundles(options.bundles);
  const files = new Map((await bundles.list()).map((file) => [file.name, file]));
  return new ControllerStore(options, bundles, files);
}

class ControllerStore implements Store {
  constructor(
    readonly options: StoreOptions,
    readonly bundles: Bundles,
    readonly files: Map<string, StoredFile>,
  ) {}

  async look(names: readonly string[]): Promise<readonly string[]> {
    const catalogued = await this.#takeLocals(names);
    const { artifacts } = this.options;
    const chosen = artifactsNamed(catalogued, artifacts.catalogue);
    const missing: string[] = [];
    for (const { artifact, path } of await surveyArtifacts(chosen, artifacts, false)) {
      const { name } = artifact;
      // What lay on a disk for years is not trusted for its name.
      if (path === undefined || (await this.#take(name, path)).sha256 !== basename(path)) {
        this.files.delete(name);
        missing.push(name);
      }
    }
    return missing;
  }

  async ensure(names: readonly string[]): Promise<void> {
    const catalogued = await this.#takeLocals(names);
    if (catalogued.length === 0) return;
    for (const [name, path] of await ensureArtifacts(catalogued, this.options.artifacts))
      await this.#take(name, path);
  }

  async keep(name: string, content: Content): Promise<StoredFile> {
    const file = await this.bundles.keep(name, content);
    this.files.set(name, file);
    return file;
  }

  read(file: StoredFile): Content {
    return checked(file);
  }

  /** Returns the names that are for the catalogue. */
  async #takeLocals(names: readonly string[]): Promise<string[]> {
    const { local, artifacts } = this.options;
    const wrong: LvsctlError[] = [];
    for (const name of names) {
      const file = local.get(name);
      if (!file) continue;
      try {
        this.files.set(name, await takeLocal(name, file, artifacts.signal));
      } catch (error) {
        if (!(error instanceof LvsctlError)) throw error;
        wrong.push(error);
      }
    }
    if (wrong.length > 0) throw together(wrong);
    return names.filter((name) => !local.has(name));
  }

  async #take(name: string, path: string): Promise<StoredFile> {
    const file = { name, path, ...(await fingerprintOf(path, this.options.artifacts.signal)) };
    this.files.set(name, file);
    return file;
  }
}

function together(errors: readonly LvsctlError[]): LvsctlError {
  const [first] = errors;
  if (first && errors.length === 1) return first;
  const lines = errors.map(({ resource, message }) => `${resource}: ${message}`);
  return new LvsctlError([`${errors.length} artifacts are not right`, ...lines].join('\n'), {
    resource: 'artifacts',
    ...(first?.hint && { hint: first.hint }),
  });
}

async function* checked({ path, sha256, name }: StoredFile): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    hash.update(chunk);
    yield chunk;
  }
  const found = hash.digest('hex');
  if (found === sha256) return;
  throw new LvsctlError(`${path} has changed: its sha256 is ${found}, and was ${sha256}`, {
    resource: name,
    hint: 'remove the file; the next run gets it again',
  });
}
