/** What blobs and snapshots ask of the file system. */

import { constants } from "node:fs";
import { copyFile, link, open, readdir } from "node:fs/promises";

/** There are file systems without links, and limits to how many links a file has. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["EMLINK", "ENOTSUP", "EOPNOTSUPP", "EPERM", "ENOSYS"].includes(code)) throw error;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

/** None where there is no such folder. */
export async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

export function syncFolder(path: string): Promise<void> {
  return sync(path, "r");
}

export function syncFile(path: string): Promise<void> {
  return sync(path, "r+");
}

async function sync(path: string, flags: "r" | "r+"): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
