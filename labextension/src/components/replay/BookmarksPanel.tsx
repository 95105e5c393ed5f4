import React, { useEffect, useRef, useState } from 'react';

import { clock } from '../../format';
import type { ReplayModel } from '../../replay/model';
import type { Bookmark, ReplayActions } from '../../replay/record';
import type { Translations } from '../../tokens';
import { Failure } from '../Failure';
import { useAction, useSignals } from '../hooks';

interface Props {
  model: ReplayModel;
  trans: Translations;
}

/** Moments that interviewers have marked, with their notes. */
export function BookmarksPanel(props: Props): JSX.Element {
  const { model, trans } = props;
  useSignals(model.changed);
  const { actions } = model.source;
  return (
    <section aria-label={trans.__('Bookmarks')} data-testid="interview-replay-bookmarks">
      {actions && <AddForm {...props} actions={actions} />}
      {model.bookmarks.length === 0 && <p className="jp-Interview-empty">{trans.__('No bookmarks yet.')}</p>}
      <ul>
        {model.bookmarks.map(bookmark => (
          <Entry key={bookmark.id} {...props} bookmark={bookmark} actions={actions} />
        ))}
      </ul>
    </section>
  );
}

function AddForm(props: Props & { actions: ReplayActions }): JSX.Element {
  const { model, actions, trans } = props;
  return (
    <BookmarkForm
      label={trans.__('Note for this moment')}
      button={trans.__('Add')}
      note=""
      save={async note => {
        model.updateBookmarks([...model.bookmarks, await actions.addBookmark(model, note)]);
      }}
      trans={trans}
    />
  );
}

/** A note to be saved; empties itself when it was. What can be cancelled was asked for: it takes the focus. */
export function BookmarkForm(props: {
  label: string;
  button: string;
  note: string;
  save: (note: string) => Promise<void>;
  onCancel?: () => void;
  trans: Translations;
}): JSX.Element {
  const [note, setNote] = useState(props.note);
  const { busy, error, act } = useAction();
  const field = useRef<HTMLInputElement>(null);
  const asked = props.onCancel !== undefined;
  useEffect(() => {
    if (asked) {
      field.current?.focus();
    }
  }, [asked]);
  return (
    <form
      className="jp-Interview-note"
      onSubmit={event => {
        event.preventDefault();
        act(async () => {
          await props.save(note.trim());
          setNote('');
        });
      }}
    >
      <input
        ref={field}
        className="jp-mod-styled"
        value={note}
        maxLength={2000}
        placeholder={props.label}
        aria-label={props.label}
        onChange={event => setNote(event.target.value)}
        data-testid="interview-bookmark-note"
      />
      <button type="submit" className="jp-mod-styled jp-mod-accept" disabled={busy || !note.trim()}>
        {props.button}
      </button>
      {props.onCancel && (
        <button type="button" className="jp-mod-styled" onClick={props.onCancel}>
          {props.trans.__('Cancel')}
        </button>
      )}
      <Failure text={error} />
    </form>
  );
}

function Entry(props: Props & { bookmark: Bookmark; actions: ReplayActions | null }): JSX.Element {
  const { model, bookmark, actions, trans } = props;
  const [editing, edit] = useState(false);
  const { busy, error, act } = useAction();
  const others = model.bookmarks.filter(({ id }) => id !== bookmark.id);
  if (editing && actions) {
    return (
      <li>
        <BookmarkForm
          label={trans.__('Note')}
          button={trans.__('Save')}
          note={bookmark.note}
          onCancel={() => edit(false)}
          save={async note => {
            const changed = await actions.changeBookmark(bookmark.id, note);
            edit(false);
            model.updateBookmarks([...others, { ...bookmark, ...changed }]);
          }}
          trans={trans}
        />
      </li>
    );
  }
  const remove = async (): Promise<void> => {
    await actions?.removeBookmark(bookmark.id);
    model.updateBookmarks(others);
  };
  return (
    <li className="jp-Interview-bookmark" data-testid={`interview-bookmark-${bookmark.id}`}>
      <button
        type="button"
        className="jp-Interview-time"
        title={trans.__('Go to this moment')}
        onClick={() => model.seek({ ms: bookmark.ms, seq: bookmark.seq })}
      >
        {clock(bookmark.ms)}
      </button>
      <span className="jp-Interview-noteText">
        {bookmark.note} <small>{bookmark.author}</small>
      </span>
      {actions && (
        <span className="jp-Interview-noteActions">
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => edit(true)}
            aria-label={trans.__('Edit the note “%1”', bookmark.note)}
          >
            {trans.__('Edit')}
          </button>
          <button
            type="button"
            className="jp-mod-styled"
            disabled={busy}
            onClick={() => act(remove)}
            aria-label={trans.__('Delete the bookmark “%1”', bookmark.note)}
          >
            {trans.__('Delete')}
          </button>
        </span>
      )}
      <Failure text={error} />
    </li>
  );
}
