import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import React from 'react';

import { Banner, bannerText } from '../components/Banner';
import { HeaderWidget } from '../components/header';
import type { DocumentLink } from '../documentlink';
import type { RoomModel } from '../model';
import { DOMAIN, IDocumentLink, IRoomModel, PLUGIN, type Translations, WidgetIDs } from '../tokens';

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

class BannerWidget extends HeaderWidget {
  constructor(
    private readonly room: RoomModel,
    private readonly link: DocumentLink,
    private readonly trans: Translations
  ) {
    super();
    this.id = WidgetIDs.banner;
    this.addClass('jp-Interview-bannerWidget');
    this.note = link.takeNote() === null ? null : this.noteText();
    room.channel.stateChanged.connect(this.onChange, this);
    link.stateChanged.connect(this.onChange, this);
    this.onChange();
  }

  protected override render(): React.ReactElement {
    return (
      <Banner
        {...this.content()}
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
    return { channel: room.channel.state, document: link.state, lost, recovered, note, trans };
  }

  private noteText(): string {
    return this.trans.__(
      'Your last edit could not be taken over, so the page was loaded again. This is the notebook as the others see it.'
    );
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
