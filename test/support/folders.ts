import { rmSync } from 'node:fs';

const folders: string[] = [];

/** Has the folder removed when the test file ends; returns it. */
export function removedAtEnd(folder: string): string {
  folders.push(folder);
  return folder;
}

/** Test files may share their modules, so each file's set-up calls this, not the module that made a folder. */
export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
