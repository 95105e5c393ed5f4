import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { ITranslator } from '@jupyterlab/translation';
import React from 'react';

import { Banner, bannerText } from '../components/Banner';
import { HeaderWidget } from '../components/header';
import type { DocumentLink } from '../documentlink';
import type { RoomModel } from '../model';
import { DOMAIN, entrance, IDocumentLink, IRoomModel, PLUGIN, type Translations, WidgetIDs } from '../tokens';

/** How long "Reconnected" stays, in milliseconds. */
const RECOVERED_MS = 4_000;

/** The line about the connection. */
export const bannerPlugin: JupyterFrontEndPlugin<void> = {
  id: `${PLUGIN}:banner`,
  description: 'Says when the connection is lost, back, or gone for good.',
  autoStart: true,
  requires: [IRoomModel, IDocumentLink, ILabShell, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    room: RoomModel,
    link: DocumentLink,
    shell: ILabShell,
    translator: ITranslator
  ) => {
    const widget = new BannerWidget(room, link, translator.load(DOMAIN));
    // The header shows its rows in the order in which they come: the bar first.
    void app.restored.then(() => shell.add(widget, 'header'));
  }
};

/** Where somebody logs in whose page this room is: there is nothing to log in to at an origin of the rooms' own. */
function loginAddress(): string {
  return entrance(new URL('../login', PageConfig.getBaseUrl()).href);
}

class BannerWidget extends HeaderWidget {
  constructor(
    private readonly room: RoomModel,
    private readonly link: DocumentLink,
    private readonly trans: Translations
  ) {
    super();
    this.id = WidgetIDs.banner;
    this.addClass('jp-Interview-bannerWidget');
    const note = link.takeNote();
    this.note = note === null ? null : this.noteText(note);
    room.channel.stateChanged.connect(this.onChange, this);
    link.stateChanged.connect(this.onChange, this);
    room.changed.connect(this.onChange, this);
    this.onChange();
  }

  protected override render(): React.ReactElement {
    return (
      <Banner
        {...this.content()}
        login={loginAddress()}
        onDismiss={() => {
          this.note = null;
          this.onChange();
        }}
        onReload={() => window.location.reload()}
      />
    );
  }

  private content(): Parameters<typeof bannerText>[0] {
    const { room, link, trans, note, recovered, lost } = this;
    return {
      channel: room.channel.state,
      document: link.state,
      reason: link.reason,
      lost,
      unsent: room.channel.pending.length,
      recovered,
      late: room.late,
      note,
      trans
    };
  }

  private noteText(reason: string): string {
    const text = this.trans.__(
      'Your last edit could not be taken over, so the page was loaded again. This is the notebook as the others see it.'
    );
    return reason ? `${reason} ${text}` : text;
  }

  private onChange(): void {
    const { channel } = this.room;
    const well = channel.state.kind === 'open' && this.link.state === 'synced';
    if (channel.state.kind === 'waiting' || this.link.state === 'lost') {
      this.lost = true;
    } else if (well && this.lost) {
      this.lost = false;
      this.recovered = true;
      window.setTimeout(() => {
        this.recovered = false;
        this.onChange();
      }, RECOVERED_MS);
    }
    this.setHidden(bannerText(this.content()) === '');
    this.update();
  }

  private lost = false;
  private recovered = false;
  private note: string | null;
}
