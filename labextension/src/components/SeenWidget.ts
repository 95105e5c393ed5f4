import { ReactWidget } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';

/** Renders again when it comes into sight and when it goes, so that what it renders may look at `isVisible`. */
export abstract class SeenWidget extends ReactWidget {
  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.update();
  }
}
