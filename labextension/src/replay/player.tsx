/**
 * Of which widgets does the player consist? The same ones on the server's page and in a file on disk.
 */
import type { IEditorServices } from '@jupyterlab/codeeditor';
import { ReactWidget } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import React from 'react';

import { copyText } from '../components/CopyLink';
import { HeaderWidget } from '../components/header';
import { openModal } from '../components/modal';
import { BookmarkForm } from '../components/replay/BookmarksPanel';
import { ForkForm } from '../components/replay/ForkForm';
import { KeyHelp } from '../components/replay/KeyHelp';
import { type BarActions, ReplayBar } from '../components/replay/ReplayBar';
import { ReplaySide } from '../components/replay/ReplaySide';
import { clock } from '../format';
import type { Translations } from '../tokens';

import { followAddress } from './address';
import { press } from './keys';
import { linkTo } from './link';
import type { ReplayModel } from './model';
import { type Look, ReplayNotebook } from './notebook';
import { renderersOf } from './outputs';
import { mannerName, nameOf } from './words';

export interface PlayerOptions {
  model: ReplayModel;
  rendermime: IRenderMimeRegistry;
  services: IEditorServices;
  trans: Translations;
  /** Tell something in passing. */
  tell: (text: string) => void;
  toggleSide: () => void;
  /** Ask the server what has happened since; `null` where there is nothing to come. */
  refresh: (() => void) | null;
}

export interface Player {
  bar: ReactWidget;
  notebook: ReplayNotebook;
  side: ReactWidget;
}

/** The player of a replay; begins where the page's address says. */
export function createPlayer(options: PlayerOptions): Player {
  const { model, rendermime, services, trans } = options;
  const notebook = new ReplayNotebook({ rendermime, services });
  const actions = actionsOf(options);
  const bar = new BarWidget(model, actions, trans);
  const side = ReactWidget.create(
    <ReplaySide model={model} renderers={renderersOf(rendermime)} trans={trans} />
  );
  side.addClass('jp-Interview-side');
  showMoments(model, notebook, trans);
  notebook.applied.connect((_, { seq }) => bar.tell({ shown: seq }));
  notebook.completed.connect((_, { seq }) => bar.tell({ complete: seq }));
  document.addEventListener('keydown', event => {
    const { bookmark, copyLink, help } = actions;
    if (press(event, model, { bookmark: () => bookmark?.(), copyLink, help })) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  followAddress(model);
  return { bar, notebook, side };
}

/** Put each moment of the model on screen. */
function showMoments(model: ReplayModel, notebook: ReplayNotebook, trans: Translations): void {
  const styleOf: Look['styleOf'] = (member, manner) => {
    const name = nameOf(model.manifest.members, member, trans);
    return {
      name: manner === 0 ? name : trans.__('%1 – %2', name, mannerName(manner, trans)),
      color: model.manifest.members[member]?.color ?? 'var(--jp-ui-font-color3)'
    };
  };
  const show = (): void => {
    if (model.shown && model.error === null) {
      const { follow, whoWrote } = model;
      notebook.want(model.shown, { follow, whoWrote, styleOf, language: model.manifest.room.language });
    }
  };
  let look = '';
  notebook.applied.connect((_, { seq, moment }) => {
    const { node } = notebook;
    if (moment.cells.length > 0) {
      delete node.dataset.empty;
    } else {
      node.dataset.empty = model.begun(seq)
        ? trans.__('The notebook has no cells at this moment.')
        : trans.__('The notebook has not begun yet.');
    }
  });
  model.displayed.connect(show);
  model.changed.connect(() => {
    const now = `${model.follow}/${model.whoWrote}`;
    if (now !== look) {
      look = now;
      show();
    }
  });
}

function actionsOf(options: PlayerOptions): BarActions {
  const { model, trans, tell } = options;
  const { actions } = model.source;
  return {
    copyLink: () => {
      const link = linkTo(window.location.href, model.ms);
      void copyText(link).then(copied =>
        tell(copied ? trans.__('Link copied: %1', link) : trans.__('The link is %1', link))
      );
    },
    help: () => void openModal(trans.__('Keys'), close => <KeyHelp trans={trans} onClose={close} />),
    toggleSide: options.toggleSide,
    refresh: options.refresh,
    exportUrl:
      actions &&
      (format => (format === 'ipynb' && !model.begun() ? null : actions.exportUrl(format, model.seq))),
    fork:
      actions &&
      (() => {
        model.pause();
        void openModal(trans.__('New interview from this moment'), close => (
          <ForkForm model={model} actions={actions} trans={trans} onClose={close} />
        ));
      }),
    bookmark:
      actions &&
      (() => {
        model.pause();
        void openModal(trans.__('Bookmark at %1', clock(model.ms)), close => (
          <BookmarkForm
            label={trans.__('Note for this moment')}
            button={trans.__('Add')}
            note=""
            onCancel={close}
            save={async note => {
              model.updateBookmarks([...model.bookmarks, await actions.addBookmark(model, note)]);
              close();
            }}
            trans={trans}
          />
        ));
      })
  };
}

class BarWidget extends HeaderWidget {
  constructor(
    private readonly model: ReplayModel,
    private readonly actions: BarActions,
    private readonly trans: Translations
  ) {
    super();
    this.addClass('jp-Interview-barWidget');
  }

  /** The notebook on screen is that of an event: what is in view, or all of it. */
  tell(on: { shown?: number; complete?: number }): void {
    const bar = this.node.querySelector<HTMLElement>('.jp-Interview-replayBar');
    this.on = { ...this.on, ...on };
    // While playing this changes with every picture: that is no reason to render the bar anew.
    if (bar) {
      bar.dataset.shown = String(this.on.shown ?? '');
      bar.dataset.complete = String(this.on.complete ?? '');
      bar.dataset.ready = 'true';
    } else {
      this.update();
    }
  }

  protected override render(): React.ReactElement {
    const { model, actions, on, trans } = this;
    return <ReplayBar model={model} actions={actions} on={on} trans={trans} />;
  }

  private on: { shown?: number; complete?: number } = {};
}
