import './room.css';
import './forms.css';
import './base.css';
