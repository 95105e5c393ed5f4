/**
 * What could still reach the network from an isolated frame? WebRTC, which no Content-Security-Policy governs: it is gone
 * before anything else of the frame's script runs. A realm inside the frame that still had it would be of another origin.
 */
for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection']) {
  Reflect.deleteProperty(window, name);
}
