import './base.css';
import './replay.css';
