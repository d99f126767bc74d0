export { askVips, type Heard } from './ask.js';
export { hasVipOnServers, type Question, questionsOf } from './question.js';
export { type VipCase, vipReasons } from './reasons.js';
export { parseVipAnswers, type VipAnswer, type VipAnswers, vipScript } from './script.js';
