import './room.css';
import './forms.css';
import './base.css';
import './replay.css';
import './replayside.css';
