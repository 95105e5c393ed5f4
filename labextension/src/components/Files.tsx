import React, { useId, useRef, useState } from 'react';

import type { Limits, RoomFile } from '../api';
import { added, problemOf } from '../files';
import { fileSize } from '../format';
import type { Translations } from '../tokens';

import { Failure } from './Failure';

/** How many names the line in the bar has. */
const NAMES = 3;

/** Where the files are for the code that runs. */
const PLACE = '~/data';

export interface ChooseFilesProps {
  files: readonly File[];
  /** `null` until the server told of them. */
  limits: Limits | null;
  disabled: boolean;
  onChange: (files: File[]) => void;
  trans: Translations;
}

/** Choose the files of a new interview. */
export function ChooseFiles(props: ChooseFilesProps): JSX.Element {
  const { files, limits, disabled, trans } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [taken, setTaken] = useState<string[]>([]);
  const choose = (more: File[]): void => {
    const now = added(files, more);
    setTaken(now.taken);
    props.onChange(now.files);
  };
  const remove = (name: string): void => {
    setTaken([]);
    props.onChange(files.filter(file => file.name !== name));
    // The button that had the focus goes with its line.
    input.current?.focus();
  };
  return (
    <div className="jp-Interview-files" role="group" aria-labelledby={`${id}-title`}>
      <span id={`${id}-title`}>{trans.__('Files for the code (optional)')}</span>
      <span className="jp-Interview-filesHint" id={`${id}-hint`}>
        {trans.__('Read-only in %1. Everybody in the interview can read them.', PLACE)}{' '}
        {limits && trans.__('At most %1 files, %2 together.', limits.data_files, fileSize(limits.data_bytes))}
      </span>
      <FileList files={files} disabled={disabled} onRemove={remove} trans={trans} />
      <input
        ref={input}
        id={`${id}-input`}
        type="file"
        multiple
        disabled={disabled}
        aria-describedby={`${id}-hint`}
        data-testid="interview-form-files"
        onChange={event => {
          choose([...(event.target.files ?? [])]);
          // Else the same file could not be chosen again after it was removed.
          event.target.value = '';
        }}
      />
      <label htmlFor={`${id}-input`} className="jp-Interview-button">
        {trans.__('Add files')}
      </label>
      <Failure
        text={taken.length ? trans.__('A file of this name is in the list: %1.', taken.join(', ')) : null}
      />
      <Failure text={problemOf(files, limits, trans)} />
    </div>
  );
}

function FileList(props: {
  files: readonly File[];
  disabled: boolean;
  onRemove: (name: string) => void;
  trans: Translations;
}): JSX.Element {
  const { files, disabled, trans } = props;
  return (
    <ul aria-label={trans.__('Chosen files')} data-testid="interview-form-chosen">
      {files.map(file => (
        <li key={file.name}>
          <bdi className="jp-Interview-fileName">{file.name}</bdi>
          <small>{fileSize(file.size)}</small>
          <button
            type="button"
            className="jp-mod-styled"
            disabled={disabled}
            aria-label={trans.__('Remove %1', file.name)}
            onClick={() => props.onRemove(file.name)}
          >
            {trans.__('Remove')}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The files of a room in a few words. */
export function FilesLine(props: { files: readonly RoomFile[]; trans: Translations }): JSX.Element | null {
  const { files, trans } = props;
  if (!files.length) {
    return null;
  }
  const names = files.slice(0, NAMES).map(file => file.name);
  const more = files.length - names.length;
  return (
    <span
      className="jp-Interview-line jp-Interview-filesLine"
      title={files.map(file => file.name).join('\n')}
      data-testid="interview-files"
    >
      {trans.__('Files in %1:', PLACE)}{' '}
      {names.map((name, index) => (
        // Each in its own direction: none turns what stands beside it.
        <React.Fragment key={name}>
          {index > 0 && ', '}
          <bdi>{name}</bdi>
        </React.Fragment>
      ))}
      {more > 0 && ` ${trans.__('and %1 more', more)}`}
    </span>
  );
}

/** The files of a room, each in a line. */
export function FilesSection(props: { files: readonly RoomFile[]; trans: Translations }): JSX.Element | null {
  const { files, trans } = props;
  if (!files.length) {
    return null;
  }
  const title = trans.__('Files in %1', PLACE);
  return (
    <section className="jp-Interview-filesSection" aria-label={title} data-testid="interview-files-list">
      <h2>{title}</h2>
      <ul>
        {files.map(file => (
          <li key={file.name} title={trans.__('SHA-256 %1', file.sha256)}>
            <bdi className="jp-Interview-fileName">{file.name}</bdi> <small>{fileSize(file.size)}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}
