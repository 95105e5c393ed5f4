import './room.css';
import './forms.css';
import './base.css';
import './budgets.css';
import './terminal.css';
import 'katex/dist/katex.min.css';
import './isolated.css';
