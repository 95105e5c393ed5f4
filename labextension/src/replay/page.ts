/**
 * What does the replay page load when it is opened? Everything here is one piece, apart from what other pages need.
 */
export { follow } from './follow';
export { ReplayModel } from './model';
export { createPlayer } from './player';
