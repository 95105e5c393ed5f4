import { added, encoded, problemOf } from '../files';
import { fileSize } from '../format';

import { trans } from './fixtures';

const file = (name: string, size = 0): File => new File([new Uint8Array(size)], name);

describe('added', () => {
  it('keeps the order and the first of each name', () => {
    const first = file('a', 1);
    const { files, taken } = added([first], [file('b'), file('a', 2), file('A'), file('b')]);
    expect(files.map(one => one.name)).toEqual(['a', 'b', 'A']);
    expect(files[0]).toBe(first);
    expect(taken).toEqual(['a', 'b']);
  });
});

describe('problemOf', () => {
  const limits = { data_files: 2, data_bytes: 10 };

  it('allows the limits themselves', () => {
    expect(problemOf([file('a', 5), file('b', 5)], limits, trans)).toBeNull();
    expect(problemOf([], limits, trans)).toBeNull();
    expect(problemOf([file('a', 50)], null, trans)).toBeNull();
  });

  it('tells what is too much', () => {
    expect(problemOf([file('a'), file('b'), file('c')], limits, trans)).toContain('3 files');
    expect(problemOf([file('a', 11)], limits, trans)).toContain('1 B too large');
  });
});

describe('encoded', () => {
  it('gives base64 of every byte', async () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
    const files = [new File([bytes], 'ü.bin', { type: 'text/csv' }), file('empty')];
    const [first, empty] = await encoded(files, trans);
    expect(first).toEqual({ name: 'ü.bin', data: Buffer.from(bytes).toString('base64') });
    expect(empty).toEqual({ name: 'empty', data: '' });
  });

  it('names the file that cannot be read any more', async () => {
    const gone = file('gone.csv', 1);
    const read = jest.spyOn(FileReader.prototype, 'readAsDataURL').mockImplementation(function (
      this: FileReader
    ) {
      this.onerror?.(new ProgressEvent('error') as ProgressEvent<FileReader>);
    });
    await expect(encoded([gone], trans)).rejects.toThrow('gone.csv cannot be read any more');
    read.mockRestore();
  });
});

describe('fileSize', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [9_960, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [20_000_000, '20 MB'],
    [200_000_000, '200 MB'],
    [5_000_000_000, '5.0 GB'],
    [5_000_000_000_000, '5000 GB']
  ])('writes %d as %s', (bytes, text) => expect(fileSize(bytes)).toBe(text));
});
