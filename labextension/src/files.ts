/**
 * Which files are chosen for a new interview, and how do they get into a request?
 */
import type { Limits, NewFile } from './api';
import { fileSize } from './format';
import type { Translations } from './tokens';

/** Bytes of files together. */
export function sizeOf(files: readonly { size: number }[]): number {
  return files.reduce((sum, file) => sum + file.size, 0);
}

/** Files with more files; those whose name is taken are left out and named in `taken`. */
export function added(files: readonly File[], more: readonly File[]): { files: File[]; taken: string[] } {
  const result = [...files];
  const taken: string[] = [];
  for (const file of more) {
    if (result.some(known => known.name === file.name)) {
      taken.push(file.name);
    } else {
      result.push(file);
    }
  }
  return { files: result, taken };
}

/** Why these files cannot be sent, as a line for people; `null` where they can. */
export function problemOf(files: readonly File[], limits: Limits | null, trans: Translations): string | null {
  if (limits && files.length > limits.data_files) {
    return trans.__('These are %1 files; an interview can have at most %2.', files.length, limits.data_files);
  }
  const excess = limits ? sizeOf(files) - limits.data_bytes : 0;
  if (limits && excess > 0) {
    return trans.__(
      'These files are %1 too large: an interview can have at most %2 together.',
      fileSize(excess),
      fileSize(limits.data_bytes)
    );
  }
  return null;
}

/** The files as they are sent. Rejects with a line for people where one cannot be read. */
export async function encoded(files: readonly File[], trans: Translations): Promise<NewFile[]> {
  const result: NewFile[] = [];
  for (const file of files) {
    result.push({ name: file.name, data: await base64Of(file, trans) });
  }
  return result;
}

function base64Of(file: File, trans: Translations): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      // An empty file has no comma in some browsers.
      const [, data = ''] = (reader.result as string).split(',', 2);
      resolve(data);
    };
    reader.onerror = () =>
      reject(new Error(trans.__('%1 cannot be read any more. Remove it, and choose it again.', file.name)));
    reader.readAsDataURL(file);
  });
}
