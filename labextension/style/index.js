import './base.css';
import './replay.css';
import './replayside.css';
